"""A certificate authority for tests: what pulumi-tls makes in the product."""

import base64
import datetime as dt
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_USAGES = {
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
}
"""Extended key usages, in pulumi-tls' words."""


def _name(common_name, organization=None):
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if organization:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
    return x509.Name(attributes)


def _alternative_name(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def private_key_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_key_pem(key):
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def key_of(name):
    """Always the same key for a name."""
    return ec.derive_private_key(int.from_bytes(name.encode()) + 1, ec.SECP256R1())


class Authority:
    """Signs whatever it is asked for."""

    def __init__(self, name):
        self._key = new_key()
        self._name = _name(name)
        builder = self._builder(self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _builder(self, subject, key, expired=False):
        now = dt.datetime.now(dt.UTC)
        end = -dt.timedelta(minutes=1) if expired else dt.timedelta(days=2)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + end)
        )

    def issue(self, common_name, *, organization=None, names=(), usages=_USAGES, expired=False):
        """Return certificate and key, both PEM."""
        key = new_key()
        builder = self._builder(_name(common_name, organization), key, expired)
        usage = x509.ExtendedKeyUsage([_USAGES[name] for name in usages])
        builder = builder.add_extension(usage, critical=False)
        if names:
            alternatives = x509.SubjectAlternativeName([_alternative_name(n) for n in names])
            builder = builder.add_extension(alternatives, critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode(), private_key_pem(key)

    def sign(self, leaf, *, expired=False):
        """Return certificate and key of what core/pki.py plans."""
        return self.issue(
            leaf.common_name,
            organization=leaf.organization,
            names=leaf.dns_names + leaf.ip_addresses,
            usages=[use for use in leaf.uses if use in _USAGES],
            expired=expired,
        )


def signing_request_base64(common_name):
    """Return a certificate signing request as the certificates API wants it."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(common_name))
    signed = builder.sign(new_key(), hashes.SHA256())
    return base64.b64encode(signed.public_bytes(serialization.Encoding.PEM)).decode()
