"""ConfigMaps and Secrets of a tenant that pods on the host read, copied to the host.

Not here: when, and which (handlers/runtime_mirror.py, packages.py).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent.kube import ApiError, Client, Json
from core import names
from core.operators.references import SECRET, File
from core.operators.wiring import ROOT_CA, host_labels, on_host

_PLURALS = {"ConfigMap": "configmaps", "Secret": "secrets"}
_PULL_TYPES = ("kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson")
"""Secrets that have to say what they are; of others the host needs to know nothing."""


def mirror_labels(tenant: str, operator: str) -> dict[str, str]:
    """Return the labels of what the agent makes on the host for an operator."""
    return {**host_labels(tenant, operator), names.LABEL_MIRROR: operator}


def lists(namespace: str) -> dict[str, str]:
    """Return where copies are listed in a namespace, by kind."""
    return {kind: list_path(namespace, kind) for kind in _PLURALS}


def list_path(namespace: str, kind: str) -> str:
    """Return where objects of a kind are listed."""
    return f"/api/v1/namespaces/{namespace}/{_PLURALS[kind]}"


MOST_FILES, MOST_BYTES = 200, 8 * 1024**2
"""Of one operator: a tenant's users could fill the host's etcd with them."""
_TOO_MUCH = f"more than {MOST_FILES} files or {MOST_BYTES // 1024**2} MiB for one operator"


@dataclass
class Copies:
    """What came of copying."""

    placed: set[tuple[str, str]] = field(default_factory=set)
    """Kind and name on the host."""
    missing: list[str] = field(default_factory=list)
    """What the tenant doesn't have, or the host doesn't take."""
    size: int = 0
    """Bytes of all."""
    authorities: dict[str, str] = field(default_factory=dict)
    """Hash of the tenant's authority, by namespace of the tenant."""


async def copy(
    tenant: Client,
    host: Client,
    host_namespace: str,
    labels: dict[str, str],
    files: Iterable[tuple[str, File]],
) -> Copies:
    """Bring the host's copies to what the tenant has.

    Args:
        tenant: Its API server.
        host: The host's.
        host_namespace: The tenant's namespace there.
        labels: Of the copies.
        files: What to copy, after its namespace in the tenant.

    Raises:
        ApiError: One of the two refused.
        UnreachableError: One of the two doesn't answer.
    """
    done = Copies()
    for namespace, file in sorted(set(files)):
        try:
            found = await tenant.get(f"{list_path(namespace, file.kind)}/{file.name}")
        except ApiError as error:
            if not error.not_found:
                raise
            done.missing.append(f"{file.kind} {namespace}/{file.name}")
            continue
        name = on_host(namespace, file.name)
        body = _copied(found, file, name, labels)
        done.size += len(json.dumps(body))
        if len(done.placed) >= MOST_FILES or done.size > MOST_BYTES:
            done.missing.append(f"{file.kind} {namespace}/{file.name} ({_TOO_MUCH})")
            continue
        try:
            await _put(host, f"{list_path(host_namespace, file.kind)}/{name}", body)
        except ApiError as error:
            if not error.wrong:
                raise
            done.missing.append(f"{file.kind} {namespace}/{file.name} ({error.reason})")
            continue
        done.placed.add((file.kind, name))
        if file.name == ROOT_CA:
            text = json.dumps(found.get("data"), sort_keys=True)
            done.authorities[namespace] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return done


async def prune(
    host: Client, operator: str, lists: Mapping[str, str], wanted: set[tuple[str, str]]
) -> None:
    """Take from the host what nobody needs any more of what was made there for an operator.

    Args:
        host: The host's.
        operator: Its name.
        lists: Where objects are listed, by kind.
        wanted: Kind and name of what stays.
    """
    for kind, path in lists.items():
        query = f"{path}?labelSelector={names.LABEL_MIRROR}%3D{operator}"
        for item in (await host.get(query, metadata_list=True)).get("items") or []:
            name = item["metadata"]["name"]
            if (kind, name) not in wanted:
                await host.delete(f"{path}/{name}")


async def _put(host: Client, path: str, body: Json) -> None:
    """Apply a copy; one of another type is made anew, as a type can't be changed."""
    try:
        await host.apply(path, body)
    except ApiError as error:
        if not error.wrong or body["kind"] != SECRET:
            raise
        await host.delete(path)
        await host.apply(path, body)


def _copied(found: Json, file: File, name: str, labels: dict[str, str]) -> Json:
    body: Json = {
        "apiVersion": "v1",
        "kind": file.kind,
        "metadata": {"name": name, "labels": labels},
        "data": found.get("data") or {},
    }
    if file.kind == SECRET and found.get("type") in _PULL_TYPES:
        body["type"] = found["type"]
    if "binaryData" in found:
        body["binaryData"] = found["binaryData"]
    return body
