"""What the plugin signs is read back with the cryptography library's parser and verifier."""

import base64
import datetime as dt
import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store

from tests.plugins.tls.conftest import CERT_REQUEST, LOCALLY_SIGNED, SELF_SIGNED
from tests.support.plugin import RefusedError

SUBJECT = {
    "commonName": "acme",
    "country": "CH",
    "emailAddress": "a@acme.test",
    "locality": "Bern",
    "organization": "system:masters",
    "organizationalUnit": "platform",
    "postalCode": "3000",
    "province": "BE",
    "serialNumber": "7",
    "streetAddresses": ["Gasse 1", "Hof 2"],
}


def certificate(made):
    return x509.load_pem_x509_certificate(made["certPem"].encode())


def extension(signed, kind):
    return signed.extensions.get_extension_for_class(kind)


def test_a_leaf_is_trusted_through_its_authority(make):
    """A chain that a TLS stack accepts, not only one that parses."""
    authority = make.authority(setSubjectKeyId=True)
    request = make.request(dnsNames=["acme.tenants.test"])
    leaf = make.leaf(
        authority,
        certRequestPem=request["certRequestPem"],
        allowedUses=["server_auth", "digital_signature"],
    )
    verifier = PolicyBuilder().store(Store([certificate(authority)]))
    chain = verifier.build_server_verifier(x509.DNSName("acme.tenants.test")).verify(
        certificate(leaf), []
    )
    assert [link.subject for link in chain] == [
        certificate(leaf).subject,
        certificate(authority).subject,
    ]


def test_the_subject_of_a_request_reaches_the_certificate(make):
    request = make.request(subject=SUBJECT)
    signed = certificate(make.leaf(certRequestPem=request["certRequestPem"]))
    texts = {
        name: [item.value for item in signed.subject.get_attributes_for_oid(oid)]
        for name, oid in vars(NameOID).items()
        if isinstance(oid, x509.ObjectIdentifier)
    }
    assert texts["COMMON_NAME"] == ["acme"]
    assert texts["ORGANIZATION_NAME"] == ["system:masters"]
    assert set(texts["STREET_ADDRESS"]) == {"Gasse 1", "Hof 2"}
    assert texts["EMAIL_ADDRESS"] == ["a@acme.test"]
    assert [name.oid for name in signed.subject][:2] == [
        NameOID.COUNTRY_NAME,
        NameOID.ORGANIZATION_NAME,
    ]  # Go's order


def test_all_sorts_of_names_reach_the_certificate(make):
    request = make.request(
        dnsNames=["a.test", "*.b.test"], ipAddresses=["10.0.0.1", "::1"], uris=["spiffe://a/b"]
    )
    signed = certificate(make.leaf(certRequestPem=request["certRequestPem"]))
    names = extension(signed, x509.SubjectAlternativeName)
    assert not names.critical
    assert names.value.get_values_for_type(x509.DNSName) == ["a.test", "*.b.test"]
    assert names.value.get_values_for_type(x509.IPAddress) == [
        ipaddress.ip_address("10.0.0.1"),
        ipaddress.ip_address("::1"),
    ]
    assert names.value.get_values_for_type(x509.UniformResourceIdentifier) == ["spiffe://a/b"]


def test_names_are_critical_where_there_is_no_subject(make):
    """RFC 5280, 4.2.1.6."""
    made = make.authority(subject={}, isCaCertificate=False, dnsNames=["a.test"])
    assert extension(certificate(made), x509.SubjectAlternativeName).critical


@pytest.mark.parametrize(
    ("inputs", "authority", "limit"),
    [
        ({}, True, None),
        ({"maxPathLength": -1}, True, None),
        ({"maxPathLength": 0}, True, 0),
        ({"maxPathLength": 2}, True, 2),
        ({"isCaCertificate": False, "maxPathLength": 2}, False, None),
    ],
)
def test_basic_constraints_say_what_was_asked(make, inputs, authority, limit):
    """A limit of 0 is kept, where the official plugin drops it (Go's MaxPathLenZero)."""
    constraints = extension(certificate(make.authority(**inputs)), x509.BasicConstraints)
    assert constraints.critical
    assert (constraints.value.ca, constraints.value.path_length) == (authority, limit)


