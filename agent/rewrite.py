"""Writes a tenant's objects anew as they are, so that its store has them as it is encrypted now.

A patch that changes nothing is not written, unless what is stored was encrypted otherwise: then the
API server writes it with the present key. It sees to conflicts itself, and the agent reads the
objects' names alone.
Not here: when (handlers/reencryption.py).
"""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

from agent.kube import CONNECTIONS, ApiError, Client, Json
from agent.lists import listed
from core.errors import TenantplaneError

_SECRETS = "/api/v1/secrets"
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_NEEDED_VERBS = {"list", "patch"}


class NotServedError(TenantplaneError):
    """Objects may be stored that nobody can see."""


async def rewrite(client: Client, *, everything: bool) -> int:
    """Write all objects anew, or Secrets alone; return how many there were.

    Raises:
        NotServedError: There are kinds whose objects can't be reached.
        ApiError: The tenant's API server refused one.
        UnreachableError: It doesn't answer.
    """
    kinds = [_SECRETS]
    if everything:
        kinds = [path async for path in _kinds(client)]
        await _check_served(client, kinds)
    count = 0
    for kind in kinds:
        # All before the first patch: a list's next page is there for five minutes alone.
        objects = [path async for path in _objects(client, kind)]
        for at in range(0, len(objects), CONNECTIONS):
            await asyncio.gather(*(_touch(client, one) for one in objects[at : at + CONNECTIONS]))
        count += len(objects)
    return count


async def _touch(client: Client, path: str) -> None:
    try:
        await client.merge(path, {})
    except ApiError as error:
        if not error.not_found:  # deleted meanwhile
            raise


async def _kinds(client: Client) -> AsyncIterator[str]:
    """Paths of all kinds that the API server itself stores.

    Each is there once, in the first version of its group that has it, the preferred one before the
    others: one version need not have all kinds of its group.
    """
    groups = (await client.get("/apis"))["groups"]
    aggregated = await _aggregated(client)
    for versions in (["/api/v1"], *map(_versions, groups)):
        seen: set[str] = set()
        for version in versions:
            if version in aggregated:
                continue
            for resource in (await client.get(version))["resources"]:
                name = resource["name"]
                if "/" in name or name in seen or not set(resource["verbs"]) >= _NEEDED_VERBS:
                    continue
                seen.add(name)
                yield f"{version}/{name}"


async def _check_served(client: Client, kinds: list[str]) -> None:
    """What the tenant once stored of a kind that nothing serves now would keep the old key."""
    served = {f"{path.split('/')[-1]}.{path.split('/')[2]}" for path in kinds}
    defined = [path.rpartition("/")[2] async for path in _objects(client, _DEFINITIONS)]
    hidden = sorted(set(defined) - served)
    if hidden:
        raise NotServedError(
            f"CustomResourceDefinitions {', '.join(hidden)}: the API server serves none of their "
            "versions itself, and their objects can't be written; serve one, or delete them"
        )


def _versions(group: Json) -> list[str]:
    """Paths of a group's versions, the preferred one first."""
    listed = [group["preferredVersion"], *group["versions"]]
    return list(dict.fromkeys(f"/apis/{one['groupVersion']}" for one in listed))


async def _aggregated(client: Client) -> set[str]:
    """Versions that other servers serve, from stores of their own."""
    services = await client.get("/apis/apiregistration.k8s.io/v1/apiservices")
    specs = [item["spec"] for item in services["items"] if item["spec"].get("service")]
    return {f"/apis/{spec['group']}/{spec['version']}" for spec in specs}


async def _objects(client: Client, kind: str) -> AsyncIterator[str]:
    """Paths of a kind's objects."""
    base, _, plural = kind.rpartition("/")
    async for item in listed(client, kind, metadata_list=True):
        yield _object(base, plural, item["metadata"])


def _object(base: str, plural: str, metadata: dict[str, str]) -> str:
    where = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{base}{where}/{plural}/{quote(metadata['name'], safe='')}"
