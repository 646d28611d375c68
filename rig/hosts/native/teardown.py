"""teardown: takes a host away, whatever state it is in: no process, mount, link or file stays.

Everything is found twice: by what the state recorded, and by the network namespace and the cgroup,
whose names derive from the host's: `down` also cleans up after a killed `up`, and without state.
Not here: what hosts share (machine.py).
"""

import contextlib
import os
import shutil
import time
from pathlib import Path

from core.errors import HostError
from rig.hosts.native import cgroup, isolation, machine, processes, state
from rig.hosts.native.layout import Layout

_PATIENCE_SECONDS = 20.0


def traces(layout: Layout) -> list[Path]:
    """Return what there is of the host."""
    link = Path("/sys/class/net", layout.label)
    possible = [layout.root, layout.network_namespace, link, *cgroup.all_of(layout)]
    return [one for one in possible if one.exists()]


def end_processes(layout: Layout) -> None:
    """Kill the components, then shims and containers, until nothing is born any more."""
    with contextlib.suppress(HostError):  # an unreadable state: the rest finds them all
        known = state.load(layout.state)
        if known:
            processes.kill([one.identity for one in known.processes.values()])
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while left := _inside(layout):
        if time.monotonic() > deadline:
            pids = ", ".join(str(one.pid) for one in left)
            raise HostError(
                f"host {layout.name}: processes don't end, got {pids}; see what they wait for in "
                "/proc/<pid>/stack, then run `down` again"
            )
        processes.kill(left)


def remove(layout: Layout) -> None:
    """Remove namespaces, links, cgroups and files; its processes have ended."""
    isolation.remove_namespaces(layout)
    cgroup.remove(layout)
    if layout.root.exists():
        _refuse_foreign_mounts(layout)
        shutil.rmtree(layout.root)
    machine.restore(layout.base)


def _inside(layout: Layout) -> list[processes.Identity]:
    """Return the processes in the host's namespace and cgroups and below, but never this one."""
    pids = {one.pid for one in processes.in_network_namespace(layout.network_namespace)}
    pids = processes.with_descendants(pids | cgroup.members(layout)) - {os.getpid()}
    return [found for found in map(processes.identify, pids) if found]


def _refuse_foreign_mounts(layout: Layout) -> None:
    """Stop before files are deleted that somebody mounted into the host's folder."""
    foreign = [one for one in machine.mounts() if Path(one).is_relative_to(layout.root)]
    if foreign:
        raise HostError(
            f"host {layout.name}: something is mounted in its folder, got {', '.join(foreign)}; "
            "unmount it and run `down` again"
        )
