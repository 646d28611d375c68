"""ConfigMaps and Secrets of a tenant that pods on the host read, copied to the host.

Not here: when, and which (handlers/runtime_mirror.py, packages.py), what is in place already
(mirrored.py).
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from agent.kube import ApiError, Client, Json
from agent.mirrored import Key, Mirrored, list_path
from core.operators.references import SECRET, File
from core.operators.wiring import ROOT_CA, on_host

_PULL_TYPES = ("kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson")
"""Secrets that have to say what they are; of others the host needs to know nothing."""


MOST_FILES, MOST_BYTES = 200, 8 * 1024**2
"""Of one operator: a tenant's users could fill the host's etcd with them."""
_TAKEN = "the host has something else of that name"
_TOO_MUCH = f"more than {MOST_FILES} files or {MOST_BYTES // 1024**2} MiB for one operator"


@dataclass
class Copies:
    """What came of copying."""

    placed: set[Key] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    """What the tenant doesn't have, or the host doesn't take."""
    asked: int = 0
    """How many files the tenant was asked for."""
    size: int = 0
    """Bytes of all."""
    authorities: dict[str, str] = field(default_factory=dict)
    """Hash of the tenant's authority, by namespace of the tenant."""


async def copy(
    tenant: Client, made: Mirrored, files: Iterable[tuple[str, File]], done: Copies
) -> None:
    """Bring the host's copies to what the tenant has.

    Args:
        tenant: Its API server.
        made: What stands on the host.
        files: What to copy, after its namespace in the tenant.
        done: What came of copying others; this is added.

    Raises:
        ApiError: One of the two refused.
        UnreachableError: One of the two doesn't answer.
    """
    for namespace, file in sorted(set(files)):
        what = f"{file.kind} {namespace}/{file.name}"
        if done.asked >= MOST_FILES:
            done.missing.append(f"{what} ({_TOO_MUCH})")
            continue
        name = on_host(namespace, file.name)
        if made.is_declared(file.kind, name):
            done.missing.append(f"{what} ({_TAKEN})")
            continue
        done.asked += 1
        try:
            found = await tenant.get(f"{list_path(namespace, file.kind)}/{file.name}")
        except ApiError as error:
            if not error.not_found:
                raise
            done.missing.append(what)
            continue
        body = _copied(found, file, name)
        done.size += len(json.dumps(body))
        if done.size > MOST_BYTES:
            done.missing.append(f"{what} ({_TOO_MUCH})")
            continue
        try:
            await _put(made, body)
        except ApiError as error:
            if not error.wrong:
                raise
            done.missing.append(f"{what} ({error.reason})")
            continue
        done.placed.add((file.kind, name))
        if file.name == ROOT_CA:
            text = json.dumps(found.get("data"), sort_keys=True)
            done.authorities[namespace] = hashlib.sha256(text.encode()).hexdigest()[:16]


async def _put(made: Mirrored, body: Json) -> None:
    """Apply a copy; one of another type is made anew, as a type can't be changed."""
    try:
        await made.apply(body)
    except ApiError as error:
        if not error.wrong or body["kind"] != SECRET:
            raise
        await made.replace(body)


def _copied(found: Json, file: File, name: str) -> Json:
    body: Json = {
        "apiVersion": "v1",
        "kind": file.kind,
        "metadata": {"name": name},
        "data": found.get("data") or {},
    }
    if file.kind == SECRET and found.get("type") in _PULL_TYPES:
        body["type"] = found["type"]
    if "binaryData" in found:
        body["binaryData"] = found["binaryData"]
    return body
