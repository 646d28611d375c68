"""package: the resource types of the tls plugin, attribute by attribute.

Follows the schema of pulumi-tls 5.6.2. Its write-only inputs are known and refused: they keep a key
out of the state, which is promised to nobody here.
Not here: making keys and certificates (keys.py, certificates.py), renewal (renewal.py).
"""

import re
from collections.abc import Callable

from core.errors import TenantplaneError
from rig.plugins.bridged.schema import (
    Attribute,
    Kind,
    Package,
    Plain,
    ResourceType,
    State,
    always,
)
from rig.plugins.tls import certificates, keys, renewal

_PEM = re.compile(r"-----BEGIN [A-Za-z ]+-----\n(.|\s)+\n-----END [A-Za-z ]+-----\n?")
_Check = Callable[[Plain], str | None]
_USES = (*certificates.KEY_USES, *certificates.EXTENDED_USES)


def _replaces_pem(_config: Plain, state: Plain) -> bool:
    return isinstance(state, str) and _PEM.fullmatch(state) is not None


def _one_of(*values: str) -> _Check:
    return lambda value: (
        None if value in values else f"must be one of {', '.join(values)}, got {value!r}"
    )


def _at_least(least: int) -> _Check:
    return lambda value: None if value >= least else f"must be at least {least}, got {value}"


def _known_uses(uses: list[Plain]) -> str | None:
    unknown = [use for use in uses if isinstance(use, str) and use not in _USES]
    if unknown:
        return f"must be of {', '.join(sorted(_USES))}, got {unknown[0]!r}"
    return None


def _output(
    kind: Kind = Kind.STRING,
    *,
    secret: bool = False,
    kept: bool = True,
    default: bool | None = None,
) -> Attribute:
    return Attribute(
        kind=kind, input=False, computed=True, secret=secret, kept=kept, default=default
    )


def _write_only(name: str, *, secret: bool, kind: Kind = Kind.STRING) -> Attribute:
    advice = f"use {name}, whose value the state keeps as a secret, or the official tls plugin"
    return Attribute(kind=kind, secret=secret, refused=advice)


def _key_inputs(name: str) -> dict[str, Attribute]:
    """The private key that a certificate is made with, and its write-only twin."""
    return {
        name: Attribute(kind=Kind.STRING, required=True, secret=True, replace=_replaces_pem),
        f"{name}Wo": _write_only(name, secret=True),
        f"{name}WoVersion": _write_only(name, secret=False, kind=Kind.INTEGER),
    }


_TEXT = Attribute(kind=Kind.STRING, replace=always)
_TEXTS = Attribute(kind=Kind.STRINGS, replace=always)
_PEM_TEXT = Attribute(kind=Kind.STRING, required=True, replace=_replaces_pem)
_FLAG = Attribute(kind=Kind.BOOLEAN, computed=True, default=False, replace=always)

_SUBJECT = Attribute(
    kind=Kind.BLOCK,
    replace=always,
    fields={
        "commonName": _TEXT,
        "country": _TEXT,
        "emailAddress": _TEXT,
        "locality": _TEXT,
        "organization": _TEXT,
        "organizationalUnit": _TEXT,
        "postalCode": _TEXT,
        "province": _TEXT,
        "serialNumber": _TEXT,
        "streetAddresses": Attribute(
            kind=Kind.STRINGS, replace=always, terraform_name="street_address"
        ),
    },
)
_NAMES = {"dnsNames": _TEXTS, "ipAddresses": _TEXTS, "uris": _TEXTS, "subject": _SUBJECT}
_CERTIFICATE = {
    "validityPeriodHours": Attribute(
        kind=Kind.INTEGER, required=True, replace=always, check=_at_least(0)
    ),
    "allowedUses": Attribute(kind=Kind.STRINGS, required=True, replace=always, check=_known_uses),
    "earlyRenewalHours": Attribute(kind=Kind.INTEGER, computed=True, default=0, check=_at_least(0)),
    "isCaCertificate": _FLAG,
    "maxPathLength": Attribute(
        kind=Kind.INTEGER, computed=True, replace=always, check=_at_least(-1)
    ),
    "setSubjectKeyId": _FLAG,
    "certPem": _output(),
    "readyForRenewal": _output(Kind.BOOLEAN, default=False),
    "validityStartTime": _output(),
    "validityEndTime": _output(),
    "id": _output(),
}


