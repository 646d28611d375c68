"""errors: every exception that tenantplane raises on purpose, and how its message reads.

    TenantplaneError              catch this one to catch all
    ├── InvalidInputError         what was asked for can't be right; also a ValueError
    └── HostError                 the host cluster can't be reached, or lacks something

Each message is `<thing>: <what is wrong>, got <value>; <do this>` (style rule 19).
Not here: how a message reaches the user (__main__.py, automation/).
"""

from collections.abc import Sequence
from enum import Enum


class _Absent(Enum):
    """A sentinel of its own type: None and "" are values that an error may want to show."""

    ABSENT = "absent"


_LONGEST_VALUE = 80
_CUT = "..."


class TenantplaneError(Exception):
    """Anything that tenantplane found wrong; its text is written for the person who runs it."""


class HostError(TenantplaneError):
    """The host cluster can't be reached, or lacks something that tenants need."""


class InvalidInputError(TenantplaneError, ValueError):
    """An input that can't be right, refused before anything is created."""

    problems: tuple[str, ...]
    """One complete message per problem; more than one after `together`."""

    def __init__(
        self, thing: str, problem: str, got: object = _Absent.ABSENT, remedy: str = ""
    ) -> None:
        """Say what is wrong, in the words that `describe` takes."""
        message = describe(thing, problem, got, remedy)
        super().__init__(message)
        self.problems = (message,)

    @classmethod
    def together(cls, errors: Sequence["InvalidInputError"]) -> "InvalidInputError":
        """Return one error that says everything at once, so that a user mends it in one go."""
        problems = tuple(text for error in errors for text in error.problems)
        joined = cls.__new__(cls)
        ValueError.__init__(joined, list_of(f"{len(problems)} problems", problems))
        joined.problems = problems
        return joined


def describe(thing: str, problem: str, got: object = _Absent.ABSENT, remedy: str = "") -> str:
    """Return the text of an error.

    Args:
        thing: What it is about, in the caller's words: `tenant acme`, `tenants[2].profile`.
        problem: What is wrong with it, lower case.
        got: The offending value; leave it out when it is secret or says nothing.
        remedy: What to do about it.
    """
    shown = "" if got is _Absent.ABSENT else f", got {_show(got)}"
    advice = f"; {remedy}" if remedy else ""
    return f"{thing}: {problem}{shown}{advice}"


def first_of(texts: Sequence[str], most: int) -> list[str]:
    """Return the first of some texts, and how many more there are."""
    left = len(texts) - most
    return [*texts[:most], *([f"and {left} more"] if left > 0 else [])]


def list_of(title: str, lines: Sequence[str]) -> str:
    """Return a title and its lines as a bulleted list; one line stands on its own."""
    if len(lines) == 1:
        return lines[0]
    return "\n".join([f"{title}:", *(f"  - {line}" for line in lines)])


def _show(value: object) -> str:
    try:
        text = repr(value)
    except ValueError:  # an int of more than 4300 digits
        return "a value that can't be shown"
    if len(text) <= _LONGEST_VALUE:
        return text
    if "\\n" in text:  # the first line says what it is, the last may be a key
        return f"{text[: _LONGEST_VALUE - len(_CUT)]}{_CUT}"
    half = (_LONGEST_VALUE - len(_CUT)) // 2  # of a path, both ends say something
    return f"{text[:half]}{_CUT}{text[-half:]}"
