"""state: what is known of one native host on disk, and who may change it now.

The state is written before anything is made, so that `down` finds what a killed `up` left behind.
Not here: the paths (layout.py), what is made (up.py).
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from core.errors import HostError
from rig import files
from rig.hosts.native.layout import BASE, NUMBERS, Layout
from rig.hosts.native.processes import Identity

MACHINE = "machine"
"""Name of the lock over what all hosts of a machine share; one waits for it."""


@dataclass
class Process:
    """A component that was started."""

    identity: Identity
    fingerprint: str
    """Of its command line and files: when it changes, the component is restarted."""


@dataclass
class State:
    """What one host has made."""

    number: int
    boot: str = ""
    """The boot in which its namespaces were made."""
    processes: dict[str, Process] = field(default_factory=dict)
    sql: bool = False
    """SQL servers were asked for once, and belong to it from then on."""
    operators: bool = False
    """Images of operators and a registry: the same."""
    pushed: dict[str, str] = field(default_factory=dict)
    """What the rig has put into the registry: the file of each reference."""

    def save(self, layout: Layout) -> None:
        """Write the state, all of it or nothing."""
        files.write(layout.state, json.dumps(asdict(self), indent=2, sort_keys=True) + "\n")


def load(path: Path) -> State | None:
    """Return the state of a host; None if there is none."""
    try:
        document = json.loads(path.read_text())
        processes = {
            name: Process(Identity(**one["identity"]), one["fingerprint"])
            for name, one in document["processes"].items()
        }
        later = ("sql", "operators", "pushed")  # a host of before has none of these
        known = {name: document[name] for name in later if name in document}
        return State(document["number"], document["boot"], processes, **known)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise HostError(
            f"host {path.parent.name}: its state can't be read ({error!r}), got {path}; run "
            f"`python -m rig down --host {path.parent.name}`, which needs no state, then `up`"
        ) from error


def names(base: Path = BASE) -> list[str]:
    """Return the names of the hosts of this machine."""
    folder = base / "hosts"
    return sorted(one.name for one in folder.iterdir() if one.is_dir()) if folder.is_dir() else []


def numbers(base: Path = BASE) -> dict[int, str]:
    """Return the numbers that are taken, each with the host that has it."""
    states = {name: load(base / "hosts" / name / "state.json") for name in names(base)}
    return {known.number: name for name, known in states.items() if known}


def allocate(name: str, base: Path = BASE) -> Layout:
    """Return the layout of a host: its number is kept, or a free one is taken and remembered."""
    with lock(MACHINE, base):
        taken = numbers(base)
        for number, other in taken.items():
            if other == name:
                return Layout(name, number, base)
        in_use = taken.keys() | routed()
        free = next((number for number in NUMBERS if number not in in_use), None)
        if free is None:
            raise HostError(
                "hosts: no subnet 10.231.<n>.0/24 is free; remove a host with "
                "`python -m rig down --host <name>`"
            )
        layout = Layout(name, free, base)
        State(free).save(layout)
        return layout


def routed() -> set[int]:
    """Return the numbers whose subnets the machine has a route to, whoever made it."""
    found = set()
    for line in Path("/proc/net/route").read_text().splitlines()[1:]:
        destination = bytes.fromhex(line.split()[1])[::-1]
        if destination[:2] in (b"\x0a\xe7", b"\x0a\xe8"):  # 10.231 and 10.232
            found.add(destination[2])
    return found


@contextmanager
def lock(name: str, base: Path = BASE) -> Iterator[None]:
    """Hold a lock; it dies with its holder, and its file is gone afterwards.

    Raises:
        HostError: another process holds it.
    """
    path = base / f"{name}.lock"
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+")
        except (FileNotFoundError, FileExistsError):  # its last holder is just removing the folder
            if path.parent.is_file():
                raise
            continue
        with file:
            _acquire(file.fileno(), path, name)
            if not _is_open_as(path, file.fileno()):  # removed by its last holder: we hold nothing
                continue
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            try:
                yield
            finally:
                path.unlink()
                with contextlib.suppress(OSError):  # hosts are left, or another lock
                    base.rmdir()
            return


def _is_open_as(path: Path, handle: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(handle).st_ino
    except FileNotFoundError:
        return False


def _acquire(handle: int, path: Path, name: str) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if name == MACHINE else fcntl.LOCK_NB))
    except BlockingIOError:
        holder = path.read_text() or "unknown"
        raise HostError(
            f"host {name.removeprefix('host-')}: another rig command works on it, got pid "
            f"{holder}; wait until it ends"
        ) from None
