"""package: the resource types of the random plugin, attribute by attribute.

Follows the schema of pulumi-random 4.21.4.
Not here: making passwords (password.py).
"""

import base64
import binascii
import secrets

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
from rig.plugins.random import password

_FROM_URL_SAFE = str.maketrans("-_+/", "+/??")  # + and / don't belong there


def _keepers_differ(config: Plain, state: Plain) -> bool:
    """Replace on any change, but not when keepers without a value appear."""
    values = config if isinstance(config, dict) else {}
    if state is None:
        return bool(values)
    return bool(values != state)


def _null_special_is_empty(config: Plain, state: Plain) -> bool:
    """Replace on any change, but not when an empty string is taken away."""
    return config is not None or state != ""


def _at_least_one(value: int) -> str | None:
    return None if value >= 1 else f"must be at least 1, got {value}"


def _output(*, secret: bool = False) -> Attribute:
    return Attribute(kind=Kind.STRING, input=False, computed=True, secret=secret)


def _decode(text: str, resource: str, *, url: bool) -> bytes:
    """Return the bytes of the base64 in an id that is imported."""
    kind = "URL-safe base64 without padding" if url else "base64"
    standard = text
    if url:
        standard = text.translate(_FROM_URL_SAFE) + "=" * (-len(text) % 4)
    try:
        return base64.b64decode(standard, validate=True)
    except binascii.Error as error:
        raise TenantplaneError(
            f"{resource}: the id to import is not {kind}; give the bytes so"
        ) from error


_LENGTH = Attribute(kind=Kind.INTEGER, required=True, replace=always, check=_at_least_one)
_KEEPERS = Attribute(kind=Kind.STRING_MAP, replace=_keepers_differ)
_ANY_KEEPERS = Attribute(kind=Kind.STRING_MAP, replace=always)
_ALLOWED = Attribute(kind=Kind.BOOLEAN, computed=True, default=True, replace=always)
_DIGITS = Attribute(kind=Kind.BOOLEAN, computed=True, replace=always, kept=False)
_LEAST = Attribute(kind=Kind.INTEGER, computed=True, default=0, replace=always)


def _id_state(raw: bytes, prefix: str) -> State:
    short = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return {
        "id": short,
        "b64Url": prefix + short,
        "b64Std": prefix + base64.b64encode(raw).decode(),
        "hex": prefix + raw.hex(),
        "dec": prefix + str(int.from_bytes(raw, "big")),
    }


def _create_id(planned: State) -> State:
    raw = secrets.token_bytes(planned["byteLength"])
    return {**planned, **_id_state(raw, planned.get("prefix", ""))}


def _find_id(identifier: str) -> State:
    prefix, _, short = identifier.rpartition(",")
    raw = _decode(short, "RandomId", url=True)
    found = {"byteLength": len(raw), **_id_state(raw, prefix)}
    return {**found, "prefix": prefix} if prefix else found


def _bytes_state(raw: bytes) -> State:
    return {"base64": base64.b64encode(raw).decode(), "hex": raw.hex()}


def _create_bytes(planned: State) -> State:
    return {**planned, **_bytes_state(secrets.token_bytes(planned["length"]))}


def _find_bytes(identifier: str) -> State:
    raw = _decode(identifier, "RandomBytes", url=False)
    return {"length": len(raw), **_bytes_state(raw)}


def _password_state(result: str) -> State:
    return {"id": "none", "result": result, "bcryptHash": password.bcrypt_hash(result)}


def _create_password(planned: State) -> State:
    return {**planned, **_password_state(password.generate(planned))}


def _find_password(identifier: str) -> State:
    sets = dict.fromkeys(("upper", "lower", "number", "numeric", "special"), True)
    least = dict.fromkeys(("minUpper", "minLower", "minNumeric", "minSpecial"), 0)
    length = len(identifier.encode())
    return {"length": length, **sets, **least, **_password_state(identifier)}


_RANDOM_ID = ResourceType(
    token="random:index/randomId:RandomId",  # noqa: S106  a resource type, no password
    attributes={
        "byteLength": _LENGTH,
        "prefix": Attribute(kind=Kind.STRING, replace=always),
        "keepers": _KEEPERS,
        **{name: _output() for name in ("b64Url", "b64Std", "hex", "dec", "id")},
    },
    create=_create_id,
    find=_find_id,
)
_RANDOM_BYTES = ResourceType(
    token="random:index/randomBytes:RandomBytes",  # noqa: S106  see above
    attributes={
        "length": _LENGTH,
        "keepers": _ANY_KEEPERS,
        "base64": _output(secret=True),
        "hex": _output(secret=True),
    },
    create=_create_bytes,
    find=_find_bytes,
    resource_id=lambda state: str(state["base64"]),  # in clear, as the official plugin has it
)
_RANDOM_PASSWORD = ResourceType(
    token="random:index/randomPassword:RandomPassword",  # noqa: S106  see above
    schema_version=3,
    attributes={
        "length": _LENGTH,
        "keepers": _KEEPERS,
        **dict.fromkeys(("special", "upper", "lower"), _ALLOWED),
        **dict.fromkeys(("number", "numeric"), _DIGITS),
        **dict.fromkeys(("minNumeric", "minUpper", "minLower", "minSpecial"), _LEAST),
        "overrideSpecial": Attribute(kind=Kind.STRING, replace=_null_special_is_empty),
        "result": _output(secret=True),
        "bcryptHash": _output(secret=True),
        "id": _output(),
    },
    create=_create_password,
    validate=password.validate,
    adjust=password.adjust,
    find=_find_password,
)

PACKAGE = Package(
    name="random",
    version="4.21.4",
    resources={
        resource.token: resource for resource in (_RANDOM_ID, _RANDOM_BYTES, _RANDOM_PASSWORD)
    },
)
