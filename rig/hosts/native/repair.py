"""repair: brings a host that was left in the middle into a state from which `up` can go on.

Not here: the restart of single components (supervise.py), the removal of a host (teardown.py).
"""

import shutil
from pathlib import Path

from rig.hosts.native import isolation, processes, teardown
from rig.hosts.native.layout import Layout
from rig.hosts.native.state import State


def forget_other_boot(layout: Layout, known: State) -> None:
    """Drop what a reboot made worthless: sockets, leases of addresses, the runtime's state."""
    now = processes.boot()
    if known.boot == now:
        return
    if known.boot:
        teardown.end_processes(layout)  # there should be none
        shutil.rmtree(layout.run, ignore_errors=True)
        shutil.rmtree(layout.pins, ignore_errors=True)
    known.boot = now
    known.save(layout)


def end_strays(layout: Layout, known: State) -> None:
    """End processes that nobody remembers, and all of them if their namespaces are gone.

    An `up` that was killed between the start of a component and its record leaves a stray; it would
    hold the port of the next one. A component in a namespace that lost its pin can't be joined.
    """
    pins = (layout.network_namespace, layout.mount_namespace)
    if not all(isolation.is_pinned(pin) for pin in pins):
        teardown.end_processes(layout)
        isolation.remove_namespaces(layout)
        return
    # With their children: a server's look like strays until they have given themselves a name.
    remembered = processes.with_descendants(
        {one.identity.pid for one in known.processes.values() if one.identity.alive}
    )
    inside = processes.in_network_namespace(layout.network_namespace)
    processes.kill(
        one
        for one in inside
        if one.pid not in remembered and _program(one.pid).is_relative_to(layout.run / "bin")
    )


def _program(pid: int) -> Path:
    """Return what a process was started as."""
    try:
        return Path(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode())
    except (FileNotFoundError, ProcessLookupError):
        return Path()
