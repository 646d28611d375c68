"""The request that an authority signs for a leaf.

Not here: what stands in it (pki.py), keys and certificates (components/_certificates.py).
"""

from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.pki import Leaf


def certificate_request(plan: Leaf, key_pem: str) -> str:
    """Return the request, PEM, that an authority signs for a leaf and its ECDSA key.

    The same plan and key always give the same bytes (deterministic ECDSA, RFC 6979): a request that
    changed would replace the certificate. So it needs no resource of its own in the state.
    """
    key = serialization.load_pem_private_key(key_pem.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"certificate {plan.name}: the key is not an ECDSA key")
    subject = [x509.NameAttribute(x509.NameOID.COMMON_NAME, plan.common_name)]
    if plan.organization is not None:
        subject.append(x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, plan.organization))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    alternatives: list[x509.GeneralName] = [
        *(x509.DNSName(name) for name in plan.dns_names),
        *(x509.IPAddress(ip_address(address)) for address in plan.ip_addresses),
    ]
    if alternatives:
        extension = x509.SubjectAlternativeName(alternatives)
        builder = builder.add_extension(extension, critical=False)
    request = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return request.public_bytes(serialization.Encoding.PEM).decode()
