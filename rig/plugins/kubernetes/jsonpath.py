"""jsonpath: paths that select values in objects, as far as waitFor needs them.

Of RFC 9535: names, indexes, `*`, and filters on a member of an element
(`?(@.type=="Ready" && @.status=="True")`). A leading `$` may be missing. The rest is refused.
Not here: Pulumi's own property paths (property_path.py).
"""

import json
import re
from collections.abc import Callable
from typing import Any

from core.errors import InvalidInputError
from rig.plugins.kubernetes.values import Data

Select = Callable[[Any], list[Any]]

_STEP = re.compile(
    r"""
    \.(?P<name>[A-Za-z_][\w-]*) | \.(?P<every>\*) | \[(?P<every_in>\*)\]
    | \[(?P<index>-?\d+)\] | \['(?P<single>[^']*)'\] | \["(?P<double>[^"]*)"\]
    | \[\?\(?(?P<filter>(?:[^\]"']|"[^"]*"|'[^']*')+?)\)?\]
    """,
    re.VERBOSE,
)
_TEST = re.compile(
    r"""\s*@(?P<path>(?:\.[A-Za-z_][\w-]*|\['[^']*'\]|\["[^"]*"\])+)
    \s*(?:(?P<operator>==|!=)\s*(?P<literal>"[^"]*"|'[^']*'|-?\d+(?:\.\d+)?|true|false|null))?\s*""",
    re.VERBOSE,
)
_MISSING = object()


def compile_path(text: str) -> Select:
    """Return a function that selects what a path means.

    Raises:
        InvalidInputError: the path isn't of the form above.
    """
    rest = text.removeprefix("$")
    if rest and rest[0] not in ".[":
        rest = f".{rest}"
    steps: list[Select] = []
    at = 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        if match is None:
            raise _wrong(text)
        steps.append(_step(match, text))
        at = match.end()

    def select(obj: Data) -> list[Any]:
        found = [obj]
        for step in steps:
            found = [inner for value in found for inner in step(value)]
        return found

    return select


def _step(match: re.Match[str], text: str) -> Select:
    name = next((match[k] for k in ("name", "single", "double") if match[k] is not None), None)
    if name is not None:
        return lambda value: [value[name]] if isinstance(value, dict) and name in value else []
    if match["index"] is not None:
        return _indexed(int(match["index"]))
    if match["filter"] is not None:
        holds = _filter(match["filter"], text)
        return lambda value: [element for element in _elements(value) if holds(element)]
    return _elements


def _indexed(index: int) -> Select:
    def select(value: Data) -> list[Any]:
        inside = isinstance(value, list) and -len(value) <= index < len(value)
        return [value[index]] if inside else []

    return select


def _elements(value: Data) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _filter(expression: str, text: str) -> Callable[[Any], bool]:
    """Return a test of one element: `||` of `&&` of comparisons."""
    either = [
        [_comparison(part, text) for part in both.split("&&")] for both in expression.split("||")
    ]
    return lambda element: any(all(test(element) for test in tests) for tests in either)


def _comparison(expression: str, text: str) -> Callable[[Any], bool]:
    match = _TEST.fullmatch(expression)
    if match is None:
        raise _wrong(text)
    select = compile_path(match["path"])
    if match["operator"] is None:
        return lambda element: bool(select(element))
    literal = match["literal"]
    wanted = literal[1:-1] if literal[0] in "\"'" else json.loads(literal)
    equal = match["operator"] == "=="

    def test(element: Data) -> bool:
        found = next(iter(select(element)), _MISSING)
        same = isinstance(found, bool) == isinstance(wanted, bool) and found == wanted
        return bool(same) == equal

    return test


def _wrong(text: str) -> InvalidInputError:
    remedy = 'write it like {.status.phase} or {.status.conditions[?(@.type=="Ready")].status}'
    return InvalidInputError("JSONPath", "is not understood by the offline plugin", text, remedy)
