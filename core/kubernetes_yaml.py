"""kubernetes_yaml: YAML as Kubernetes reads it: YAML 1.1 with Go's scalars, as JSON can say it.

PyYAML alone makes dates of `2026-11-23`, a number of `12:30:45`, and texts of `1e3` and `y`.
Not here: what the documents must be (object_lists.py), kubeconfigs (kubeconfig.py).
"""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from core.errors import InvalidInputError

# libyaml's parser is seven times as fast; PyYAML's wheels have it, its source may not.
_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TAG = "tag:yaml.org,2002:"
_BOOLEANS = {
    word: value
    for value, words in ((True, "y yes true on"), (False, "n no false off"))
    for lower in words.split()
    for word in (lower, lower.capitalize(), lower.upper())
}
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9][0-9]*|0)")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"^([-+]?)0(?=[0-7])")


class Document(NamedTuple):
    """One of the documents of a text."""

    line: int
    """Where it begins, from 1."""

    value: Any
    """None for an empty one."""


def documents(text: str, thing: str) -> Iterator[Document]:
    """Yield the documents of a text, each as JSON would have it: keys are texts.

    Args:
        text: What was read.
        thing: What errors call it.

    Raises:
        InvalidInputError: it is not YAML, or has what JSON can't say.
    """
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            value = loader.construct_document(node)
            # Aliases are shared until here: whoever changes one place must not change another.
            yield Document(node.start_mark.line + 1, json.loads(json.dumps(value, allow_nan=False)))
    except yaml.YAMLError as error:
        raise _refused(error, thing) from None
    except (TypeError, ValueError) as error:
        raise InvalidInputError(thing, f"has what JSON can't say: {error}") from None
    finally:
        loader.dispose()


def _refused(error: yaml.YAMLError, thing: str) -> InvalidInputError:
    mark = getattr(error, "problem_mark", None)
    where = f" at line {mark.line + 1}" if mark else ""
    problem = getattr(error, "problem", None) or "it can't be parsed"
    return InvalidInputError(thing, f"is not YAML{where}: {problem}", remedy="correct the text")


class _Loader(_Base):  # type: ignore[misc]  # its class is known at run time alone
    """Resolves plain scalars as go.yaml.in/yaml/v2 does (its resolve.go)."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  as PyYAML has it

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[str, Any]:
        """Return a mapping whose keys are texts."""
        self.flatten_mapping(node)
        return {
            _key(self.construct_object(key, deep=True)): self.construct_object(value, deep=deep)
            for key, value in node.value
        }


def _key(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TypeError(f"{value!r} as a key")


def _boolean(loader: Any, node: yaml.ScalarNode) -> bool:  # noqa: ANN401
    return _BOOLEANS[str(loader.construct_scalar(node))]


def _number(loader: Any, node: yaml.ScalarNode) -> int | float | str:  # noqa: ANN401
    """Return a number, or the text of what only begins like one."""
    text = str(loader.construct_scalar(node))
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        return int(_OCTAL.sub(r"\g<1>0o", plain), 0)
    if _DECIMAL.fullmatch(plain):
        number = float(plain)
        return int(number) if number.is_integer() else number
    return text


for _tag, _words in (("bool", _BOOLEANS), ("null", ("~", "null", "Null", "NULL", ""))):
    _Loader.add_implicit_resolver(
        _TAG + _tag, re.compile("|".join(f"{word}$" for word in _words)), {w[:1] for w in _words}
    )
_Loader.add_implicit_resolver(_TAG + "merge", re.compile("<<$"), "<")
_Loader.add_implicit_resolver(_TAG + "float", re.compile("."), "-+.0123456789")
_Loader.add_constructor(_TAG + "bool", _boolean)
_Loader.add_constructor(_TAG + "float", _number)
_Loader.add_constructor(_TAG + "int", _number)
