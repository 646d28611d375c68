"""The agent's connection to one tenant: a session, one watch, what was discovered.

The watch serves two ends: a new API group gets into the roles of its users at once, and a broken
stream says that the API server went away, so that everything is looked at again when it is back.
Not here: what is applied and reported (handlers/tenant_manifests.py).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent import api_roles, metrics, tenant_secret
from agent.apply import apply_all
from agent.bursts import Burst
from agent.discovery import Discovery
from agent.kube import ApiError, Json
from agent.lists import listed, version_of
from agent.outcome import NotReadyError
from core.errors import TenantplaneError

logger = logging.getLogger("agent")

_REWATCH_SECONDS = 0.2
_SERVER_ERROR = 500


class Tenant:
    """One tenant's API server, as the agent."""

    def __init__(self, spec: Json, files: Mapping[str, bytes], wake: Callable[[], None]) -> None:
        """Open nothing yet.

        Args:
            spec: Of the TenantManifests; `server` and `tlsServerName` say where it is.
            files: Authority, certificate and key.
            wake: Called when everything in the tenant should be looked at again.

        Raises:
            agent.outcome.NotReadyError: The files are unusable.
        """
        self.client = tenant_secret.connect(spec, files)
        self.discovery = Discovery(self.client)
        self._wake = wake
        self._roles: Sequence[Json] = ()
        self._groups: frozenset[str] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._closing = False

    async def close(self) -> None:
        """Close the watch and every connection."""
        self._closing = True
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        await self.client.close()

    async def check_ready(self) -> None:
        """Ask whether the API server is ready; its probes may leave a part out (docs/adr/0007).

        Raises:
            agent.loops.NotReadyError: It is not.
            agent.kube.ApiError: The server refused to say.
            agent.kube.UnreachableError: The API server doesn't answer.
        """
        try:
            await self.client.get("/readyz")
        except ApiError as error:
            if error.status < _SERVER_ERROR:
                raise
            message = f"the API server answers, but is not ready: {error}"
            raise NotReadyError("NotReady", message, {"lastError": message}) from error

    async def follow_groups(self, roles: Sequence[Json]) -> None:
        """Write the roles for API groups, and keep them in step with those of the tenant.

        Args:
            roles: `spec.apiRoles`; with none, the watch only tells that the API server went away.

        Raises:
            agent.apply.ApplyError: Some were refused.
            agent.kube.UnreachableError: The API server doesn't answer.
        """
        self._roles = roles
        if self._watching is None or self._watching.done():
            groups, version = await self._list()
            self._watching = asyncio.create_task(self._watch(groups, version))
            self._watching.add_done_callback(self._watch_ended)
            self._groups = frozenset(groups.values())
        await self._write_roles()

    def _watch_ended(self, watching: asyncio.Task[None]) -> None:
        """The API server went away: whatever ended the watch, the loop connects anew."""
        if not watching.cancelled() and (error := watching.exception()) is not None:
            logger.error("watch: unexpected %s", type(error).__name__, exc_info=error)
        if not self._closing:
            self._wake()

    async def _list(self) -> tuple[dict[str, str], str]:
        """Return the group of each APIService, and a version from which on changes are told."""
        path = api_roles.API_SERVICES
        version = await version_of(self.client, path)
        found = listed(self.client, path, metadata_list=True)
        items = [item["metadata"]["name"] async for item in found]
        return {name: api_roles.group_of(name) for name in items}, version

    async def _write_roles(self) -> None:
        async with self._writing:
            if self._roles and self._groups is not None:
                roles = [api_roles.cluster_role(role, self._groups) for role in self._roles]
                await apply_all(self.client, self.discovery, roles)
                metrics.ROLE_UPDATES.inc()

    async def _watch(self, groups: dict[str, str], version: str) -> None:
        """Follow the APIServices until the stream breaks; then have everything looked at again."""
        changed = asyncio.Event()
        burst = Burst(changed.set)
        writer = asyncio.create_task(self._write_when(changed))
        try:
            while True:
                async for event in self.client.watch(api_roles.API_SERVICES, version):
                    version = event["object"]["metadata"]["resourceVersion"]
                    if _note(groups, event):
                        self._groups = frozenset(groups.values())
                        burst.note()
                await asyncio.sleep(_REWATCH_SECONDS)
        except TenantplaneError as error:
            logger.debug("watch ended: %s", error)
        finally:
            burst.close()
            writer.cancel()

    async def _write_when(self, changed: asyncio.Event) -> None:
        while True:
            await changed.wait()
            changed.clear()
            try:
                await self._write_roles()
            except TenantplaneError:
                self._wake()  # the loop tries again, and reports it


def _note(groups: dict[str, str], event: Mapping[str, Any]) -> bool:
    """Take over one event; returns whether the set of groups may be another now."""
    if event["type"] == "BOOKMARK":
        return False
    name = event["object"]["metadata"]["name"]
    before = set(groups.values())
    if event["type"] == "DELETED":
        groups.pop(name, None)
    else:
        groups[name] = api_roles.group_of(name)
    return before != set(groups.values())
