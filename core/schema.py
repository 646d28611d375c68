"""schema: reads plain values (what YAML gives) into frozen dataclasses, and writes them back.

A field is declared with `setting(...)`: its type, its default and its rule stand in one place.
Keys are camelCase outside and snake_case inside. All that is wrong is said at once, with its path.
Not here: which settings there are (settings.py).
"""

import functools
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

from core.errors import InvalidInputError

T = TypeVar("T")
Check = Callable[[Any, str], Any]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What a value must be, beyond its type."""

    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[Any, ...] = ()
    example: str = ""
    """A good value, for errors and for the reference."""
    check: Check | None = None
    """Given value and path; returns the value to keep or raises InvalidInputError."""
    key_check: Check | None = None
    """The same for the keys of a mapping."""
    secret: bool = False
    """No error shows the value."""

    def remedy(self) -> str:
        """Return what to do instead, as the tail of an error."""
        if self.choices:
            *most, last = [str(choice) for choice in self.choices]
            return f"use {', '.join(most)} or {last}" if most else f"use {last}"
        if self.minimum is not None and self.maximum is not None:
            return f"use {self.minimum} to {self.maximum}"
        return f"write it like {self.example}" if self.example else ""


def setting(
    default: Any = MISSING,  # noqa: ANN401 - as dataclasses.field
    *,
    factory: Any = MISSING,  # noqa: ANN401
    **rule: Any,  # noqa: ANN401 - the fields of Rule
) -> Any:  # noqa: ANN401
    """Declare a field of a settings class; keywords are those of Rule."""
    return field(default=default, default_factory=factory, metadata={"rule": Rule(**rule)})


@dataclass(frozen=True)
class Key:
    """One key of a settings class."""

    name: str
    """In Python."""
    key: str
    """In YAML."""
    kind: Any
    """The type, without `| None`."""
    optional: bool
    default: Any
    """MISSING when the key is required."""
    rule: Rule


@functools.cache
def keys(cls: type) -> Mapping[str, Key]:
    """Return the keys of a settings class by their name in YAML, in the order of the class."""
    hints = typing.get_type_hints(cls)
    found = {}
    for item in fields(cls):
        kind, optional = _without_none(hints[item.name])
        default = item.default
        if item.default_factory is not MISSING:
            default = item.default_factory()
        rule = item.metadata["rule"]
        key = Key(item.name, camel(item.name), kind, optional, default, rule)
        found[key.key] = key
    return types.MappingProxyType(found)


def read(cls: type[T], value: object, path: str = "") -> T:
    """Return the settings that a mapping says.

    Raises:
        InvalidInputError: something is wrong with it; names every wrong key by its path.
    """
    errors: list[InvalidInputError] = []
    settings = _section(cls, value, path, errors)
    if errors:
        raise InvalidInputError.together(errors)
    return typing.cast("T", settings)


def read_all(cls: type[T], given: Sequence[Mapping[str, object]], thing: str) -> tuple[T, ...]:
    """Return the settings that a list of mappings says, whose keys are the fields in snake_case.

    Raises:
        InvalidInputError: something is wrong with one; names every wrong key of it by its path.
    """
    return tuple(
        read(cls, {camel(key): value for key, value in one.items()}, f"{thing}[{number}]")
        for number, one in enumerate(given)
    )


def plain(settings: object, default: object = None) -> Any:  # noqa: ANN401 - what YAML holds
    """Return what `read` makes the same settings of; keys with their default are left out.

    Args:
        settings: What was read.
        default: What stands there when nothing is given; its values are the keys' defaults.
    """
    if is_dataclass(settings):
        cls = typing.cast("type", type(settings))
        named = ((key, getattr(settings, key.name)) for key in keys(cls).values())
        defaulted = ((key, value, default_of(key, default)) for key, value in named)
        return {key.key: plain(value, usual) for key, value, usual in defaulted if value != usual}
    if isinstance(settings, Mapping):
        return {key: plain(value) for key, value in settings.items()}
    if isinstance(settings, tuple):
        return [plain(item) for item in settings]
    return settings


def default_of(key: Key, section: object = None) -> Any:  # noqa: ANN401 - of any kind
    """Return the default of a key: its section's own default says it, else its class."""
    return key.default if section in (None, MISSING) else getattr(section, key.name)


