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
from core.errors import TenantplaneError, first_of, list_of

ANNOTATION_OWNER = f"{names.API_GROUP}/manifests"
"""On an object in a tenant: the TenantManifests that it is in."""

_SHOWN = 3
_CRD_SECONDS = 5.0
_CRD_POLL_SECONDS = 0.05

_CRD = "CustomResourceDefinition"
_FIRST = ("Namespace", _CRD)
"""Kinds that others can't do without; applied first, removed last."""

_LEAVING_SECONDS = 2.0
_LEAVING_POLL_SECONDS = 0.1
_LEAVING = {"Namespace": "Namespace", _CRD: "Terminating"}
"""How conditions begin that say, when they are true, what one of a kind waits for."""


class ApplyError(TenantplaneError):
    """Some objects could not be applied or removed."""

    def __init__(self, done: Collection[Reference], problems: Sequence[str]) -> None:
        """Keep how far it got."""
        super().__init__(list_of(f"{len(problems)} objects failed", first_of(problems, _SHOWN)))
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
) -> dict[Reference, str]:
    """Remove objects; namespaces and definitions once the others are gone.

    What another TenantManifests has applied since stays. What somebody's finalizers hold is waited
    for a moment, as most are taken off at once.

    Returns:
        What is still there, and what it waits for.

    Raises:
        ApplyError: Some were refused; the others were removed.
        agent.kube.UnreachableError: The API server doesn't answer.
    """
    unwanted = set(references)
    last = {ref for ref in unwanted if ref.kind in _FIRST}
    left = await _remove(client, discovery, unwanted - last, owner)
    if not left:
        return await _remove(client, discovery, last, owner)
    return left | {ref: f"{ref} goes after what else is listed" for ref in last}


async def _remove(
    client: Client, discovery: Discovery, references: Collection[Reference], owner: str
) -> dict[Reference, str]:
    leaving: dict[Reference, Json] = {}
    patience = 0.0

    async def one(reference: Reference) -> None:
        nonlocal patience
        discovery.forget(reference.api_version, reference.kind)
        try:
            path = await discovery.path(reference)
        except NotServedError:
            return  # its definition is gone, and with it every object of its kind
        found = await _read(client, path)
        if _owner(found) not in (None, owner):
            return
        if found and not _is_leaving(found):
            found = await client.delete(path)
            patience = _LEAVING_SECONDS
        if _is_leaving(found):
            leaving[reference] = found

    await _in_turn([list(references)], one)
    deadline = asyncio.get_running_loop().time() + patience
    while leaving and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(_LEAVING_POLL_SECONDS)
        for reference in list(leaving):
            found = leaving[reference] = await _read(client, await discovery.path(reference))
            if not _is_leaving(found):
                del leaving[reference]
    return {reference: _held(reference, found) for reference, found in leaving.items()}


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


async def _read(client: Client, path: str) -> Json:
    """Return an object, or an empty one if it is gone."""
    try:
        return await client.get(path)
    except ApiError as error:
        if error.not_found:
            return {}
        raise


def _owner(found: Json) -> str | None:
    """Return which TenantManifests applied an object last; None if none says so, or it is gone."""
    annotations = found.get("metadata", {}).get("annotations") or {}
    owner: str | None = annotations.get(ANNOTATION_OWNER)
    return owner


def _is_leaving(found: Json) -> bool:
    """Whether it was deleted and is still there: a server may show what is gone a last time."""
    return "deletionTimestamp" in found.get("metadata", {}) and bool(_finalizers(found))


def _finalizers(found: Json) -> list[str]:
    own = found.get("spec", {}).get("finalizers") if found.get("kind") == "Namespace" else None
    return [*(found["metadata"].get("finalizers") or []), *(own or [])]


def _held(reference: Reference, found: Json) -> str:
    """Say what an object waits for that was deleted: in its own words, or whose finalizers."""
    said = []
    if reference.kind in _LEAVING:
        conditions = found.get("status", {}).get("conditions") or []
        said = [
            str(one["message"]).rstrip(". ")
            for one in conditions
            if one["type"].startswith(_LEAVING[reference.kind])
            and one["status"] == "True"
            and one.get("message")
        ]
    waits = f"waits for its finalizers {', '.join(_finalizers(found))}"
    return f"{reference} {waits}" + (f" ({'; '.join(said)})" if said else "")


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
