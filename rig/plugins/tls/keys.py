"""keys: makes private keys and writes them in every form that a PrivateKey has.

Not here: what is signed with them (certificates.py), the resource type (package.py).
"""

import base64
import hashlib
from collections.abc import Callable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from core.errors import TenantplaneError
from rig.plugins.bridged.schema import State

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey

CURVES: dict[str, Callable[[], ec.EllipticCurve]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
ALGORITHMS = ("RSA", "ECDSA", "ED25519")
LEAST_RSA_BITS = 1024  # Go's crypto/rsa refuses less, and so does the official plugin

_PREAMBLES = ("RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY")
_ASCII_SPACE = b" \t\n\v\f\r"


def generate(algorithm: str, rsa_bits: int, curve: str) -> PrivateKey:
    """Return a new key."""
    if algorithm == "RSA":
        return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)
    if algorithm == "ECDSA":
        return ec.generate_private_key(CURVES[curve]())
    return ed25519.Ed25519PrivateKey.generate()


def parse(pem: str, input_name: str) -> PrivateKey:
    """Return the key in a PEM.

    Args:
        pem: In PKCS#1, SEC 1 or PKCS#8, not encrypted.
        input_name: What the user called it; messages never show the key.

    Raises:
        TenantplaneError: it is no such PEM, or of an unsupported algorithm.
    """
    advice = f"give one of {', '.join(_PREAMBLES)}, not encrypted"
    if not any(f"-----BEGIN {preamble}-----" in pem for preamble in _PREAMBLES):
        raise TenantplaneError(f"{input_name}: is no PEM of a private key; {advice}")
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise TenantplaneError(f"{input_name}: can't be read as a private key; {advice}") from error
    if not isinstance(key, PrivateKey):
        raise TenantplaneError(
            f"{input_name}: its algorithm is not supported; use one of {', '.join(ALGORITHMS)}"
        )
    return key


def algorithm_of(key: PrivateKey) -> str:
    """Return the algorithm's name as the outputs have it."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def outputs(key: PrivateKey) -> State:
    """Return all that a PrivateKey says about its key."""
    public = key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    pkcs8 = _pem(key, PrivateFormat.PKCS8)
    return {
        "id": identifier(der),
        "privateKeyPem": pkcs8
        if isinstance(key, ed25519.Ed25519PrivateKey)
        else _pem(key, PrivateFormat.TraditionalOpenSSL),
        "privateKeyPemPkcs8": pkcs8,
        "publicKeyPem": public.public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ).decode(),
        **_openssh(key, public),
    }


def identifier(der: bytes) -> str:
    """Return the id that the official plugin gives to what this DER holds."""
    trimmed = der.strip(_ASCII_SPACE)  # it trims the bytes as if they were text
    return hashlib.sha1(trimmed, usedforsecurity=False).hexdigest()


def subject_key_id(key: PublicKey) -> bytes:
    """Return the SHA-1 of a public key as the official plugin takes it (RFC 5280, 4.2.1.2)."""
    if isinstance(key, rsa.RSAPublicKey):
        data = key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        data = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    else:
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        data = b"\x04" + bytes([len(raw)]) + raw  # an OCTET STRING
    return hashlib.sha1(data, usedforsecurity=False).digest()


def _pem(key: PrivateKey, form: PrivateFormat) -> str:
    return key.private_bytes(Encoding.PEM, form, NoEncryption()).decode()


def _openssh(key: PrivateKey, public: PublicKey) -> State:
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp224r1":
        names = ("privateKeyOpenssh", "publicKeyOpenssh")  # OpenSSH has no such curve
        prints = ("publicKeyFingerprintMd5", "publicKeyFingerprintSha256")
        return dict.fromkeys((*names, *prints), "")
    line = public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    blob = base64.b64decode(line.split(" ")[1])
    sha256 = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return {
        "privateKeyOpenssh": _pem(key, PrivateFormat.OpenSSH),
        "publicKeyOpenssh": f"{line}\n",
        "publicKeyFingerprintMd5": hashlib.md5(blob, usedforsecurity=False).digest().hex(":"),
        "publicKeyFingerprintSha256": f"SHA256:{sha256}",
    }
