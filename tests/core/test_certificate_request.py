import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519

from core import pki
from core.certificate_request import certificate_request
from tests.support.certificates import key_of, private_key_pem

KEY = private_key_pem(key_of("apiserver"))
PLAN = pki.Leaf(
    name="apiserver",
    common_name="kube-apiserver",
    organization="tenant-admins",
    dns_names=("acme.tenants.test", "localhost"),
    ip_addresses=("127.0.0.1",),
)


def parse(text):
    return x509.load_pem_x509_csr(text.encode())


def test_it_names_what_the_plan_says_and_is_signed_by_the_key():
    request = parse(certificate_request(PLAN, KEY))
    assert request.subject.rfc4514_string() == "O=tenant-admins,CN=kube-apiserver"
    (extension,) = request.extensions
    assert extension.value.get_values_for_type(x509.DNSName) == ["acme.tenants.test", "localhost"]
    assert [str(ip) for ip in extension.value.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert request.is_signature_valid
    assert request.public_key() == key_of("apiserver").public_key()


def test_without_names_and_group_there_are_none():
    request = parse(certificate_request(pki.store_client("acme"), KEY))
    assert request.subject.rfc4514_string() == "CN=acme"
    assert list(request.extensions) == []


def test_the_same_bytes_come_out_in_every_version_of_the_library():
    """Other bytes would replace every certificate of an installation at the next update."""
    assert (
        certificate_request(PLAN, KEY)
        == """\
-----BEGIN CERTIFICATE REQUEST-----
MIIBLDCB0wIBADAxMRcwFQYDVQQDDA5rdWJlLWFwaXNlcnZlcjEWMBQGA1UECgwN
dGVuYW50LWFkbWluczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABO4dZ8FbwRVe
sFtaI2Q0tFg0GaRyz9XCxHpMriT79lnEdFBzYH+K3jE/CgMSHdRNmqgaeE1GdxDG
ttxa1FD/Oe2gQDA+BgkqhkiG9w0BCQ4xMTAvMC0GA1UdEQQmMCSCEWFjbWUudGVu
YW50cy50ZXN0gglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwIDSAAwRQIgV9vH
QC+WQMPC5ZYxRQCE5ytKqwvMbnnGp/3d4HUUytQCIQCe3WFWLU6i6llCgCYpYZ3Y
NNtFdiEw4q+urh8ESJQACg==
-----END CERTIFICATE REQUEST-----
"""
    )


def test_a_key_of_another_kind_is_refused():
    key = private_key_pem(ed25519.Ed25519PrivateKey.generate())
    with pytest.raises(TypeError, match="certificate apiserver: the key is not an ECDSA key"):
        certificate_request(PLAN, key)
