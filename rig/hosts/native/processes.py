"""processes: processes that outlive the rig, known by an identity that is never used twice.

A pid alone says nothing: the kernel hands it out again. A process is therefore known by its pid,
the clock tick at which it started and the boot in which it did; nothing else is ever killed.
Not here: which processes a host has (components.py), where the record is kept (state.py).
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_PARENT, _STARTED = 1, 19
"""Indices of `ppid` and `starttime` in /proc/<pid>/stat, counted behind the name (proc(5))."""
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Identity:
    """One process, for ever."""

    pid: int
    started: int
    """Clock ticks from boot to its start."""
    boot: str
    """Identity of the boot."""

    @property
    def alive(self) -> bool:
        """Whether this very process runs; one that waits to be reaped does not."""
        return self.boot == boot() and _started(self.pid) == self.started

    @property
    def age_seconds(self) -> float:
        """Seconds since it was started."""
        ticks = os.sysconf("SC_CLK_TCK")
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - self.started / ticks)


def boot() -> str:
    """Return the identity of the running boot."""
    return (_PROC / "sys/kernel/random/boot_id").read_text().strip()


def identify(pid: int) -> Identity | None:
    """Return the identity of the process that has this pid now; None if there is none."""
    started = _started(pid)
    return None if started is None else Identity(pid, started, boot())


def start(argv: Sequence[str], log: Path) -> Identity:
    """Start a process in a session of its own, its output appended to a log file."""
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
    }
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd="/",
            env=environment,
        )
    identity = identify(process.pid)
    process.returncode = 0  # it outlives us on purpose: no warning about it, no wait for it
    return identity or Identity(process.pid, -1, boot())


def stop(
    identities: Iterable[Identity],
    patience_seconds: float = 5.0,
    asked_by: signal.Signals = signal.SIGTERM,
) -> None:
    """End processes: all are asked at once, and those that don't listen are killed."""
    left = list(identities)
    for signum, patience in ((asked_by, patience_seconds), (signal.SIGKILL, 10.0)):
        left = [one for one in left if one.alive]
        for one in left:
            _signal(one, signum)
        left = _wait(left, patience)
    if left:
        names = ", ".join(str(one.pid) for one in left)
        raise TimeoutError(f"processes {names} survive SIGKILL")


def kill(identities: Iterable[Identity]) -> None:
    """End processes without asking."""
    stop_now = [one for one in identities if one.alive]
    for one in stop_now:
        _signal(one, signal.SIGKILL)
    _wait(stop_now, 10.0)


def wait_reaped(identity: Identity, seconds: float = 10.0) -> None:
    """Wait until nothing is left of a process that ended, or for so long.

    One that nobody has collected yet looks alive to who asks by its pid, as a PostgreSQL does that
    finds its predecessor's (`Is another postmaster running in data directory`).
    """
    deadline = time.monotonic() + seconds
    while identity.boot == boot() and time.monotonic() < deadline:
        _reap(identity.pid)
        fields = _fields(identity.pid)
        if fields is None or int(fields[_STARTED]) != identity.started:
            return
        time.sleep(_POLL_SECONDS)


def in_network_namespace(pin: Path) -> list[Identity]:
    """Return the processes that are in a network namespace."""
    try:
        inode = pin.stat().st_ino
    except FileNotFoundError:
        return []
    wanted = f"net:[{inode}]"
    found = []
    for entry in _PROC.iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            inside = (entry / "ns/net").readlink() == Path(wanted)
        except OSError:  # gone meanwhile, or a kernel thread
            continue
        identity = identify(int(entry.name)) if inside else None
        if identity:
            found.append(identity)
    return found


def with_descendants(pids: set[int]) -> set[int]:
    """Return processes and all that they started, as far as these still have them as ancestors."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        fields = _fields(int(entry.name)) if entry.name.isdecimal() else None
        if fields:
            children.setdefault(int(fields[_PARENT]), []).append(int(entry.name))
    found, left = set(pids), list(pids)
    while left:
        new = set(children.get(left.pop(), ())) - found
        found |= new
        left.extend(new)
    return found


def _wait(identities: list[Identity], seconds: float) -> list[Identity]:
    """Wait until all have ended; return those that have not."""
    deadline = time.monotonic() + seconds
    while identities and time.monotonic() < deadline:
        for one in identities:
            _reap(one.pid)
        identities = [one for one in identities if one.alive]
        if identities:
            time.sleep(_POLL_SECONDS)
    return identities


def _signal(identity: Identity, signum: signal.Signals) -> None:
    """Send a signal to exactly this process: the pidfd keeps the pid from being used again."""
    try:
        handle = os.pidfd_open(identity.pid)
    except ProcessLookupError:
        return
    try:
        if identity.alive:
            signal.pidfd_send_signal(handle, signum)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _reap(pid: int) -> None:
    """Collect a process that this very process started, so that it doesn't stay as a zombie."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _started(pid: int) -> int | None:
    """Return when the process started, in clock ticks; None if it doesn't run."""
    fields = _fields(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[_STARTED])


def _fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat that follow the name, which may have spaces in it."""
    try:
        text = (_PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()
