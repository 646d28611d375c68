"""Putting objects into a tenant, and taking out those that are no longer wanted.

Server-side apply under a field manager of our own: fields that others own stay theirs.
Not here: when it happens and what is reported (handlers/tenant_manifests.py), the connection
(tenant.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from typing import Any

from agent.discovery import Discovery, NotServedError, Reference
from agent.kube import CONNECTIONS, ApiError, Client, Json, UnreachableError
from core import names
from core.errors import TenantplaneError, list_of

ANNOTATION_OWNER = f"{names.API_GROUP}/manifests"
"""On an object in a tenant: the TenantManifests that it is in."""

_CRD_SECONDS = 5.0
_CRD_POLL_SECONDS = 0.05

_CRD = "CustomResourceDefinition"
_FIRST = ("Namespace", _CRD)
"""Kinds that others can't do without; applied first, removed last."""


class ApplyError(TenantplaneError):
    """Some objects could not be applied or removed."""

    def __init__(self, done: Collection[Reference], problems: Sequence[str]) -> None:
        """Keep how far it got."""
        shown = [*problems[:3], *([f"and {len(problems) - 3} more"] if len(problems) > 3 else [])]  # noqa: PLR2004
        super().__init__(list_of(f"{len(problems)} objects failed", shown))
        self.done = done


async def apply_all(
    client: Client, discovery: Discovery, objects: Iterable[Json], owner: str | None = None
) -> set[Reference]:
    """Apply objects, namespaces and definitions first, the others side by side.

    Args:
        client: Of the tenant.
        discovery: Of the tenant.
        objects: What to apply.
        owner: Name of the TenantManifests that lists them; it is written on each.

    Returns:
        What was applied.

    Raises:
        ApplyError: Some were refused; the others were applied.
        agent.kube.UnreachableError: The API server doesn't answer.
    """
    manifests = {Reference.of(manifest): manifest for manifest in objects}
    first = [ref for ref in manifests if ref.kind in _FIRST]
    others = [ref for ref in manifests if ref.kind not in _FIRST]
    patience = _CRD_SECONDS if any(ref.kind == _CRD for ref in first) else 0.0

    async def one(reference: Reference) -> None:
        path = await _path_once_served(discovery, reference, patience)
        await client.apply(path, _owned(manifests[reference], owner))

    return await _in_turn([first, others], one)


async def remove_all(
    client: Client, discovery: Discovery, references: Iterable[Reference], owner: str
) -> set[Reference]:
    """Remove objects, namespaces and definitions last; what is gone already counts as removed.

    What another TenantManifests has applied since stays.

    Raises:
        ApplyError: Some were refused; the others were removed.
        agent.kube.UnreachableError: The API server doesn't answer.
    """

    async def one(reference: Reference) -> None:
        discovery.forget(reference.api_version, reference.kind)
        try:
            path = await discovery.path(reference)
        except NotServedError:
            return  # its definition is gone, and with it every object of its kind
        if await _owner(client, path) in (None, owner):
            await client.delete(path)

    unwanted = set(references)
    last = [ref for ref in unwanted if ref.kind in _FIRST]
    others = [ref for ref in unwanted if ref.kind not in _FIRST]
    return await _in_turn([others, last], one)


async def _in_turn(
    phases: Sequence[Sequence[Reference]], one: Callable[[Reference], Awaitable[Any]]
) -> set[Reference]:
    slots = asyncio.Semaphore(CONNECTIONS)
    done: set[Reference] = set()
    problems: list[str] = []
    away: list[UnreachableError] = []

    async def guarded(reference: Reference) -> None:
        async with slots:
            try:
                if not away:
                    await one(reference)
                    done.add(reference)
            except (ApiError, NotServedError) as error:
                problems.append(_problem(reference, error))
            except UnreachableError as error:
                away.append(error)

    for phase in phases:
        # No TaskGroup: Debian 12's Python 3.11.2 leaves a task half cancelled when one of its group
        # fails, and its next timeout ends it (2026-11-23: tenants that came up stayed Unreachable)
        await asyncio.gather(*(guarded(reference) for reference in sorted(phase)))
        if away:
            raise away[0]
    if problems:
        raise ApplyError(done, sorted(problems))
    return done


def _owned(manifest: Json, owner: str | None) -> Json:
    if owner is None:
        return manifest
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), ANNOTATION_OWNER: owner}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


async def _owner(client: Client, path: str) -> str | None:
    """Return which TenantManifests applied an object last; None if none says so, or it is gone."""
    try:
        found = await client.get(path)
    except ApiError as error:
        if error.not_found:
            return None
        raise
    owner: str | None = (found["metadata"].get("annotations") or {}).get(ANNOTATION_OWNER)
    return owner


def _problem(reference: Reference, error: ApiError | NotServedError) -> str:
    """What to say about an object; a Secret's values may be quoted in the server's message."""
    if isinstance(error, ApiError) and reference.kind == "Secret":
        return f"{reference}: the tenant's API server refused it, got {error.reason}"
    return f"{reference}: {error}"


async def _path_once_served(discovery: Discovery, reference: Reference, patience: float) -> str:
    """A kind whose definition was applied a moment ago takes some milliseconds to be served."""
    deadline = asyncio.get_running_loop().time() + patience
    while True:
        try:
            return await discovery.path(reference)
        except NotServedError:
            if asyncio.get_running_loop().time() >= deadline:
                raise
            await asyncio.sleep(_CRD_POLL_SECONDS)
