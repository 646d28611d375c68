import base64
import contextlib
from pathlib import Path

import pytest

from agent.credentials import NoCredentialsError, secret_files, tls_context
from tests.support.certificates import Authority


def files():
    authority = Authority("x")
    certificate, key = authority.issue("host-agent")
    return {
        "ca.crt": authority.pem.encode(),
        "tls.crt": certificate.encode(),
        "tls.key": key.encode(),
    }


def test_a_key_is_on_no_disk_and_in_no_open_file(tmp_path, monkeypatch):
    """OpenSSL reads files only; this one has no name and is closed at once."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert tls_context(files()).get_ca_certs()
    assert list(tmp_path.iterdir()) == []
    assert not [fd for fd in _open_files() if "client-certificate" in fd]


def _open_files():
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):  # the one that lists them is closed by now
            yield str(descriptor.readlink())


def test_only_the_tenants_own_authority_is_trusted():
    """With the system's authorities, anybody with a public certificate could be the tenant."""
    assert len(tls_context(files()).get_ca_certs()) == 1


def test_a_key_of_another_certificate_is_refused():
    with pytest.raises(NoCredentialsError, match="unusable"):
        tls_context(files() | {"tls.key": files()["tls.key"]})


def test_a_secret_is_decoded():
    data = {name: base64.b64encode(text).decode() for name, text in files().items()}
    assert secret_files({"data": data})["ca.crt"].startswith(b"-----BEGIN CERTIFICATE")


@pytest.mark.parametrize("secret", [{}, {"data": None}, {"data": {"ca.crt": "eA=="}}])
def test_what_is_missing_in_a_secret_is_named(secret):
    with pytest.raises(NoCredentialsError, match=r"tls\.crt, tls\.key missing"):
        secret_files(secret)
