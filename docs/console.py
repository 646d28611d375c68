"""console: the sessions that a page shows: commands, and what they said.

A session is a block that begins with "```console": a line with `$ ` in front is a command, the
lines below it are what it said. A command that said `...` said something that isn't shown.
Not here: drawing them (pictures.py), running them (examples/), judging what came out (tests/).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

NOT_SHOWN = ("...",)

_PROMPT = "$ "
_SESSION = re.compile(r"(?ms)^```console(?: (?P<mark>\w+))?\n(?P<text>.*?)^```$")


@dataclass(frozen=True)
class Step:
    """One command."""

    command: str
    said: tuple[str, ...]


@dataclass(frozen=True)
class Session:
    """One block of a page."""

    mark: str
    """The word behind `console`, if there is one."""
    steps: tuple[Step, ...]


def sessions(page: str) -> list[Session]:
    """Return the sessions of a page, in their order."""
    return [_session(found) for found in _SESSION.finditer(page)]


def steps(text: str) -> tuple[Step, ...]:
    """Return the commands of a session, given its lines or what a terminal showed."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith(_PROMPT):
            found.append((line.removeprefix(_PROMPT), []))
        elif found:
            found[-1][1].append(line.rstrip())
    return tuple(Step(command, tuple(said)) for command, said in found)


def lines(session: Iterable[Step]) -> Iterator[str]:
    """Yield a session's lines as a page has them."""
    for step in session:
        yield f"{_PROMPT}{step.command}"
        yield from step.said


def retold(page: str, told: Sequence[Step]) -> str:
    """Return a page whose commands say what they said now; what isn't shown stays so.

    Args:
        page: As it is.
        told: A step for each command of its sessions, in their order.
    """
    following = iter(told)

    def anew(found: re.Match[str]) -> str:
        pairs = [(step, next(following)) for step in _session(found).steps]
        kept = (old if old.said == NOT_SHOWN else new for old, new in pairs)
        head = found[0].partition("\n")[0]
        return "\n".join([head, *lines(kept), "```"])

    return _SESSION.sub(anew, page)


def _session(found: re.Match[str]) -> Session:
    return Session(found["mark"] or "", steps(found["text"]))
