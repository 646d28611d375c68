"""What stands on the host for an operator: put in place where it isn't, gone where nobody wants it.

One list of each kind says what is there, for a whole look. What was applied before, and is on the
host as it was then, isn't applied again: by the hundred tenants that would be most of what the
host's API server does.
Not here: what is wanted (copies.py, packages.py), when (handlers/runtime_mirror.py).
"""

import hashlib
import json
from collections.abc import Set as AbstractSet

from agent.kube import Client, Json
from agent.lists import PAGE, listed
from core import names
from core.operators.wiring import host_labels

_PATHS = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Secret": "/api/v1/namespaces/{}/secrets",
    "Service": "/api/v1/namespaces/{}/services",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
}

KINDS = "configmaps,deployments,secrets,serviceaccounts,services"
"""All of them, as kubectl names them."""
_DEPLOYMENTS = 20
"""How many Deployments are read at a time: what tenants install is of some size (packages.py)."""

Key = tuple[str, str]
"""Kind and name on the host."""
Applied = dict[Key, tuple[str, str]]
"""What was applied last, as a hash, and what the host made of it, as a version."""


def list_path(namespace: str, kind: str) -> str:
    """Return where objects of a kind are listed."""
    return _PATHS[kind].format(namespace)


def watched(tenant: str, operator: str) -> str:
    """Return which list of the host says how an operator's programs fare."""
    path = list_path(names.namespace(tenant), "Deployment")
    return f"{path}?labelSelector={names.LABEL_MIRROR}%3D{operator}"


def labels(tenant: str, operator: str) -> dict[str, str]:
    """Return the labels of what the agent makes on the host for an operator."""
    return {**host_labels(tenant, operator), names.LABEL_MIRROR: operator}


class Mirrored:
    """One look at what stands on the host for an operator."""

    def __init__(
        self, host: Client, tenant: str, operator: str, applied: Applied | None = None
    ) -> None:
        """Look at nothing yet.

        Args:
            host: The host's.
            tenant: Its id.
            operator: Its name.
            applied: What earlier looks applied; this one adds to it.
        """
        self._host, self._operator = host, operator
        self._namespace = names.namespace(tenant)
        self._labels = labels(tenant, operator)
        self._applied: Applied = {} if applied is None else applied
        self._there: dict[Key, Json] = {}

    async def look(self) -> "Mirrored":
        """See what is there, whoever made it; of Deployments their status too.

        Raises:
            ApiError: The host refused.
            UnreachableError: It doesn't answer.
        """
        for kind in _PATHS:
            whole = kind == "Deployment"
            path = list_path(self._namespace, kind)
            found = listed(
                self._host, path, metadata_list=not whole, page=_DEPLOYMENTS if whole else PAGE
            )
            async for item in found:
                self._there[kind, item["metadata"]["name"]] = _kept(item)
        return self

    def get(self, kind: str, name: str) -> Json:
        """Return one, as it was seen last or as it became; an empty one if there is none."""
        return self._there.get((kind, name), {})

    def is_taken(self, kind: str, name: str) -> bool:
        """Whether something of this name is there that wasn't made for the operator."""
        there = self._there.get((kind, name))
        return there is not None and not self._is_ours(there)

    def is_declared(self, kind: str, name: str) -> bool:
        """Whether something of this name is there that the agent made for no operator."""
        there = self._there.get((kind, name))
        return there is not None and names.LABEL_MIRROR not in (
            there["metadata"].get("labels") or {}
        )

    async def apply(self, body: Json) -> None:
        """Put one in place if it isn't; its name and its labels are all that stay of its metadata.

        Raises:
            ApiError: The host refused.
            UnreachableError: It doesn't answer.
        """
        kind, name = key = body["kind"], body["metadata"]["name"]
        body = {**body, "metadata": {"name": name, "labels": self._labels}}
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        there = self._there.get(key)
        if there is not None and self._applied.get(key) == (digest, _version(kind, there)):
            return
        self._there[key] = _kept(await self._host.apply(self._path(key), body))
        self._applied[key] = digest, _version(kind, self._there[key])

    async def replace(self, body: Json) -> None:
        """Make one anew that can't be changed to this."""
        await self._delete((body["kind"], body["metadata"]["name"]))
        await self.apply(body)

    async def prune(self, wanted: AbstractSet[Key]) -> None:
        """Take away what was made for the operator and isn't wanted any more."""
        ours = {key for key, there in self._there.items() if self._is_ours(there)}
        for key in sorted(ours - wanted):
            await self._delete(key)

    async def _delete(self, key: Key) -> None:
        await self._host.delete(self._path(key))
        self._there.pop(key, None)
        self._applied.pop(key, None)

    def _path(self, key: Key) -> str:
        kind, name = key
        return f"{list_path(self._namespace, kind)}/{name}"

    def _is_ours(self, there: Json) -> bool:
        found = there["metadata"].get("labels") or {}
        return bool(found.get(names.LABEL_MIRROR) == self._operator)


def _kept(there: Json) -> Json:
    """Return what has to be known of an object."""
    return {key: there[key] for key in ("metadata", "status") if key in there}


def _version(kind: str, there: Json) -> str:
    """Return what changes with an object: of a Deployment, whose status others write, its spec."""
    metadata = there["metadata"]
    if kind != "Deployment":
        return str(metadata["resourceVersion"])
    said = json.dumps(metadata.get("labels"), sort_keys=True)
    return f"{metadata['uid']} {metadata['generation']} {said}"
