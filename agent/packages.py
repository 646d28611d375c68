"""What an operator installs inside its tenant, where nothing would run it, run on the host.

Crossplane's package manager makes a Deployment with Service, ServiceAccount and Secrets for each
provider and function. Here each gets its like on the host, wired to the tenant, and says in the
tenant how that one fares; its Service in the tenant leads to the host.
Not here: what is there (installed.py), the copies of what pods read (copies.py), what is in place
already (mirrored.py), when (handlers/runtime_mirror.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from agent.installed import MOST_KIB, Installed, kib
from agent.kube import ApiError, Client, Json
from agent.mirrored import Key, Mirrored, list_path
from core.errors import TenantplaneError, first_of
from core.operators import objects, pods, refusals, services
from core.operators.references import File, files
from core.operators.services import Front
from core.operators.wiring import RESERVED, Wiring, on_host, pod_label

_STATUS = (
    "availableReplicas",
    "conditions",
    "readyReplicas",
    "replicas",
    "unavailableReplicas",
    "updatedReplicas",
)


_MOST = 50
"""Programs that one operator may have installed: a tenant's users install them."""
_PROBLEMS = 10
"""How many problems of a Deployment are told."""


def watched(namespace: str) -> list[str]:
    """Return which lists of a tenant say what its operator installs."""
    return [list_path(namespace, kind) for kind in ("Deployment", "Secret", "Service")]


class _RefusedError(TenantplaneError):
    """One can't be run on the host for what it is; others may be right."""


@dataclass
class Running:
    """What came of it."""

    files: set[tuple[str, File]] = field(default_factory=set)
    """What the pods read, after its namespace in the tenant."""
    placed: set[Key] = field(default_factory=set)
    """What of it stays on the host."""
    workloads: int = 0
    settled: bool = True
    """Nothing is on its way any more."""
    unread: list[str] = field(default_factory=list)
    """Kinds of which there are more than are read."""