def camel(name: str) -> str:
    """Return quotaGib for quota_gib."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _section(
    cls: type,
    value: object,
    path: str,
    errors: list[InvalidInputError],
    default: object = None,
) -> Any:  # noqa: ANN401
    if not isinstance(value, Mapping):
        remedy = f"write keys below it: {', '.join(keys(cls))}"
        errors.append(InvalidInputError(path or "config", "is not a mapping", value, remedy))
        return None
    before = len(errors)
    errors.extend(_unknown(cls, value, path))
    read_values = {}
    for key in keys(cls).values():
        here = f"{path}.{key.key}" if path else key.key
        given = value.get(key.key)
        usual = default_of(key, default)
        if given is None and usual is MISSING:
            errors.append(InvalidInputError(here, "is missing", remedy=_set_it(key.rule)))
        elif given is None:
            read_values[key.name] = usual
        elif is_dataclass(key.kind):
            kind = typing.cast("type", key.kind)
            read_values[key.name] = _section(kind, given, here, errors, usual)
        else:
            read_values[key.name] = _value(key.kind, given, here, key.rule, errors)
    return cls(**read_values) if len(errors) == before else None


def _unknown(cls: type, value: Mapping[Any, Any], path: str) -> Iterator[InvalidInputError]:
    known = keys(cls)
    for key in value:
        if key in known:
            continue
        here = f"{path}.{key}" if path else str(key)
        close = _closest(str(key), known)
        remedy = f"did you mean {close}?" if close else f"use {', '.join(known)}"
        yield InvalidInputError(here, "is not a key that is known here", remedy=remedy)


def _value(
    kind: Any,  # noqa: ANN401 - a type or a generic alias
    value: object,
    path: str,
    rule: Rule,
    errors: list[InvalidInputError],
) -> Any:  # noqa: ANN401
    if kind is Any:  # somebody else's words, like the values of a chart
        return value
    if is_dataclass(kind):
        return _section(typing.cast("type", kind), value, path, errors)
    origin = typing.get_origin(kind)
    if origin is tuple:
        return _items(typing.get_args(kind)[0], value, path, rule, errors)
    if origin is not None:
        return _entries(typing.get_args(kind)[1], value, path, rule, errors)
    try:
        return _scalar(kind, value, path, rule)
    except InvalidInputError as error:
        errors.append(error)
        return None


def _items(
    kind: Any,  # noqa: ANN401
    value: object,
    path: str,
    rule: Rule,
    errors: list[InvalidInputError],
) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        errors.append(
            InvalidInputError(path, "is not a list", value, "write one `- ` line per entry")
        )
        return ()
    return tuple(
        _value(kind, item, f"{path}[{number}]", rule, errors) for number, item in enumerate(value)
    )


def _entries(
    kind: Any,  # noqa: ANN401
    value: object,
    path: str,
    rule: Rule,
    errors: list[InvalidInputError],
) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        errors.append(
            InvalidInputError(path, "is not a mapping", value, "write one `name: ...` per entry")
        )
        return {}
    entries = {}
    for key, item in value.items():
        here = f"{path}.{key}"
        try:
            name = _scalar(str, key, here, Rule(check=rule.key_check))
        except InvalidInputError as error:
            errors.append(error)
            continue
        # An entry without a body has only defaults; a scalar has none.
        given = {} if item is None and is_dataclass(kind) else item
        entries[name] = _value(kind, given, here, rule, errors)
    return entries


def _scalar(kind: type, value: object, path: str, rule: Rule) -> Any:  # noqa: ANN401
    value = _typed(kind, value, path, rule)
    if rule.choices and value not in rule.choices:
        raise InvalidInputError(path, "is not one of the values it can have", value, rule.remedy())
    if isinstance(value, int):
        if rule.minimum is not None and value < rule.minimum:
            raise InvalidInputError(path, "is too small", value, rule.remedy())
        if rule.maximum is not None and value > rule.maximum:
            raise InvalidInputError(path, "is too large", value, rule.remedy())
    return rule.check(value, path) if rule.check else value


_KINDS = {str: "a text", int: "a whole number", bool: "true or false"}


def _typed(kind: type, value: object, path: str, rule: Rule) -> object:
    # JSON has one kind of number: 3.0 is 3. In Python, True is an int: it isn't here.
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not kind and not (kind is str and isinstance(value, str)):
        remedy = rule.remedy()
        if kind is str and isinstance(value, int | float):
            remedy = "put it in quotes"
        got = {} if rule.secret else {"got": value}
        raise InvalidInputError(path, f"is not {_KINDS[kind]}", remedy=remedy, **got)
    if value == "":
        raise InvalidInputError(path, "is empty", remedy=_set_it(rule))
    return value


def _set_it(rule: Rule) -> str:
    return rule.remedy() or "set it"


def _closest(word: str, known: Mapping[str, Any]) -> str | None:
    import difflib  # noqa: PLC0415 - only an error needs it

    folded = {key.lower().replace("_", ""): key for key in known}
    close = difflib.get_close_matches(word.lower().replace("_", ""), folded, n=1)
    return folded[close[0]] if close else None


def _without_none(hint: Any) -> tuple[Any, bool]:  # noqa: ANN401
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        kinds = [kind for kind in typing.get_args(hint) if kind is not types.NoneType]
        return kinds[0], True
    return hint, False