def _create_key(planned: State) -> State:
    algorithm, bits = planned["algorithm"], planned["rsaBits"]
    if algorithm == "RSA" and bits < keys.LEAST_RSA_BITS:
        raise TenantplaneError(
            f"rsaBits: is too few to be safe, got {bits}; use 2048, 3072 or 4096"
        )
    return {**planned, **keys.outputs(keys.generate(algorithm, bits, planned["ecdsaCurve"]))}


def _create_request(planned: State) -> State:
    return {**planned, **certificates.request(planned)}


def _create_self_signed(planned: State) -> State:
    return {**planned, **certificates.self_signed(planned, renewal.now())}


def _create_locally_signed(planned: State) -> State:
    return {**planned, **certificates.locally_signed(planned, renewal.now())}


_PRIVATE_KEY = ResourceType(
    token="tls:index/privateKey:PrivateKey",  # noqa: S106  a resource type, no password
    schema_version=1,
    attributes={
        "algorithm": Attribute(
            kind=Kind.STRING, required=True, replace=always, check=_one_of(*keys.ALGORITHMS)
        ),
        "ecdsaCurve": Attribute(
            kind=Kind.STRING,
            computed=True,
            default="P224",
            replace=always,
            check=_one_of(*keys.CURVES),
        ),
        "rsaBits": Attribute(kind=Kind.INTEGER, computed=True, default=2048, replace=always),
        "privateKeyPem": _output(secret=True, kept=False),
        "privateKeyOpenssh": _output(secret=True, kept=False),
        "privateKeyPemPkcs8": _output(secret=True, kept=False),
        "publicKeyPem": _output(kept=False),
        "publicKeyOpenssh": _output(kept=False),
        "publicKeyFingerprintMd5": _output(kept=False),
        "publicKeyFingerprintSha256": _output(kept=False),
        "id": _output(kept=False),
    },
    create=_create_key,
)
_CERT_REQUEST = ResourceType(
    token="tls:index/certRequest:CertRequest",  # noqa: S106  see above
    attributes={
        **_key_inputs("privateKeyPem"),
        **_NAMES,
        "keyAlgorithm": _output(),
        "certRequestPem": _output(),
        "id": _output(),
    },
    create=_create_request,
)
_SELF_SIGNED_CERT = ResourceType(
    token="tls:index/selfSignedCert:SelfSignedCert",  # noqa: S106  see above
    attributes={
        **_key_inputs("privateKeyPem"),
        **_NAMES,
        **_CERTIFICATE,
        "setAuthorityKeyId": _FLAG,
        "keyAlgorithm": _output(),
    },
    create=_create_self_signed,
    adjust=renewal.adjust,
    refresh=renewal.refresh,
)
_LOCALLY_SIGNED_CERT = ResourceType(
    token="tls:index/locallySignedCert:LocallySignedCert",  # noqa: S106  see above
    attributes={
        **_key_inputs("caPrivateKeyPem"),
        "caCertPem": _PEM_TEXT,
        "certRequestPem": _PEM_TEXT,
        **_CERTIFICATE,
        "caKeyAlgorithm": _output(),
    },
    create=_create_locally_signed,
    adjust=renewal.adjust,
    refresh=renewal.refresh,
)

PACKAGE = Package(
    name="tls",
    version="5.6.2",
    resources={
        resource.token: resource
        for resource in (_PRIVATE_KEY, _CERT_REQUEST, _SELF_SIGNED_CERT, _LOCALLY_SIGNED_CERT)
    },
)