class Packages:
    """Runs what is installed in one namespace of a tenant."""

    def __init__(
        self, tenant: Client, made: Mirrored, wiring: Wiring, namespace: str, ca_hash: str | None
    ) -> None:
        """Do nothing yet.

        Args:
            tenant: Its API server.
            made: What stands on the host.
            wiring: Of the operator.
            namespace: Of the tenant.
            ca_hash: Of the tenant's authority.
        """
        self._tenant, self._made, self._wiring = tenant, made, wiring
        self._namespace, self._ca_hash = namespace, ca_hash

    async def run(self) -> Running:
        """Bring the host to what is installed, and the tenant to how it fares.

        Raises:
            ApiError: One of the two refused.
            UnreachableError: One of the two doesn't answer.
        """
        running = Running()
        installed = Installed(self._tenant, self._namespace)
        known = await installed.services()
        fronts = services.fronts(known)
        placed = 0
        async for deployment in installed.deployments():
            try:
                self._check(deployment, known, placed)
                made = self._like(deployment, fronts)
            except _RefusedError as error:
                await self._say(deployment, _refused(str(error)))
                continue
            spec = objects.template(deployment)["spec"]
            running.files |= {(self._namespace, file) for file in files(spec)}
            placed += 1
            running.placed |= set(self._names_of(deployment, known))
            try:
                await self._place(deployment, made, known)
            except _RefusedError as error:
                await self._say(deployment, _refused(str(error)))
                continue
            running.workloads += 1
            running.settled &= await self._follow(deployment)
        running.unread = installed.unread
        return running

    def _check(self, deployment: Json, known: list[Json], placed: int) -> None:
        """Check whether a Deployment can be run; `placed` are on the host already.

        One that its host refused counts, as its ServiceAccount and Services are there all the same.

        Raises:
            _RefusedError: It can't.
        """
        if placed >= _MOST:
            raise _RefusedError(f"{_MOST} programs of the operator run already; uninstall some")
        problem = (
            self._problem(deployment)
            or self._taken(deployment, known)
            or self._unreadable(objects.template(deployment)["spec"])
        )
        if problem is not None:
            raise _RefusedError(problem)

    def _problem(self, deployment: Json) -> str | None:
        """Return what is wrong with a Deployment, None if nothing is."""
        thing = f"Deployment {self._namespace}/{deployment['metadata']['name']}"
        template = objects.template(deployment)
        found = list(refusals.problems(template, self._wiring, self._namespace, thing))
        return "; ".join(first_of([str(one) for one in found], _PROBLEMS)) or None

    def _taken(self, deployment: Json, known: list[Json]) -> str | None:
        """Return which of its names is something else's on the host already, None if none is.

        With the operator's own ServiceAccount it would have the operator's rights in the tenant,
        which whoever installs packages hasn't.
        """
        for kind, name in self._names_of(deployment, known):
            if (kind, name) in RESERVED or self._made.is_taken(kind, name):
                return f"{kind} {name}: the name is taken on the host; choose another one"
        return None

    def _unreadable(self, spec: Json) -> str | None:
        """Return what its pods would find on the host that isn't the tenant's, None if nothing.

        What a chart has on the host alone is for the operator; claims are never the tenant's.
        """
        for file in sorted(files(spec)):
            if self._made.is_declared(file.kind, on_host(self._namespace, file.name)):
                what = f"{file.kind} {self._namespace}/{file.name}"
                return f"{what}: the host has something else of that name; choose another one"
        for volume in spec.get("volumes") or []:
            if volume.get("persistentVolumeClaim"):
                what = f"volume {volume.get('name')}"
                return f"{what}: the host has no claims of packages; use an emptyDir"
        return None

    def _names_of(self, deployment: Json, known: list[Json]) -> list[Key]:
        """Return kinds and names of what one has on the host."""
        found = (deployment, *self._services_of(deployment, known))
        own = [(one["kind"], one["metadata"]["name"]) for one in found]
        return [*own, ("ServiceAccount", self._account(deployment))]

    def _account(self, deployment: Json) -> str:
        return on_host(self._namespace, pods.service_account(objects.template(deployment)))

    def _services_of(self, deployment: Json, known: list[Json]) -> Iterator[Json]:
        labels = (objects.template(deployment).get("metadata") or {}).get("labels") or {}
        for one in known:
            selector = (one.get("spec") or {}).get("selector") or {}
            if selector and selector.items() <= labels.items():
                yield one

    def _like(self, deployment: Json, fronts: list[Front]) -> Json:
        """Return what one is on the host.

        Raises:
            _RefusedError: It is too large.
        """
        name, template = deployment["metadata"]["name"], objects.template(deployment)
        front = services.of(template, self._namespace, fronts)
        rewritten = pods.rewrite(template, self._wiring, self._namespace, host_name=front)
        pods.roll_with(rewritten, self._ca_hash or "")
        spec = {**deployment["spec"], "template": rewritten}
        spec["revisionHistoryLimit"] = 1
        made: Json = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
        objects.select(made, pod_label(self._wiring.operator))
        if (size := kib(spec)) > MOST_KIB:
            thing = f"Deployment {self._namespace}/{name}"
            problem = f"its spec has more than {MOST_KIB} KiB on the host, got {size}"
            raise _RefusedError(f"{thing}: {problem}; make it smaller")
        return made

    async def _place(self, deployment: Json, made: Json, known: list[Json]) -> None:
        """Put one on the host."""
        account = self._account(deployment)
        holder = {"apiVersion": "v1", "kind": "ServiceAccount"}
        await self._apply(holder | {"automountServiceAccountToken": False}, account)
        for service in self._services_of(deployment, known):
            await self._place_service(service)
        await self._apply(made, deployment["metadata"]["name"])

    async def _place_service(self, service: Json) -> None:
        name, spec = service["metadata"]["name"], service["spec"]
        headless = spec.get("clusterIP") == "None"
        there: Json = {
            "apiVersion": "v1",
            "kind": "Service",
            "spec": {
                "ports": [_port(port) for port in spec.get("ports") or []],
                "selector": spec["selector"],
                **({"clusterIP": "None"} if headless else {}),
            },
        }
        services.rewrite(there, pod_label(self._wiring.operator))
        await self._apply(there, name)
        if not headless:  # what the API server calls; pods look for a headless one by its name
            target = services.external_name(self._wiring.tenant, name)
            twin = {"type": "ExternalName", "externalName": target}
            if {key: spec.get(key) for key in twin} != twin:
                path = f"{list_path(self._namespace, 'Service')}/{name}"
                body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}}
                await self._tenant.apply(path, body | {"spec": twin})

    async def _apply(self, body: Json, name: str) -> None:
        try:
            await self._made.apply({**body, "metadata": {"name": name}})
        except ApiError as error:
            if not error.wrong:
                raise
            thing = f"{body['kind']} {self._namespace}/{name}"
            raise _RefusedError(f"{thing}: its host refuses it ({error})") from error

    async def _follow(self, deployment: Json) -> bool:
        """Say in the tenant how a Deployment fares on the host; returns whether it is settled."""
        there = self._made.get("Deployment", deployment["metadata"]["name"])
        status = there.get("status") or {}
        current = status.get("observedGeneration") == there.get("metadata", {}).get("generation")
        said = {key: status.get(key) for key in _STATUS} if current else {}
        if said:
            await self._say(deployment, said)
        wanted = deployment["spec"].get("replicas", 1)
        done = status.get("availableReplicas", 0) == status.get("updatedReplicas", 0) == wanted
        return bool(current and (done or _gave_up(status)))

    async def _say(self, deployment: Json, said: dict[str, Any]) -> None:
        """Write the status of a Deployment of the tenant, if it says something new."""
        metadata = deployment["metadata"]
        status = {**said, "observedGeneration": metadata.get("generation")}
        before = deployment.get("status") or {}
        if all(before.get(key) == value for key, value in status.items()):
            return
        path = f"{list_path(self._namespace, 'Deployment')}/{metadata['name']}/status"
        try:
            await self._tenant.merge(path, {"status": status})
        except ApiError as error:
            if not error.not_found:
                raise


def _gave_up(status: Json) -> bool:
    """Whether its rollout is over without success, as of a program that crashes for ever."""
    return any(
        condition.get("type") == "Progressing" and condition.get("status") == "False"
        for condition in status.get("conditions") or []
    )


def _port(port: Json) -> Json:
    return {key: value for key, value in port.items() if key != "nodePort"}


def _refused(problem: str) -> dict[str, Any]:
    """Return the status of a Deployment that isn't run, with the reason."""
    condition = {
        "type": "Available",
        "status": "False",
        "reason": "RefusedByPlatform",
        "message": problem,
    }
    return {"conditions": [condition], "availableReplicas": None, "readyReplicas": None}
