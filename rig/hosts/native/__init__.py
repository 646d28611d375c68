"""native: a host of plain processes on this Linux machine, in namespaces of its own.

`NativeHost` is all that the rest of the rig sees. docs/local-host.md explains the whole.
Not here: the steps of `up` (up.py), the processes (components.py), their removal (teardown.py).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from core.errors import HostError
from rig.hosts import Part
from rig.hosts.native import beside, health, registry, sql, state, teardown
from rig.hosts.native.components import all_components
from rig.hosts.native.layout import BASE, Layout, check_name
from rig.progress import Progress


class NativeHost:
    """One native host, by name."""

    kind = "native"

    def __init__(self, name: str, base: Path = BASE) -> None:
        """Name a host; nothing is made yet.

        Raises:
            InvalidInputError: no host can have this name.
        """
        self.name = check_name(name)
        self._base = base

    @property
    def kubeconfig(self) -> Path:
        """Where the administrator's kubeconfig is."""
        return Layout(self.name, 0, self._base).kubeconfig

    @property
    def sql(self) -> Path:
        """Where it is said how its SQL servers are reached; no file if it has none."""
        return Layout(self.name, 0, self._base).root / sql.FACTS

    @property
    def registry(self) -> Path:
        """Where it is said how its registry is reached; no file if it has none."""
        return Layout(self.name, 0, self._base).root / registry.FACTS

    def up(
        self,
        report: Progress,
        kubernetes: Sequence[str] = (),
        *,
        with_sql: bool = False,
        with_operators: bool = False,
    ) -> None:
        """Bring it up, with the images of these versions of tenants beside the default one.

        Args:
            report: Where progress is shown.
            kubernetes: Versions of tenants.
            with_sql: With SQL servers beside it; a host that has them keeps them.
            with_operators: With images of operators, and a registry with packages of Crossplane
                beside it: the same.
        """
        from rig.hosts.native.up import up  # noqa: PLC0415 - needs packages that status does not

        with self._lock():
            self._refuse_remains()
            layout = state.allocate(self.name, self._base)
            up(layout, report, kubernetes, with_sql=with_sql, with_operators=with_operators)

    def down(self, report: Progress) -> None:
        """Take it away."""
        layout = Layout(self.name, 0, self._base)
        with self._lock():
            if not teardown.traces(layout):
                report.say(f"host {self.name}: is not there")
            for name, function in (
                ("processes", teardown.end_processes),
                ("namespaces, cgroups and files", teardown.remove),
            ):
                with report.step(f"remove {name}"):
                    function(layout)

    def status(self) -> list[Part]:
        """Return its components."""
        root = Layout(self.name, 0, self._base)
        known = state.load(root.state)
        if not known:
            return []
        layout = Layout(self.name, known.number, self._base)
        parts = []
        wanted = all_components(layout) | beside.components(layout, known)
        for name, component in wanted.items():
            process = known.processes.get(name)
            log = layout.log(name)
            if not process or not process.identity.alive:
                said = "has ended" if process else "was never started"
                parts.append(Part(name, healthy=False, detail=said, log=log))
                continue
            trouble = health.trouble(layout, component.health, component.authority)
            pid, age = process.identity.pid, process.identity.age_seconds
            parts.append(Part(name, not trouble, trouble or "", pid, age, log))
        return parts

    def _refuse_remains(self) -> None:
        """Refuse to build upon what is not in any state: it may be anybody's.

        Raises:
            HostError: there are namespaces or cgroups of this name, but no state.
        """
        layout = Layout(self.name, 0, self._base)
        remains = [] if layout.state.exists() else teardown.traces(layout)
        if remains:
            raise HostError(
                f"host {self.name}: something of this name is there without a state, got "
                f"{', '.join(map(str, remains))}; run `python -m rig down --host {self.name}` if "
                "it may go, or take another name"
            )

    def _lock(self) -> AbstractContextManager[None]:
        return state.lock(f"host-{self.name}", self._base)
