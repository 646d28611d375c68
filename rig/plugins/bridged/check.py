"""check: whether the inputs of a resource can be used, said before anything is made.

Messages never show the value of a secret input.
Not here: what is planned from them (plan.py).
"""

from collections.abc import Iterator

from rig.plugins.bridged.schema import Attribute, Kind, Plain, ResourceType, State
from rig.plugins.bridged.values import UNKNOWN

Failure = tuple[str, str]
"""(input, what is wrong with it)."""


def failures(resource: ResourceType, inputs: State) -> list[Failure]:
    """Return everything that is wrong with the inputs."""
    short = resource.token.rpartition(":")[2]
    known = resource.inputs
    found = [
        (name, _unknown_input(short, name, sorted(known)))
        for name in sorted(inputs)
        if name not in known and not name.startswith("__")
    ]
    for name, attribute in known.items():
        found += _of_attribute(name, attribute, inputs.get(name))
    if not found:
        found += resource.validate(integers(resource, inputs))
    return found


def integers(resource: ResourceType, inputs: State) -> State:
    """Return the inputs with whole numbers as int, as Terraform sees them.

    Numbers arrive as floats, and a string of digits counts as a number too, like `a: 1` does as a
    string in a map of strings.
    """
    converted = {}
    for name, value in inputs.items():
        attribute = resource.attributes.get(name)
        if attribute is not None:
            converted[name] = _convert(attribute, value)
    return converted


def _convert(attribute: Attribute, value: Plain) -> Plain:
    if value is UNKNOWN or value is None:
        return value
    if isinstance(value, list):
        return [_text(item) for item in value]
    if isinstance(value, dict):
        fields = attribute.fields
        return {
            name: _convert(fields[name], item) if name in fields else _text(item)
            for name, item in value.items()
        }
    if attribute.kind is Kind.INTEGER:
        return _integer(value)
    return _text(value) if attribute.kind is Kind.STRING else value


def _unknown_input(short: str, name: str, known: list[str]) -> str:
    return f"{short}: has no input {name}; it has {', '.join(known)}"


def _of_attribute(name: str, attribute: Attribute, value: Plain) -> Iterator[Failure]:
    if value is None:
        if attribute.required:
            yield name, f"{name}: is missing; give {attribute.kind.value}"
        return
    if attribute.refused:
        yield name, f"{name}: is not offered by this plugin; {attribute.refused}"
        return
    if value is UNKNOWN:
        return
    if not _has_kind(attribute, value):
        given = "a value of another kind" if attribute.secret else repr(value)
        yield name, f"{name}: must be {attribute.kind.value}, got {given}"
        return
    for field in value if attribute.kind is Kind.BLOCK else ():
        path = f"{name}.{field}"
        if field not in attribute.fields:
            yield path, _unknown_input(name, field, sorted(attribute.fields))
        else:
            yield from _of_attribute(path, attribute.fields[field], value[field])
    if wrong := attribute.check(_convert(attribute, value)):
        yield name, f"{name}: {wrong}"


def _has_kind(attribute: Attribute, value: Plain) -> bool:
    match attribute.kind:
        case Kind.STRING:
            return _is_text(value)
        case Kind.INTEGER:
            return _integer(value) is not None
        case Kind.BOOLEAN:
            return isinstance(value, bool)
        case Kind.STRINGS:
            return isinstance(value, list) and all(map(_is_text, value))
        case Kind.STRING_MAP:
            return isinstance(value, dict) and all(map(_is_text, value.values()))
        case Kind.BLOCK:
            return isinstance(value, dict)


def _is_text(value: Plain) -> bool:
    return value is UNKNOWN or isinstance(value, str | bool | int | float)


def _text(value: Plain) -> Plain:
    """Return a scalar as Terraform writes it into a string."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case int() | float():
            return str(value)
    return value


def _integer(value: Plain) -> int | None:
    """Return the whole number that a value means, if it means one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if float(value).is_integer() else None
    if isinstance(value, str) and value.removeprefix("-").isdecimal():
        return int(value)
    return None
