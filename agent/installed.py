"""What an operator's package manager made inside a tenant, read within bounds.

A tenant's users may have any number of objects there, each as large as any, and all tenants share
the agent's memory: of what others made the metadata alone is read, and the rest one by one.
Not here: what is done with it (packages.py).
"""

import json
from collections.abc import AsyncIterator

from agent.kube import ApiError, Client, Json
from agent.lists import listed
from agent.mirrored import list_path

MOST_READ = 100
"""Deployments, and Services, that are read: of twice as many programs as may run."""
MOST_KIB = 64
"""Of the spec of one. Crossplane's have less than 10."""

_OWNERS = "pkg.crossplane.io/"
"""Whose objects they are: Crossplane's package manager made them."""
_SERVICE = ("clusterIP", "externalName", "ports", "selector", "type")
"""What has to be known of a Service."""


def kib(spec: Json) -> int:
    """Return the size of a spec."""
    return -(-len(json.dumps(spec)) // 1024)


class Installed:
    """Reads what is installed in one namespace of a tenant."""

    def __init__(self, tenant: Client, namespace: str) -> None:
        """Read nothing yet."""
        self._tenant, self._namespace = tenant, namespace
        self.unread: list[str] = []
        """Kinds of which there are more than are read."""

    async def deployments(self) -> AsyncIterator[Json]:
        """Yield its Deployments, one after the other.

        Raises:
            ApiError: The tenant's API server refused.
            UnreachableError: It doesn't answer.
        """
        async for one in self._owned("Deployment"):
            yield {**one, "apiVersion": "apps/v1", "kind": "Deployment"}

    async def services(self) -> list[Json]:
        """Return its Services, and of each what is needed; one that is too large is left out.

        Raises:
            ApiError: The tenant's API server refused.
            UnreachableError: It doesn't answer.
        """
        found = []
        async for one in self._owned("Service"):
            metadata = {key: one["metadata"][key] for key in ("name", "namespace")}
            spec = {key: one["spec"][key] for key in _SERVICE if key in one["spec"]}
            if kib(spec) <= MOST_KIB:
                kind = {"apiVersion": "v1", "kind": "Service"}
                found.append(kind | {"metadata": metadata, "spec": spec})
        return found

    async def _owned(self, kind: str) -> AsyncIterator[Json]:
        path = list_path(self._namespace, kind)
        names: list[str] = []
        async for item in listed(self._tenant, path, metadata_list=True):
            if not _is_owned(item):
                continue
            if len(names) == MOST_READ:
                self.unread.append(kind)
                break
            names.append(item["metadata"]["name"])
        for name in names:
            try:
                found = await self._tenant.get(f"{path}/{name}")
            except ApiError as error:
                if not error.not_found:  # deleted meanwhile
                    raise
                continue
            if _is_owned(found):
                yield found


def _is_owned(item: Json) -> bool:
    """Whether the package manager made it, and it isn't going."""
    owners = item["metadata"].get("ownerReferences") or []
    controlled = any(
        owner.get("controller") and owner["apiVersion"].startswith(_OWNERS) for owner in owners
    )
    return controlled and "deletionTimestamp" not in item["metadata"]
