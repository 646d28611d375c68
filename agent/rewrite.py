"""Writes a tenant's objects anew as they are, so that its store has them as it is encrypted now.

A patch that changes nothing is not written, unless what is stored was encrypted otherwise: then the
API server writes it with the present key. It sees to conflicts itself, and the agent reads the
objects' names alone.
Not here: when (handlers/reencryption.py).
"""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import quote

from agent.kube import CONNECTIONS, ApiError, Client

_PAGE = 500
_SECRETS = "/api/v1/secrets"
_NEEDED_VERBS = {"list", "patch"}


async def rewrite(client: Client, *, everything: bool) -> int:
    """Write all objects anew, or Secrets alone; return how many there were.

    Raises:
        ApiError: The tenant's API server refused one.
        UnreachableError: It doesn't answer.
    """
    paths = [path async for path in _resources(client)] if everything else [_SECRETS]
    count = 0
    for path in paths:
        async for page in _pages(client, path):
            for at in range(0, len(page), CONNECTIONS):
                await asyncio.gather(*(_touch(client, one) for one in page[at : at + CONNECTIONS]))
            count += len(page)
    return count


async def _touch(client: Client, path: str) -> None:
    try:
        await client.merge(path, {})
    except ApiError as error:
        if not error.not_found:  # deleted meanwhile
            raise


async def _resources(client: Client) -> AsyncIterator[str]:
    """Paths of all kinds that the API server itself stores, each in its preferred version."""
    versions = ["/api/v1"]
    groups = (await client.get("/apis"))["groups"]
    aggregated = await _aggregated(client)
    versions += [f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups]
    for version in versions:
        if version in aggregated:
            continue
        for resource in (await client.get(version))["resources"]:
            if "/" not in resource["name"] and set(resource["verbs"]) >= _NEEDED_VERBS:
                yield f"{version}/{resource['name']}"


async def _aggregated(client: Client) -> set[str]:
    """Versions that other servers serve, from stores of their own."""
    listed = await client.get("/apis/apiregistration.k8s.io/v1/apiservices")
    specs = [item["spec"] for item in listed["items"] if item["spec"].get("service")]
    return {f"/apis/{spec['group']}/{spec['version']}" for spec in specs}


async def _pages(client: Client, path: str) -> AsyncIterator[list[str]]:
    """Paths of a kind's objects, page by page."""
    base, _, plural = path.rpartition("/")
    token = ""
    while True:
        query = f"{path}?limit={_PAGE}" + (f"&continue={quote(token)}" if token else "")
        page = await client.get(query, metadata_list=True)
        yield [_object(base, plural, item["metadata"]) for item in page.get("items") or []]
        token = page["metadata"].get("continue", "")
        if not token:
            return


def _object(base: str, plural: str, metadata: dict[str, str]) -> str:
    where = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{base}{where}/{plural}/{quote(metadata['name'], safe='')}"
