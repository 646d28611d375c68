"""values: what the engine's messages say, as plain Python values, and back.

A message is read into one plain tree, as Kubernetes wants it, and a second, sparse one that says
where its secrets are. Numbers without a fraction become ints. The `x_kubernetes_*` names that
Pulumi's SDKs use for a CRD's `x-kubernetes-*` keys get their dashes back.
Not here: which other values are secret (state.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.struct_pb2 import NULL_VALUE, Struct, Value

from core.errors import InvalidInputError

# Marks of sdk/go/common/resource/sig.go and plugin/rpc.go of pulumi/pulumi v3.259.
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  a public mark
_UNKNOWN_MARKS = (
    "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # of a boolean
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # of a number
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # of an array
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # of an object
    "030794c1-ac77-496b-92df-f27374a8bd58",  # of an asset
    "e48ece36-62e2-4504-bad9-02848725956a",  # of an archive
)
_UNDERSCORED = {
    f"x_kubernetes_{name}": f"x-kubernetes-{name.replace('_', '-')}"
    for name in (
        "embedded_resource",
        "int_or_string",
        "list_map_keys",
        "list_type",
        "map_type",
        "preserve_unknown_fields",
        "validations",
    )
}
_DASHED = {dashed: underscored for underscored, dashed in _UNDERSCORED.items()}

Data = Any
"""Any value of a message: a tree, a list, a text, a number, a boolean, None, Unknown or Secret."""
Tree = dict[str, Any]
Secrets = dict[str, Any]
"""Where secrets are: key -> True for the value as a whole, or the same again for what it holds."""
Skip = Mapping[str, Any]
"""Names to leave out: name -> {} for all of it, or the same again for what it holds."""

_NOTHING: Skip = {}


class Unknown:
    """A value that only the update will know."""

    __slots__ = ("mark",)

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __repr__(self) -> str:
        """Show it in errors."""
        return "an unknown value"


_UNKNOWNS = {mark: Unknown(mark) for mark in _UNKNOWN_MARKS}


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that the engine shall encrypt."""

    value: Any


@dataclass(slots=True)
class Properties:
    """A message that was read."""

    plain: Tree = field(default_factory=dict)
    secrets: Secrets = field(default_factory=dict)
    has_unknowns: bool = False


def read(message: Struct, *, skip: Skip | None = None) -> Properties:
    """Return what a message says.

    Args:
        message: The properties of one resource.
        skip: What nobody will look at: reading is most of the work of a diff.
    """
    reader = _Reader()
    plain, secrets = reader.tree(message, skip or {})
    return Properties(plain, secrets, reader.has_unknowns)


def has_unknowns(value: Data) -> bool:
    """Say whether a value is unknown, or contains one that is."""
    if isinstance(value, dict):
        return any(has_unknowns(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknowns(item) for item in value)
    return isinstance(value, Unknown)


class _Reader:
    def __init__(self) -> None:
        self.has_unknowns = False

    def tree(self, message: Struct, skip: Skip) -> tuple[Tree, Secrets]:
        plain: Tree = {}
        secrets: Secrets = {}
        for name, value in message.fields.items():
            inner = skip.get(name)
            if inner == {}:
                continue
            key = _UNDERSCORED.get(name, name)
            plain[key], secret = self._value(value, inner or {})
            if secret:
                secrets[key] = secret
        return plain, secrets

    def _value(self, value: Value, skip: Skip = _NOTHING) -> tuple[Any, bool | Secrets]:
        kind = value.WhichOneof("kind")
        if kind == "string_value":
            text = value.string_value
            if text in _UNKNOWNS:
                self.has_unknowns = True
                return _UNKNOWNS[text], False
            return text, False
        if kind == "struct_value":
            return self._object(value.struct_value, skip)
        if kind == "list_value":
            items = [self._value(item) for item in value.list_value.values]
            return [plain for plain, _ in items], any(secret for _, secret in items)
        if kind == "number_value":
            number = value.number_value
            return (int(number) if number.is_integer() else number), False
        return (value.bool_value if kind == "bool_value" else None), False

    def _object(self, message: Struct, skip: Skip) -> tuple[Any, bool | Secrets]:
        if SIGNATURE not in message.fields:
            return self.tree(message, skip)
        if message.fields[SIGNATURE].string_value == SECRET:
            return self._value(message.fields["value"])[0], True
        raise InvalidInputError(
            "kubernetes resource",
            "an asset, an archive or a resource is given where a plain value belongs",
            remedy="give its text, or the output that is meant",
        )


def write(values: Mapping[str, Any], *, underscored: bool = False) -> Struct:
    """Return the message that says these values.

    Args:
        values: May contain Secret and Unknown.
        underscored: Give `x-kubernetes-*` keys the names that Pulumi's SDKs know.
    """
    message = Struct()
    names = _DASHED if underscored else {}
    for name, value in values.items():
        _write(value, message.fields[names.get(name, name)], names)
    return message


def _write(value: Data, message: Value, names: Mapping[str, str]) -> None:
    if isinstance(value, dict):
        fields = message.struct_value.fields
        message.struct_value.SetInParent()  # an empty object is said by its presence
        for name, item in value.items():
            _write(item, fields[names.get(name, name)], names)
    elif isinstance(value, list):
        message.list_value.SetInParent()
        values = message.list_value.values
        for item in value:
            _write(item, values.add(), names)
    elif isinstance(value, Secret):
        fields = message.struct_value.fields
        fields[SIGNATURE].string_value = SECRET
        _write(value.value, fields["value"], names)
    else:
        _write_leaf(value, message)


def _write_leaf(value: Data, message: Value) -> None:
    if isinstance(value, str):
        message.string_value = value
    elif isinstance(value, bool):
        message.bool_value = value
    elif isinstance(value, int | float):
        message.number_value = value
    elif value is None:
        message.null_value = NULL_VALUE
    elif isinstance(value, Unknown):
        message.string_value = value.mark
    else:
        raise TypeError(f"{type(value).__name__} can't be told to the engine")
