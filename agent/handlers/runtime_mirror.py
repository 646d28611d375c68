"""RuntimeMirror: what an operator has in its tenant and its pods need on the host.

Not here: copying files (agent/copies.py), running what it installs (agent/packages.py), what is in
place already (agent/mirrored.py), when an object is looked at (agent/loops.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import kopf

from agent import copies, host, mirrored, packages, tenant_secret
from agent.installed import MOST_READ
from agent.kube import ApiError, Client, Json, UnreachableError
from agent.mirrored import Applied, Mirrored
from agent.outcome import NotReadyError, Outcome
from agent.packages import Packages
from agent.sessions import Sessions
from agent.watches import Watches
from core import names
from core.errors import first_of
from core.manifests import crds, runtime_mirror
from core.operators.references import File
from core.operators.wiring import ROOT_CA

_POLL_SECONDS = 15.0
"""How often it is looked at while not all lists are watched, or something is on its way."""

_SHOWN = 20
"""How many files that are missing are named: a tenant's users name them, as many as they like."""


@dataclass
class _Session:
    """A connection to a tenant, the watches on it and on the host, and what was applied there."""

    client: Client
    inside: Watches
    outside: Watches
    applied: Applied = field(default_factory=dict)

    @property
    def told(self) -> bool:
        """Whether whatever happens is told."""
        return self.inside.stand and self.outside.stand

    async def close(self) -> None:
        """Close the watches and every connection to the tenant."""
        await self.inside.close()
        await self.outside.close()
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
        spec = body["spec"]
        wiring, installed = runtime_mirror.wiring(spec), spec.get("packages")
        files = {(one["namespace"], File(one["kind"], one["name"])) for one in spec["files"]}
        session.inside.follow(_watched(spec))
        session.outside.follow(
            [mirrored.watched(wiring.tenant, wiring.operator)] if installed else []
        )
        made = await Mirrored(self._client, wiring.tenant, wiring.operator, session.applied).look()
        copied = copies.Copies()
        await copies.copy(session.client, made, files, copied)
        running = packages.Running()
        if installed:
            ca_hash = copied.authorities.get(installed)
            running = await Packages(session.client, made, wiring, installed, ca_hash).run()
            await copies.copy(session.client, made, running.files - files, copied)
        await made.prune(copied.placed | running.placed)
        authorities = [one for one in copied.missing if one.endswith(f"/{ROOT_CA}")]
        if authorities:
            named = ", ".join(first_of(authorities, _SHOWN))
            problem = f"the tenant doesn't have {named} yet: no pod could start"
            raise NotReadyError("NoAuthority", problem)
        soon = None if running.settled and session.told else _POLL_SECONDS
        return _outcome(copied, running, runs=bool(installed), again_seconds=soon)

    async def _remove(self, body: Json) -> None:
        """Take from the host what was copied, and what ran; let go of it without a right to it.

        That goes with the whole namespace, in any order, which would else stay for ever. There no
        event is let in; where the RoleBinding alone is gone, it says what is left.
        """
        spec = body["spec"]
        try:
            made = await Mirrored(self._client, spec["tenant"], spec["operator"]).look()
            await made.prune(set())
        except (ApiError, UnreachableError) as error:
            if isinstance(error, ApiError) and error.forbidden:
                if not error.terminating:
                    host.event(body, kopf.warn, "ObjectsLeft", _left(body, error))
                return
            raise NotReadyError("RemoveFailed", f"not removed yet: {error}") from error

    async def _set_finalizer(self, body: Json, *, present: bool) -> None:
        finalizer = crds.RUNTIME_MIRROR_FINALIZER
        await host.set_finalizer(self._client, body, self.plural, finalizer, present=present)

    async def _session(self, body: Json, wake: Callable[[], None]) -> _Session:
        def connect(files: Mapping[str, bytes]) -> _Session:
            client = tenant_secret.connect(body["spec"], files)
            return _Session(client, Watches(client, wake), Watches(self._client, wake))

        return await self._sessions.of(body, connect)


def _watched(spec: Json) -> list[str]:
    """Return which lists of the tenant say that something is to be done."""
    found = {mirrored.list_path(one["namespace"], one["kind"]) for one in spec["files"]}
    if installed := spec.get("packages"):
        found |= set(packages.watched(installed))
    return sorted(found)


def _left(body: Json, error: ApiError) -> str:
    namespace, operator = body["metadata"]["namespace"], body["spec"]["operator"]
    return (
        f"namespace {namespace}: copies and programs of operator {operator} may be left, as the "
        f"agent has no right to them ({error}); delete them with `kubectl -n {namespace} delete "
        f"{mirrored.KINDS} -l {names.LABEL_MIRROR}={operator}`"
    )


def _outcome(
    copied: copies.Copies,
    running: packages.Running,
    *,
    runs: bool,
    again_seconds: float | None,
) -> Outcome:
    missing = first_of(sorted(copied.missing), _SHOWN)
    fields: Json = {
        "files": len(copied.placed),
        "missing": missing,
        "workloads": running.workloads,
    }
    message = f"{len(copied.placed)} files are on the host"
    if missing:
        message += f"; the tenant doesn't have {', '.join(missing)}"
    if runs:
        message += f"; {running.workloads} programs run"
    if running.unread:
        kinds = " and ".join(f"{kind}s" for kind in sorted(running.unread))
        message += f"; of the {kinds} of packages the first {MOST_READ} are read: uninstall some"
    return Outcome("Mirrored", message, fields, again_seconds=again_seconds)
