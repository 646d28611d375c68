"""up: brings one native host up, or back up: the ordered list of its steps.

Every step can be repeated, and does only what is missing: on a host that runs well, nothing.
Not here: how a component is started (supervise.py), taking a host away (teardown.py).
"""

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from core import versions
from rig import build, files, packages
from rig.hosts.native import (
    addons,
    api,
    beside,
    cgroup,
    checks,
    components,
    configs,
    gateway_api,
    gvisor,
    images,
    isolation,
    machine,
    pki,
    registry,
    repair,
    state,
)
from rig.hosts.native.components import Component
from rig.hosts.native.layout import REGISTRY_NAME, Layout
from rig.hosts.native.supervise import Supervisor
from rig.images import archives, compiled, crossplane_packages, xpkg
from rig.images.xpkg import Package
from rig.progress import Progress, Step


@dataclass
class _Run:
    """One run of `up`, and what its steps hand to each other."""

    layout: Layout
    state: state.State
    report: Progress
    pool: ThreadPoolExecutor
    kubernetes: Sequence[str]
    beside: "Future[None] | None" = None
    """Makes what the servers beside the cluster need, such as databases."""
    binaries: dict[str, Path] = field(default_factory=dict)
    archives: list[Path] = field(default_factory=list)
    packages: list[Package] = field(default_factory=list)
    """Of Crossplane, for the registry."""
    imports: "list[Future[list[str]]]" = field(default_factory=list)
    """Those without which the host's own pods can't start, then all others."""
    began: float = field(default_factory=time.time)

    @property
    def supervisor(self) -> Supervisor:
        return Supervisor(self.layout, self.state, self.binaries)

    @property
    def components(self) -> dict[str, Component]:
        return components.all_components(self.layout) | self.servers

    @property
    def servers(self) -> dict[str, Component]:
        return beside.components(self.layout, self.state)

    def admin(self) -> api.Api:
        return api.Api(self.layout.server, self.layout.pki, "admin")


def up(
    layout: Layout,
    report: Progress,
    kubernetes: Sequence[str] = (),
    *,
    with_sql: bool = False,
    with_operators: bool = False,
) -> None:
    """Bring the host up. The caller holds its lock.

    Args:
        layout: Of the host.
        report: Where progress is shown.
        kubernetes: Versions whose images are made and imported beside the default one's.
        with_sql: The host gets SQL servers; one that has them keeps them.
        with_operators: The host gets images of operators, and a registry: the same.
    """
    known = state.load(layout.state) or state.State(layout.number)
    known.sql = known.sql or with_sql
    known.operators = known.operators or with_operators
    with ThreadPoolExecutor(max_workers=1) as pool:
        run = _Run(layout, known, report, pool, (versions.DEFAULT_KUBERNETES, *kubernetes))
        for name, function in STEPS:
            with report.step(name) as step:
                function(run, step)


def _packages(run: _Run, step: Step) -> None:
    packages.ensure(run.report, step, beside.needed(run.state))


def _binaries(run: _Run, _: Step) -> None:
    """Compile what host and images need: the last are downloaded while the first compile."""
    own = ["kube", "etcd", "kube-router", *gvisor.BINARIES]
    names = dict.fromkeys([*own, *compiled(run.kubernetes, operators=run.state.operators)])
    built = build.binaries(list(names), run.report)
    run.binaries = dict.fromkeys(components.KUBE, built["kube"])
    run.binaries |= {name: built[name] for name in names if name != "kube"}
    run.binaries["containerd"] = Path(shutil.which("containerd") or "/usr/bin/containerd")
    run.binaries["python"] = Path(sys.executable)
    run.binaries |= beside.binaries(run.state)


def _archives(run: _Run, _: Step) -> None:
    run.archives = archives(run.report, run.kubernetes, operators=run.state.operators)
    run.packages = crossplane_packages(run.report) if run.state.operators else []


def _kernel(run: _Run, step: Step) -> None:
    changed = machine.tune(run.layout.base)
    for line in changed:
        run.report.say(f"   sysctl {line} (put back when the last host goes)")
    step.update(f"{len(changed)} changed")


