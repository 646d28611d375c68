"""TenantManifests: objects inside a tenant, applied, repaired and pruned.

Not here: the requests (agent/apply.py), the connection and its watch (agent/tenant.py), when an
object is looked at (agent/loops.py).
"""

import base64
import json
from collections.abc import Callable, Mapping

import kopf

from agent import host
from agent.apply import ApplyError, apply_all, remove_all
from agent.discovery import Reference
from agent.kube import ApiError, Client, Json, UnreachableError
from agent.outcome import NotReadyError, Outcome
from agent.sessions import Sessions
from agent.tenant import Tenant
from agent.tenant_secret import NoWayInError
from core.errors import first_of, list_of
from core.manifests import crds, rbac
from core.manifests.crd_schemas import OBJECTS_KEY

_LEAVING_SECONDS = 15.0
"""How soon it is seen that what left the list is gone."""
_SHOWN = 3


class TenantManifests:
    """Reconciles TenantManifests objects."""

    kind = "TenantManifests"
    plural = crds.TENANT_MANIFESTS
    eager = True

    def __init__(self, client: Client) -> None:
        self._client = client
        self._sessions = Sessions[Tenant](client)

    async def reconcile(self, body: Json, wake: Callable[[], None]) -> Outcome:
        """Bring the tenant's objects to the list, or take them out."""
        finalizer = crds.TENANT_MANIFESTS_FINALIZER
        ours = finalizer in body["metadata"].get("finalizers", [])
        delete = _policy(body) == "Delete"
        if "deletionTimestamp" in body["metadata"]:
            if ours and delete:
                await self._remove(body, wake)
            if ours:
                await self._set_finalizer(body, present=False)
            return Outcome("Removed", finished=True)
        if ours != delete:
            await self._set_finalizer(body, present=delete)
        return await self._apply(body, wake)

    async def forget(self, uid: str) -> None:
        """Close the connection to a tenant whose object is gone."""
        await self._sessions.forget(uid)

    async def _set_finalizer(self, body: Json, *, present: bool) -> None:
        finalizer = crds.TENANT_MANIFESTS_FINALIZER
        await host.set_finalizer(self._client, body, self.plural, finalizer, present=present)

    async def _apply(self, body: Json, wake: Callable[[], None]) -> Outcome:
        """Apply the list, and remove what left it.

        What left it and is held by finalizers makes nothing unready: all that is asked for is in
        place, and whoever waits for that would wait for a program that may have been taken out in
        the same change. It stays in the inventory, so that it is seen until it is gone.
        """
        spec = body["spec"]
        objects = [*spec["objects"], *await self._hidden(body)]
        wanted = {Reference.of(manifest) for manifest in objects}
        roles = spec.get("apiRoles", [])
        wanted |= {Reference(rbac.API_VERSION, "ClusterRole", "", role["name"]) for role in roles}
        known, left = _inventory(body), dict[Reference, str]()
        try:
            tenant = await self._tenant(body, wake)
            await tenant.check_ready()
            if not wanted <= known:
                await self._note(body, wanted | known)
            owner = body["metadata"]["name"]
            await apply_all(tenant.client, tenant.discovery, objects, owner)
            await tenant.follow_groups(roles)
            if _policy(body) != "Keep":
                left = await remove_all(tenant.client, tenant.discovery, known - wanted, owner)
        except UnreachableError as error:
            raise NotReadyError("Unreachable", str(error), {"lastError": str(error)}) from error
        except ApplyError as error:
            fields: Json = {
                "applied": len(error.done),
                "inventory": _entries(wanted | known),
                "lastError": str(error),
            }
            raise NotReadyError("ApplyFailed", str(error), fields) from error
        except ApiError as error:
            await self._refused(body, error)
            raise NotReadyError("Refused", str(error), {"lastError": str(error)}) from error
        inventory = _entries(wanted | left.keys())
        placed: Json = {"applied": len(wanted), "inventory": inventory, "lastError": None}
        message = f"{len(wanted)} objects are in place"
        if not left:
            return Outcome("Applied", message, placed)
        message += f"; of what left the list, {_still_there(left)}"
        return Outcome("Applied", message, placed, warns=True, again_seconds=_LEAVING_SECONDS)

    async def _remove(self, body: Json, wake: Callable[[], None]) -> None:
        """Take the objects out of the tenant; let go of them where there is no way in any more.

        Nothing else lets go: whatever passes, like a host that is busy, would orphan them. Nor is
        it over while finalizers hold one: whoever takes them off would be removed next, with the
        operator's pods, and the object would stay for ever. Namespaces count on the controllers
        that each tenant has (core.flags.CONTROLLERS), definitions on its API server.
        """
        hint = "; to let go of them, set deletionPolicy to Orphan"
        try:
            tenant = await self._tenant(body, wake)
            owner = body["metadata"]["name"]
            left = await remove_all(tenant.client, tenant.discovery, _inventory(body), owner)
        except NoWayInError as error:
            host.event(body, kopf.warn, "ObjectsLeft", str(error))
        except (UnreachableError, ApplyError, ApiError, NotReadyError) as error:
            reason = "Unreachable" if isinstance(error, UnreachableError) else "RemoveFailed"
            message = f"objects not removed yet: {error}{hint}"
            raise NotReadyError(reason, message, {"lastError": str(error)}) from error
        else:
            if left:
                remedy = f"have who set a finalizer take it off{hint}"
                message = f"not removed yet: {_still_there(left)}; {remedy}"
                raise NotReadyError("Removing", message, {"lastError": message})

    async def _hidden(self, body: Json) -> list[Json]:
        """Return the objects that stand in a Secret."""
        name = body["spec"].get("objectsSecret")
        if name is None:
            return []
        namespace = body["metadata"]["namespace"]
        try:
            found = await self._client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
            listed: list[Json] = json.loads(base64.b64decode(found["data"][OBJECTS_KEY]))
        except (ApiError, KeyError, ValueError) as error:
            message = (
                f"Secret {namespace}/{name}: its {OBJECTS_KEY} can't be read, got "
                f"{type(error).__name__}; create it, and a RoleBinding for the agent"
            )
            raise NotReadyError("NoObjects", message) from error
        return listed

    async def _note(self, body: Json, references: set[Reference]) -> None:
        """Write down what is about to be applied, so that it is pruned whatever happens next."""
        path = f"{host.path_of(body, self.plural)}/status"
        await self._client.merge(path, {"status": {"inventory": _entries(references)}})

    async def _tenant(self, body: Json, wake: Callable[[], None]) -> Tenant:
        return await self._sessions.of(body, lambda files: Tenant(body["spec"], files, wake))

    async def _refused(self, body: Json, error: ApiError) -> None:
        """A server that doesn't know us may have been made anew: connect anew next time."""
        if error.unauthorized:
            await self.forget(body["metadata"]["uid"])


def _policy(body: Json) -> str:
    return str(body["spec"].get("deletionPolicy", "Delete"))


def _inventory(body: Json) -> set[Reference]:
    return {Reference.of(entry) for entry in body.get("status", {}).get("inventory", [])}


def _still_there(left: Mapping[Reference, str]) -> str:
    """Name the first of what was deleted and isn't gone, and what each waits for."""
    said = first_of([left[reference] for reference in sorted(left)], _SHOWN)
    return list_of(f"{len(left)} objects are still there", said)


def _entries(references: set[Reference]) -> list[dict[str, str]]:
    return [reference.entry() for reference in sorted(references)]
