"""RuntimeMirror: what an operator has in its tenant and its pods need on the host.

Not here: copying files (agent/copies.py), running what it installs (agent/packages.py), when an
object is looked at (agent/loops.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agent import copies, host, packages, tenant_secret
from agent.kube import ApiError, Client, Json, UnreachableError
from agent.outcome import NotReadyError, Outcome
from agent.packages import Packages
from agent.sessions import Sessions
from agent.watches import Watches
from core.manifests import crds, runtime_mirror
from core.operators.references import File
from core.operators.wiring import ROOT_CA

_SETTLING_SECONDS = 1.0
_FOLLOWING_SECONDS = 15.0
"""How often those that run are looked at: nobody says when a pod on the host fails."""


@dataclass
class _Session:
    """A connection to a tenant, and the watches on it."""

    client: Client
    watches: Watches

    async def close(self) -> None:
        """Close the watches and every connection."""
        await self.watches.close()
        await self.client.close()


class RuntimeMirrors:
    """Reconciles RuntimeMirror objects."""

    kind = "RuntimeMirror"
    plural = crds.RUNTIME_MIRRORS
    eager = True

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sessions = Sessions[_Session](client)

    async def reconcile(self, body: Json, wake: Callable[[], None]) -> Outcome:
        """Bring the host to what the tenant has, or take all of it away."""
        host.check_namespace(body)
        if "deletionTimestamp" in body["metadata"]:
            if crds.RUNTIME_MIRROR_FINALIZER in body["metadata"].get("finalizers", []):
                await self._remove(body)
                await self._set_finalizer(body, present=False)
            return Outcome("Removed", finished=True)
        await self._set_finalizer(body, present=True)
        try:
            session = await self._session(body, wake)
            return await self._mirror(body, session)
        except UnreachableError as error:
            raise NotReadyError("Unreachable", str(error)) from error
        except ApiError as error:
            if error.unauthorized:
                await self.forget(body["metadata"]["uid"])
            raise NotReadyError("Refused", str(error)) from error

    async def forget(self, uid: str) -> None:
        """Close the connection to a tenant whose object is gone."""
        await self._sessions.forget(uid)

    async def _mirror(self, body: Json, session: _Session) -> Outcome:
        spec, namespace = body["spec"], body["metadata"]["namespace"]
        wiring = runtime_mirror.wiring(spec)
        labels = copies.mirror_labels(wiring.tenant, wiring.operator)
        files = {(one["namespace"], File(one["kind"], one["name"])) for one in spec["files"]}
        session.watches.follow(_watched(spec))
        copied = await copies.copy(session.client, self._client, namespace, labels, files)
        running = packages.Running()
        if installed := spec.get("packages"):
            ca_hash = copied.authorities.get(installed)
            runs = Packages(session.client, self._client, wiring, installed, ca_hash)
            running = await runs.run()
            more = await copies.copy(
                session.client, self._client, namespace, labels, running.files - files
            )
            copied.placed |= more.placed
            copied.missing += more.missing
        else:
            await copies.prune(self._client, wiring.operator, packages.lists(namespace), set())
        await copies.prune(self._client, wiring.operator, copies.lists(namespace), copied.placed)
        authorities = [one for one in copied.missing if one.endswith(f"/{ROOT_CA}")]
        if authorities:
            problem = f"the tenant doesn't have {', '.join(authorities)} yet: no pod could start"
            raise NotReadyError("NoAuthority", problem)
        return _outcome(copied, running, follows=bool(installed))

    async def _remove(self, body: Json) -> None:
        """Take from the host what was copied, and what ran."""
        namespace = body["metadata"]["namespace"]
        made = packages.lists(namespace) | copies.lists(namespace)
        try:
            await copies.prune(self._client, body["spec"]["operator"], made, set())
        except (ApiError, UnreachableError) as error:
            if isinstance(error, ApiError) and error.forbidden:
                return  # the whole namespace goes, the agent's right to it has gone before
            raise NotReadyError("RemoveFailed", f"not removed yet: {error}") from error

    async def _set_finalizer(self, body: Json, *, present: bool) -> None:
        finalizer = crds.RUNTIME_MIRROR_FINALIZER
        await host.set_finalizer(self._client, body, self.plural, finalizer, present=present)

    async def _session(self, body: Json, wake: Callable[[], None]) -> _Session:
        """Return the connection; a new one for more or fewer watches too.

        Each has a connection to itself, and requests need others.
        """
        watches = len(_watched(body["spec"]))

        def connect(files: Mapping[str, bytes]) -> _Session:
            client = tenant_secret.connect(body["spec"], files, watches=watches)
            return _Session(client, Watches(client, wake))

        return await self._sessions.of(body, connect, also=str(watches))


def _watched(spec: Json) -> list[str]:
    """Return which lists of the tenant say that something is to be done."""
    found = {copies.list_path(one["namespace"], one["kind"]) for one in spec["files"]}
    if installed := spec.get("packages"):
        found |= set(packages.watched(installed))
    return sorted(found)


def _outcome(copied: copies.Copies, running: packages.Running, *, follows: bool) -> Outcome:
    fields: Json = {
        "files": len(copied.placed),
        "missing": sorted(copied.missing),
        "workloads": running.workloads,
    }
    message = f"{len(copied.placed)} files are on the host"
    if copied.missing:
        message += f"; the tenant doesn't have {', '.join(sorted(copied.missing))}"
    if follows:
        message += f"; {running.workloads} programs run"
    again = None
    if not running.settled:
        again = _SETTLING_SECONDS
    elif follows:
        again = _FOLLOWING_SECONDS
    return Outcome("Mirrored", message, fields, again_seconds=again)