def test_uses_become_the_right_bits(make):
    leaf = certificate(
        make.leaf(
            allowedUses=["digital_signature", "key_encipherment", "server_auth", "ipsec_user"]
        )
    )
    usage = extension(leaf, x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.key_encipherment
    assert not usage.value.key_cert_sign
    extended = extension(leaf, x509.ExtendedKeyUsage)
    assert list(extended.value) == [
        ExtendedKeyUsageOID.SERVER_AUTH,
        x509.ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
    ]


def test_no_uses_are_no_extensions(make):
    leaf = certificate(make.leaf(allowedUses=[]))
    for kind in (x509.KeyUsage, x509.ExtendedKeyUsage):
        with pytest.raises(x509.ExtensionNotFound):
            extension(leaf, kind)


@pytest.mark.parametrize("algorithm", ["RSA", "ECDSA", "ED25519"])
def test_key_ids_tie_a_leaf_to_its_authority(make, algorithm):
    key = make.key(algorithm=algorithm)
    authority = make.authority(privateKeyPem=key["privateKeyPem"])
    leaf = certificate(make.leaf(authority, setSubjectKeyId=True))
    issuer_id = extension(certificate(authority), x509.SubjectKeyIdentifier).value.digest
    assert extension(leaf, x509.AuthorityKeyIdentifier).value.key_identifier == issuer_id
    assert len(extension(leaf, x509.SubjectKeyIdentifier).value.digest) == 20
    assert authority["keyAlgorithm"] == algorithm


def test_the_key_id_is_the_usual_one(make):
    """RFC 5280, 4.2.1.2 (1), for RSA and ECDSA; Ed25519's is the official plugin's own."""
    signed = certificate(make.authority())
    usual = x509.SubjectKeyIdentifier.from_public_key(signed.public_key())
    assert extension(signed, x509.SubjectKeyIdentifier).value == usual


def test_an_authority_may_point_at_itself(make):
    signed = certificate(make.authority(setAuthorityKeyId=True))
    own = extension(signed, x509.SubjectKeyIdentifier).value.digest
    assert extension(signed, x509.AuthorityKeyIdentifier).value.key_identifier == own


@pytest.mark.parametrize(
    ("curve", "digest"),
    [
        ("P224", hashes.SHA256),
        ("P256", hashes.SHA256),
        ("P384", hashes.SHA384),
        ("P521", hashes.SHA512),
    ],
)
def test_the_hash_fits_the_curve(make, curve, digest):
    key = make.key(ecdsaCurve=curve)["privateKeyPem"]
    signed = certificate(make.authority(privateKeyPem=key))
    assert isinstance(signed.signature_hash_algorithm, digest)


def test_the_validity_is_the_period_asked_for(make):
    leaf = make.leaf(validityPeriodHours=36)
    start = dt.datetime.fromisoformat(leaf["validityStartTime"])
    end = dt.datetime.fromisoformat(leaf["validityEndTime"])
    assert end - start == dt.timedelta(hours=36)
    assert abs(dt.datetime.now(dt.UTC) - start) < dt.timedelta(minutes=1)
    signed = certificate(leaf)
    assert signed.not_valid_before_utc == start.replace(microsecond=0)
    assert signed.not_valid_after_utc == end.replace(microsecond=0)


def test_the_id_is_the_serial_number(make):
    leaf = make.leaf()
    assert leaf["id"] == str(certificate(leaf).serial_number)
    assert make.leaf()["id"] != leaf["id"]


REFUSED = {
    "authority without a subject": (SELF_SIGNED, {"subject": {}}, "set subject.commonName"),
    "authority key id of nothing": (
        SELF_SIGNED,
        {"isCaCertificate": False, "setAuthorityKeyId": True},
        "there is no key id to point to",
    ),
    "no IP address": (CERT_REQUEST, {"ipAddresses": ["acme"]}, "'acme' does not appear to be"),
    "country of three letters": (CERT_REQUEST, {"subject": {"country": "CHE"}}, "subject: can't"),
    "no request": (LOCALLY_SIGNED, {"certRequestPem": "x"}, "certRequestPem: is no PEM of a"),
    "no authority": (LOCALLY_SIGNED, {"caCertPem": "x"}, "caCertPem: is no PEM of a certificate"),
    "another key": (LOCALLY_SIGNED, {"caPrivateKeyPem": "other"}, "is not the key of caCertPem"),
    "encipher_only alone": (
        SELF_SIGNED,
        {"allowedUses": ["encipher_only"]},
        "mean nothing alone; add key_agreement",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_signed_is_refused(make, plugin, case):
    """Each with the input that is wrong, and what to do."""
    token, change, says = REFUSED[case]
    authority = make.authority()
    if change.get("caPrivateKeyPem"):
        change = {"caPrivateKeyPem": make.key()["privateKeyPem"]}
    key = {"privateKeyPem": authority["privateKeyPem"]}
    period = {"allowedUses": [], "validityPeriodHours": 1}
    inputs = {
        CERT_REQUEST: key,
        SELF_SIGNED: key | period | {"isCaCertificate": True, "subject": {"commonName": "x"}},
        LOCALLY_SIGNED: period
        | {
            "caCertPem": authority["certPem"],
            "caPrivateKeyPem": authority["privateKeyPem"],
            "certRequestPem": make.request()["certRequestPem"],
        },
    }[token]
    with pytest.raises(RefusedError, match=says):
        plugin.create(token, inputs | change)


def test_a_request_whose_signature_is_wrong_is_refused(make):
    """It would certify a name that the holder of the key never asked for."""
    body = "".join(make.request()["certRequestPem"].splitlines()[1:-1])
    forged = base64.encodebytes(base64.b64decode(body).replace(b"leaf", b"root")).decode()
    pem = f"-----BEGIN CERTIFICATE REQUEST-----\n{forged}-----END CERTIFICATE REQUEST-----\n"
    with pytest.raises(RefusedError, match="is not signed by its own key"):
        make.leaf(certRequestPem=pem)
