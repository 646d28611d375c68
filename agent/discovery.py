"""Where a tenant's API server has an object: the URL path of its kind.

Not here: requests (kube.py), what is applied (apply.py).
"""

import asyncio
from dataclasses import dataclass
from typing import Any, NamedTuple

from agent.kube import ApiError, Client
from core.errors import TenantplaneError


class NotServedError(TenantplaneError):
    """The API server has no such kind (yet: its CRD may be on the way)."""


@dataclass(frozen=True, order=True)
class Reference:
    """One object, wherever it is."""

    api_version: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> "Reference":
        """Return the reference of an object or of an inventory's entry."""
        metadata = manifest.get("metadata", manifest)
        return cls(
            manifest["apiVersion"],
            manifest["kind"],
            metadata.get("namespace", ""),
            metadata["name"],
        )

    def entry(self) -> dict[str, str]:
        """Return it as an entry of an inventory."""
        entry = {"apiVersion": self.api_version, "kind": self.kind, "name": self.name}
        return entry | {"namespace": self.namespace} if self.namespace else entry

    def __str__(self) -> str:
        """Return how an error names the object."""
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {where}{self.name}"


class _Resource(NamedTuple):
    plural: str
    namespaced: bool


class Discovery:
    """Paths of the kinds that were asked for; a kind that is not served is asked for again."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[tuple[str, str], _Resource] = {}
        self._asking: dict[str, asyncio.Lock] = {}

    async def path(self, reference: Reference) -> str:
        """Return the path of an object.

        Raises:
            NotServedError: The API server has no such kind.
            ApiError: It refused to say.
        """
        resource = await self._resource(reference.api_version, reference.kind)
        prefix = "apis" if "/" in reference.api_version else "api"
        where = f"/namespaces/{reference.namespace or 'default'}" if resource.namespaced else ""
        return f"/{prefix}/{reference.api_version}{where}/{resource.plural}/{reference.name}"

    async def _resource(self, api_version: str, kind: str) -> _Resource:
        async with self._asking.setdefault(api_version, asyncio.Lock()):
            if (api_version, kind) not in self._known:
                await self._ask(api_version, kind)
        if (api_version, kind) not in self._known:
            raise NotServedError(
                f"{kind}: the tenant serves no such kind in {api_version}; "
                "apply its CustomResourceDefinition, or correct apiVersion and kind"
            )
        return self._known[api_version, kind]

    async def _ask(self, api_version: str, kind: str) -> None:
        prefix = "apis" if "/" in api_version else "api"
        try:
            listed = await self._client.get(f"/{prefix}/{api_version}")
        except ApiError as error:
            if not error.not_found:
                raise
            return
        for entry in listed.get("resources", []):
            if entry["kind"] == kind and "/" not in entry["name"]:
                self._known[api_version, kind] = _Resource(entry["name"], entry["namespaced"])

    def forget(self, api_version: str, kind: str) -> None:
        """Ask anew next time: the kind's definition may have gone."""
        self._known.pop((api_version, kind), None)
