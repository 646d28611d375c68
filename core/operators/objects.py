"""objects: small questions about one object of a chart.

Not here: where it belongs (sides.py, split.py).
"""

from typing import Any

from core.operators import sides
from core.operators.metadata import on_host

Json = dict[str, Any]

_KUBERNETES_OWN = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def selector(manifest: Json) -> str:
    """Return how `sides` names an object's kind: `Kind.group`, or `Kind` of the core group."""
    group, kind = sides.kind(manifest)
    return f"{kind}.{group}" if group else kind


def label(manifest: Json) -> str:
    """Return how errors and lists name an object: `Kind.group namespace/name`."""
    metadata = manifest["metadata"]
    where = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{selector(manifest)} {where}{metadata['name']}"


def template(manifest: Json) -> Json:
    """Return the part of a workload that describes its pods; a Pod is that part itself."""
    found = manifest
    for key in sides.TEMPLATES[sides.kind(manifest)]:
        found = found.setdefault(key, {})
    found.setdefault("spec", {})
    return found


def select(manifest: Json, pods: dict[str, str]) -> None:
    """Let the selector of a workload or budget choose pods with these labels alone."""
    chosen = manifest["spec"].setdefault("selector", {})
    chosen["matchLabels"] = {**(chosen.get("matchLabels") or {}), **pods}


def let_drain(budget: Json) -> None:
    """Let a PodDisruptionBudget give one pod away: with 1 of 1 to be there, no node drains."""
    budget["spec"].pop("minAvailable", None)
    budget["spec"]["maxUnavailable"] = 1


def own_claims(stateful_set: Json) -> None:
    """Let a StatefulSet's claims have no more metadata than it has itself on the host."""
    for claim in stateful_set["spec"].get("volumeClaimTemplates") or []:
        claim["metadata"] = on_host(claim["metadata"])


def let_volumes_go(stateful_set: Json) -> None:
    """Let a StatefulSet's volumes go with it, unless it says itself what becomes of them."""
    said = stateful_set["spec"].setdefault("persistentVolumeClaimRetentionPolicy", {})
    said.setdefault("whenDeleted", "Delete")


def namespaces(manifests: list[Json], used: set[str]) -> list[Json]:
    """Return a Namespace for each that is used and neither there nor Kubernetes' own."""
    there = {one["metadata"]["name"] for one in manifests if one["kind"] == "Namespace"}
    used = used | {one["metadata"].get("namespace", "") for one in manifests}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        for name in sorted(used - there - _KUBERNETES_OWN - {""})
    ]
