"""cgroup: the cgroup that one host lives in, components and pods, so that all of it can be found.

On cgroup v1 it is one per controller, on v2 one alone.
Not here: the cgroups of single pods (kubelet makes them), namespaces (isolation.py).
"""

import errno
import os
import time
from pathlib import Path

from core.errors import HostError
from rig.hosts.native.layout import Layout

_MOUNTED = Path("/sys/fs/cgroup")
_COMPONENTS, _PODS = "components", "pods"
_REAP_SECONDS = 15.0
_POLL_SECONDS = 0.02


def all_of(layout: Layout) -> list[Path]:
    """Return the host's cgroup in each hierarchy."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [
        Path(mount) / layout.label
        for _, mount, kind, *_ in mounts
        if kind in ("cgroup", "cgroup2") and Path(mount).is_relative_to(_MOUNTED)
    ]


def parent_of_pods(layout: Layout) -> str:
    """Return the cgroup that kubelet puts pods into, as seen from the root of each hierarchy."""
    return f"/{layout.label}/{_PODS}"


def make(layout: Layout) -> None:
    """Make the host's cgroup in each hierarchy."""
    for cgroup in all_of(layout):
        make_in(cgroup, unified=cgroup.parent == _MOUNTED)


def make_in(cgroup: Path, *, unified: bool) -> None:
    """Make the host's cgroup in one hierarchy.

    Args:
        cgroup: Where.
        unified: This is cgroup v2, and has all the controllers; else they are in hierarchies of v1.
    """
    leaves = (cgroup / _COMPONENTS, cgroup / _PODS)
    for folder in (cgroup, *leaves):
        folder.mkdir(exist_ok=True)
    if unified:
        for folder in (cgroup.parent, cgroup):
            _hand_down_controllers(folder)
        return
    for setting in ("cpuset.cpus", "cpuset.mems"):
        if (cgroup.parent / setting).exists():
            for folder in (cgroup, *leaves):  # new ones have no CPUs, and so take no process
                (folder / setting).write_text((cgroup.parent / setting).read_text())


def adopt(layout: Layout, pid: int) -> None:
    """Move a component into the host's cgroup, out of the session or the job that called the rig.

    Else it would count for that session, and end with it where sessions are ended by cgroup.
    """
    for cgroup in all_of(layout):
        try:
            (cgroup / _COMPONENTS / "cgroup.procs").write_text(str(pid))
        except OSError as error:
            if error.errno != errno.ESRCH:  # it has ended already: whoever waits for it will see
                raise


def members(layout: Layout) -> set[int]:
    """Return the pids in the host's cgroup: components, shims and containers."""
    found: set[int] = set()
    for cgroup in all_of(layout):
        for folder, _, _ in os.walk(cgroup):  # passes over cgroups that go away meanwhile
            try:
                text = Path(folder, "cgroup.procs").read_text()
            except OSError:
                continue
            found.update(int(pid) for pid in text.split())
    return found - {0}


def remove(layout: Layout) -> None:
    """Remove the host's cgroup; a killed process stays in it until its parent reaps it."""
    deadline = time.monotonic() + _REAP_SECONDS
    for cgroup in all_of(layout):
        for folder, _, _ in os.walk(cgroup, topdown=False):
            while not _rmdir(Path(folder)):
                if time.monotonic() > deadline:
                    inside = Path(folder, "cgroup.procs").read_text().split()
                    raise HostError(
                        f"cgroup {folder}: is busy, got processes {', '.join(inside)}; see whether "
                        "process 1 reaps its children, then run `down` again"
                    )
                time.sleep(_POLL_SECONDS)


def _hand_down_controllers(cgroup: Path) -> None:
    """Let the children of a cgroup have every controller that it has itself; kubelet insists."""
    enabled = (cgroup / "cgroup.subtree_control").read_text().split()
    for controller in (cgroup / "cgroup.controllers").read_text().split():
        if controller not in enabled:
            (cgroup / "cgroup.subtree_control").write_text(f"+{controller}")


def _rmdir(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno == errno.EBUSY:
            return False
        raise
    return True
