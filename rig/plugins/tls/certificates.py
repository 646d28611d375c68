"""certificates: signs certificate requests and certificates, with Go's choices of extensions.

The official plugin signs with Go's crypto/x509; what that adds by itself is added here too: basic
constraints in every certificate, an authority key id where the issuer has a subject key id.
Not here: keys (keys.py), the resource types (package.py).
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from core.errors import TenantplaneError
from rig.plugins.bridged.schema import State
from rig.plugins.tls import keys

KEY_USES = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
    "encipher_only": "encipher_only",
    "decipher_only": "decipher_only",
}
EXTENDED_USES = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "ipsec_end_system": ObjectIdentifier("1.3.6.1.5.5.7.3.5"),
    "ipsec_tunnel": ObjectIdentifier("1.3.6.1.5.5.7.3.6"),
    "ipsec_user": ObjectIdentifier("1.3.6.1.5.5.7.3.7"),
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
    "microsoft_server_gated_crypto": ObjectIdentifier("1.3.6.1.4.1.311.10.3.3"),
    "netscape_server_gated_crypto": ObjectIdentifier("2.16.840.1.113730.4.1"),
    "microsoft_commercial_code_signing": ObjectIdentifier("1.3.6.1.4.1.311.2.1.22"),
    "microsoft_kernel_code_signing": ObjectIdentifier("1.3.6.1.4.1.311.61.1.1"),
}
# In the order in which Go's pkix.Name writes them.
_SUBJECT = {
    "country": NameOID.COUNTRY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddresses": NameOID.STREET_ADDRESS,
    "postalCode": NameOID.POSTAL_CODE,
    "commonName": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "emailAddress": NameOID.EMAIL_ADDRESS,
}


_Parsed = TypeVar("_Parsed", x509.Certificate, x509.CertificateSigningRequest)


@dataclass(frozen=True)
class _Issuer:
    """Who signs, when: itself, in a self-signed certificate."""

    name: x509.Name
    key: keys.PrivateKey
    subject_key_id: bytes | None
    now: datetime


def request(planned: State) -> State:
    """Return what a CertRequest adds to its inputs."""
    key = keys.parse(planned["privateKeyPem"], "privateKeyPem")
    builder = x509.CertificateSigningRequestBuilder(_subject(planned))
    names = _alternative_names(planned)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    signed = builder.sign(key, _hash(key))
    return {
        "id": keys.identifier(signed.public_bytes(Encoding.DER)),
        "keyAlgorithm": keys.algorithm_of(key),
        "certRequestPem": signed.public_bytes(Encoding.PEM).decode(),
    }


def self_signed(planned: State, now: datetime) -> State:
    """Return what a SelfSignedCert adds to its inputs."""
    key = keys.parse(planned["privateKeyPem"], "privateKeyPem")
    subject = _subject(planned)
    own_id = _subject_key_id(planned, key.public_key())
    if planned.get("setAuthorityKeyId") and own_id is None:
        raise TenantplaneError(
            "setAuthorityKeyId: there is no key id to point to; set setSubjectKeyId or "
            "isCaCertificate too"
        )
    issuer = _Issuer(subject, key, own_id if planned.get("setAuthorityKeyId") else None, now)
    made = _sign(planned, subject, key.public_key(), _alternative_names(planned), issuer)
    return {"keyAlgorithm": keys.algorithm_of(key), **made}


def locally_signed(planned: State, now: datetime) -> State:
    """Return what a LocallySignedCert adds to its inputs."""
    asked = _parse(planned, "certRequestPem", x509.load_pem_x509_csr, "certificate request")
    authority = _parse(planned, "caCertPem", x509.load_pem_x509_certificate, "certificate")
    key = keys.parse(planned["caPrivateKeyPem"], "caPrivateKeyPem")
    if key.public_key() != authority.public_key():
        raise TenantplaneError("caPrivateKeyPem: is not the key of caCertPem; give that one")
    public = asked.public_key()
    if not isinstance(public, keys.PublicKey) or not asked.is_signature_valid:
        raise TenantplaneError(
            "certRequestPem: is not signed by its own key, or that has an unsupported algorithm; "
            f"make one with a key of {', '.join(keys.ALGORITHMS)}"
        )
    issuer = _Issuer(authority.subject, key, _extension_digest(authority), now)
    made = _sign(planned, asked.subject, public, list(_asked_names(asked)), issuer)
    return {"caKeyAlgorithm": keys.algorithm_of(key), **made}


def _sign(
    planned: State,
    subject: x509.Name,
    public: keys.PublicKey,
    names: list[x509.GeneralName],
    issuer: _Issuer,
) -> State:
    now = issuer.now
    end = now + timedelta(hours=planned["validityPeriodHours"])
    builder = x509.CertificateBuilder(
        issuer.name, subject, public, secrets.randbelow(2**128 - 1) + 1, now, end
    )
    for extension, critical in _extensions(planned, public, issuer):
        builder = builder.add_extension(extension, critical)
    if names:
        is_only_name = not subject.rdns  # RFC 5280, 4.2.1.6
        builder = builder.add_extension(x509.SubjectAlternativeName(names), is_only_name)
    signed = builder.sign(issuer.key, _hash(issuer.key))
    return {
        "id": str(signed.serial_number),
        "certPem": signed.public_bytes(Encoding.PEM).decode(),
        "validityStartTime": _rfc3339(now),
        "validityEndTime": _rfc3339(end),
    }


def _extensions(
    planned: State, public: keys.PublicKey, issuer: _Issuer
) -> Iterator[tuple[x509.ExtensionType, bool]]:
    uses = planned["allowedUses"]
    wanted = {KEY_USES[use] for use in uses if use in KEY_USES}
    if wanted:
        yield _key_usage(wanted), True
    extended = [EXTENDED_USES[use] for use in uses if use in EXTENDED_USES]
    if extended:
        yield x509.ExtendedKeyUsage(extended), False
    is_authority = bool(planned.get("isCaCertificate"))
    length = planned.get("maxPathLength")
    limit = length if is_authority and length is not None and length >= 0 else None
    yield x509.BasicConstraints(ca=is_authority, path_length=limit), True
    own_id = _subject_key_id(planned, public)
    if own_id is not None:
        yield x509.SubjectKeyIdentifier(own_id), False
    if issuer.subject_key_id is not None:
        yield x509.AuthorityKeyIdentifier(issuer.subject_key_id, None, None), False


def _key_usage(wanted: set[str]) -> x509.KeyUsage:
    if wanted & {"encipher_only", "decipher_only"} and "key_agreement" not in wanted:
        raise TenantplaneError(
            "allowedUses: encipher_only and decipher_only mean nothing alone; add key_agreement"
        )
    return x509.KeyUsage(**{name: name in wanted for name in KEY_USES.values()})


def _subject_key_id(planned: State, public: keys.PublicKey) -> bytes | None:
    if planned.get("setSubjectKeyId") or planned.get("isCaCertificate"):
        return keys.subject_key_id(public)
    return None


def _extension_digest(authority: x509.Certificate) -> bytes | None:
    try:
        extension = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return extension.value.digest


def _subject(planned: State) -> x509.Name:
    given = planned.get("subject") or {}
    parts = []
    try:
        for field, oid in _SUBJECT.items():
            value = given.get(field) or []
            values = [value] if isinstance(value, str) else value
            if values:
                attributes = [x509.NameAttribute(oid, text) for text in values]
                parts.append(x509.RelativeDistinguishedName(attributes))
    except ValueError as error:
        raise TenantplaneError(f"subject: can't be written into a certificate: {error}") from error
    if planned.get("isCaCertificate") and not parts:
        raise TenantplaneError(
            "subject: is empty, which a CA certificate must not be (RFC 5280, 4.1.2.6); "
            "set subject.commonName"
        )
    return x509.Name(parts)


def _alternative_names(planned: State) -> list[x509.GeneralName]:
    try:
        return [
            *(x509.DNSName(name) for name in planned.get("dnsNames") or []),
            *(x509.IPAddress(ip_address(text)) for text in planned.get("ipAddresses") or []),
            *(x509.UniformResourceIdentifier(uri) for uri in planned.get("uris") or []),
        ]
    except ValueError as error:
        raise TenantplaneError(f"a name of the certificate can't be used: {error}") from error


def _asked_names(asked: x509.CertificateSigningRequest) -> Iterator[x509.GeneralName]:
    try:
        names = asked.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for kind in (x509.DNSName, x509.IPAddress, x509.UniformResourceIdentifier):
        yield from (name for name in names if isinstance(name, kind))


def _parse(planned: State, name: str, load: Callable[[bytes], _Parsed], what: str) -> _Parsed:
    try:
        return load(planned[name].encode())
    except ValueError as error:
        raise TenantplaneError(f"{name}: is no PEM of a {what}; give one") from error


def _hash(key: keys.PrivateKey) -> hashes.SHA256 | hashes.SHA384 | hashes.SHA512 | None:
    """Return the hash that Go signs with for this key."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return None
    if isinstance(key, ec.EllipticCurvePrivateKey):
        if key.curve.name == "secp384r1":
            return hashes.SHA384()
        if key.curve.name == "secp521r1":
            return hashes.SHA512()
    return hashes.SHA256()


def _rfc3339(time: datetime) -> str:
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