def _files(run: _Run, _: Step) -> None:
    repair.forget_other_boot(run.layout, run.state)
    pki.ensure(run.layout)
    for folder in configs.folders(run.layout):
        folder.mkdir(parents=True, exist_ok=True)
    for path, text in configs.files(run.layout).items():
        files.write(path, text)
    gvisor.link(run.layout, run.binaries)


def _isolation(run: _Run, _: Step) -> None:
    repair.end_strays(run.layout, run.state)
    isolation.make_network(run.layout)
    isolation.make_mounts(run.layout)
    cgroup.make(run.layout)
    if run.servers:
        run.beside = run.pool.submit(beside.prepare, run.layout, run.state)


def _api_server(run: _Run, step: Step) -> None:
    """Start the store, the runtime and the API server; images are imported meanwhile."""
    names = ("etcd", "containerd", "kube-apiserver")
    _start(run, step, names)
    run.supervisor.wait(run.components["containerd"])
    for group in images.in_order(run.archives):
        run.imports.append(run.pool.submit(images.import_changed, run.layout, group))
    for name in names:
        step.update(f"waits for {name}")
        run.supervisor.wait(run.components[name])


def _controllers(run: _Run, step: Step) -> None:
    if run.beside:
        step.update("waits for what the servers beside it need")
        run.beside.result()
        _start(run, step, tuple(run.servers))
    step.update("waits for the images of its own pods")
    run.imports[0].result()  # kubelet would try to pull what isn't there, and back off
    _start(run, step, ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy"))


def _addons(run: _Run, step: Step) -> None:
    """Apply DNS, storage and roles; then start what the roles are for."""
    with run.admin() as client:
        names = {REGISTRY_NAME: run.layout.node_address} if run.state.operators else {}
        for manifest in addons.manifests(names):
            client.apply_manifest(manifest)
        trouble = gvisor.offer(client, run.binaries["runsc"])
        if trouble:
            run.report.say(f"   gVisor can't run here, so there is no RuntimeClass: {trouble}")
        _start(run, step, ("provisioner",))
        step.update("Gateway API")
        gateway_api.install(client)


def _network_policy(run: _Run, step: Step) -> None:
    """Start kube-router, which ends at once if its node isn't there yet."""
    step.update("waits for the node")
    since = time.time() - run.state.processes["kubelet"].identity.age_seconds
    with run.admin() as client:
        checks.wait(
            run.layout,
            lambda: checks.node_trouble(client, run.layout, since),
            "the node is not ready",
        )
    _start(run, step, ("kube-router",))


def _images(run: _Run, step: Step) -> None:
    imported = {name for one in run.imports for name in one.result()}
    step.update(f"{len(imported)} new")
    with run.admin() as client:
        for pod in images.pods_of_older(client, imported, run.began):
            run.report.say(f"   pod {pod} is replaced: its image changed")
    if run.packages:
        step.update("packages of Crossplane")
        for server in registry.components(run.layout).values():
            run.supervisor.wait(server)
        registry.push(run.layout, run.state, run.packages, run.binaries[xpkg.BUILDER])


def _works(run: _Run, step: Step) -> None:
    """Wait until every component works, and names are answered."""
    for name, component in run.components.items():
        step.update(f"waits for {name}")
        run.supervisor.wait(component)
    step.update("waits for DNS")
    checks.wait(run.layout, lambda: checks.names_trouble(run.layout), "names are not answered")


STEPS: list[tuple[str, Callable[[_Run, Step], None]]] = [
    ("Debian packages", _packages),
    ("binaries", _binaries),
    ("image archives", _archives),
    ("kernel settings", _kernel),
    ("certificates and configuration", _files),
    ("network and mounts", _isolation),
    ("API server", _api_server),
    ("controllers and node", _controllers),
    ("DNS, storage, Gateway API", _addons),
    ("NetworkPolicy", _network_policy),
    ("images", _images),
    ("everything works", _works),
]


def _start(run: _Run, step: Step, names: tuple[str, ...]) -> None:
    for name in names:
        step.update(f"starts {name}")
        known = name in run.state.processes
        why = run.supervisor.start(run.components[name])
        if why and known:
            run.report.say(f"   {name} was restarted: {why}")
