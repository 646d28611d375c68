"""property_path: Pulumi's spelling of where a value stands: `spec.ports[0]["a.b"]`.

Not here: JSONPath, which waitFor speaks (jsonpath.py).
"""

import re

from core.errors import InvalidInputError
from rig.plugins.kubernetes.immutable import Path

_NEEDS_QUOTES = re.compile(r'[."\[\]]')
_STEP = re.compile(
    r"""\.?(?P<name>[^."\[\]]+) | \[(?P<index>\d+)\] | \[(?P<every>\*)\]
    | \["(?P<quoted>(?:[^"\\]|\\.)*)"\]""",
    re.VERBOSE,
)


def render(path: Path) -> str:
    """Return the spelling of a path."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _NEEDS_QUOTES.search(step):
            text += '["{}"]'.format(step.replace('"', '\\"'))
        else:
            text += f".{step}" if text else step
    return text


def parse(text: str) -> Path:
    """Return the path that a spelling means; `*` stands for every name or index.

    Raises:
        InvalidInputError: it means none.
    """
    path: list[str | int] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            remedy = 'write it like spec.ports[0] or metadata.annotations["example.com/name"]'
            raise InvalidInputError("ignoreChanges", "is not a property path", text, remedy)
        if match["index"] is not None:
            path.append(int(match["index"]))
        elif match["quoted"] is not None:
            path.append(match["quoted"].replace('\\"', '"'))
        else:
            path.append(match["name"] or "*")
        at = match.end()
    return tuple(path)


def contains(outer: Path, inner: Path) -> bool:
    """Say whether a path is another one or leads to it."""
    steps = zip(outer, inner, strict=False)
    return len(outer) <= len(inner) and all(a in ("*", b) for a, b in steps)
