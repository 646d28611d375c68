"""values: what the engine's messages say, as plain Python values, and back.

Secrets are taken out on the way in, as the bridge tells the engine that it wants none, and are put
around the attributes that are secret by their schema on the way out.
Not here: which attributes those are (schema.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from core.errors import TenantplaneError
from rig.plugins.bridged.schema import Plain

# The marks of sdk/go/common/resource/plugin/rpc.go and sig/sig.go of pulumi/pulumi.
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  a public mark
_UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_UNKNOWNS = frozenset(
    {
        _UNKNOWN,
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # of a boolean
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # of a number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # of an array
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # of an object
        "030794c1-ac77-496b-92df-f27374a8bd58",  # of an asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # of an archive
    }
)


class _Unknown:
    """The value that only the update will know."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


@dataclass(frozen=True)
class Secret:
    """A value that the engine shall encrypt."""

    value: Plain


def has_unknown(value: Plain) -> bool:
    """Say whether a value is unknown, or contains one that is."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


def read(message: Struct) -> dict[str, Plain]:
    """Return what a message says; null entries are left out, numbers are floats."""
    return {
        name: _read(value)
        for name, value in message.fields.items()
        if value.WhichOneof("kind") != "null_value"
    }


def _read(value: Value) -> Plain:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value in _UNKNOWNS else value.string_value
    if kind == "list_value":
        return [_read(item) for item in value.list_value.values]
    if kind == "struct_value":
        fields = value.struct_value.fields
        if _SIGNATURE not in fields:
            return read(value.struct_value)
        if fields[_SIGNATURE].string_value == _SECRET:
            return _read(fields["value"])
        raise TenantplaneError(
            "an asset, an archive or a resource is given where a plain value belongs; give that"
        )
    return getattr(value, kind) if kind and kind != "null_value" else None


def write(values: Mapping[str, Plain]) -> Struct:
    """Return the message that says these values."""
    message = Struct()
    for name, value in values.items():
        _write(value, message.fields[name])
    return message


def _write(value: Plain, message: Value) -> None:
    if value is None:
        message.null_value = NULL_VALUE
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int | float):
        message.number_value = value
    elif value is UNKNOWN or isinstance(value, str):
        message.string_value = _UNKNOWN if value is UNKNOWN else value
    elif isinstance(value, list):
        message.list_value.SetInParent()  # an empty list is said by its presence
        for item in value:
            _write(item, message.list_value.values.add())
    else:
        fields = {_SIGNATURE: _SECRET, "value": value.value} if isinstance(value, Secret) else value
        message.struct_value.SetInParent()
        for name, item in fields.items():
            _write(item, message.struct_value.fields[name])
