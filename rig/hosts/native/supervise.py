"""supervise: starts the components of one host, waits until each works, restarts what died.

Not here: which there are (components.py), what a process is known by (processes.py).
"""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

from core.errors import HostError
from rig.hosts.native import cgroup, health, isolation, processes
from rig.hosts.native.components import Component
from rig.hosts.native.layout import Layout
from rig.hosts.native.state import Process, State

_POLL_SECONDS = 0.02
_SHOWN_LINES = 12


class Supervisor:
    """The components of one host."""

    def __init__(self, layout: Layout, state: State, binaries: Mapping[str, Path]) -> None:
        """Supervise.

        Args:
            layout: Of the host.
            state: Its record of processes; each change is saved at once.
            binaries: Where the first word of a component's command line is found.
        """
        self._layout = layout
        self._state = state
        self._binaries = binaries

    def start(self, component: Component) -> str | None:
        """Start a component unless it runs as it should.

        Returns:
            Why it was started: `it is new`, `it had ended`, `it changed`; None if it was not.
        """
        fingerprint = self._fingerprint(component)
        known = self._state.processes.get(component.name)
        why = "it had ended" if known else "it is new"
        if known and known.identity.alive:
            if known.fingerprint == fingerprint:
                return None
            why = "it changed"
            processes.stop([known.identity], asked_by=component.end)
        if known:
            processes.wait_reaped(known.identity)
        link = self._layout.run / "bin" / component.argv[0]
        link.unlink(missing_ok=True)
        link.symlink_to(self._binaries[component.argv[0]])
        user = component.user() if component.user else None
        argv = [*isolation.enter(self._layout, user), str(link), *component.argv[1:]]
        identity = processes.start(argv, self._layout.log(component.name))
        self._state.processes[component.name] = Process(identity, fingerprint)
        self._state.save(self._layout)
        cgroup.adopt(self._layout, identity.pid)
        return why

    def wait(self, component: Component, seconds: float = 60.0) -> None:
        """Wait until a component works.

        Raises:
            HostError: it ended, or doesn't work in time; the message has its last lines.
        """
        deadline = time.monotonic() + seconds
        identity = self._state.processes[component.name].identity
        while trouble := health.trouble(self._layout, component.health, component.authority):
            if not identity.alive:
                raise HostError(self._failure(component.name, "ended"))
            if time.monotonic() > deadline:
                raise HostError(
                    self._failure(component.name, f"does not work after {seconds:.0f} s: {trouble}")
                )
            time.sleep(_POLL_SECONDS)

    def _failure(self, name: str, what: str) -> str:
        log = self._layout.log(name)
        lines = log.read_text(errors="replace").splitlines()[-_SHOWN_LINES:] if log.exists() else []
        said = "\n".join(f"    {line}" for line in lines)
        return (
            f"host {self._layout.name}: {name} {what}; its last lines, the whole log is {log}:\n"
            f"{said}"
        )

    def _fingerprint(self, component: Component) -> str:
        digest = hashlib.sha256(repr(component.argv).encode())
        digest.update(str(self._binaries[component.argv[0]]).encode())
        for file in component.files:
            digest.update(file.read_bytes())
        return digest.hexdigest()[:16]
