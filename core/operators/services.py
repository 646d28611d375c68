"""services: an operator's Services, in front of its pods on the host, and as the tenant has them.

The tenant's API server calls webhooks by a Service of the tenant. Of type ExternalName it is
dialled at another name while TLS is checked against the tenant's: the operator's own certificate is
right (k8s.io/apiserver pkg/util/proxy ResolveCluster, pkg/util/webhook client.go).
Not here: who may reach the pods (core/manifests/tenant_fence.py).
"""

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core import names
from core.errors import InvalidInputError
from core.operators import sides
from core.operators.wiring import RESERVED, host_labels, pod_label

Json = dict[str, Any]

SERVICE = ("", "Service")
_INSIDE = "ClusterIP"
_OF_THE_TENANT = ("clusterIP", "clusterIPs", "externalName", "ipFamilies", "ipFamilyPolicy")


def external_name(tenant: str, service: str) -> str:
    """Return the name at which the tenant's API server finds a Service of the host."""
    return f"{service}.{names.namespace(tenant)}.svc"


def twin(manifest: Json, tenant: str) -> Json:
    """Return a Service of the chart that leads to pods, as it is in the tenant.

    Args:
        manifest: Of the chart.
        tenant: The id.
    """
    twin_ = copy.deepcopy(manifest)
    spec = twin_.setdefault("spec", {})
    for key in (*_OF_THE_TENANT, "selector", "type"):
        spec.pop(key, None)
    spec |= {
        "type": "ExternalName",
        "externalName": external_name(tenant, manifest["metadata"]["name"]),
    }
    return twin_


def is_name(manifest: Json) -> bool:
    """Whether a Service is only another name for something elsewhere."""
    return (manifest.get("spec") or {}).get("type") == "ExternalName"


def rewrite(manifest: Json, label: Mapping[str, str]) -> None:
    """Let a Service of the host lead to the operator's own pods alone."""
    spec = manifest.setdefault("spec", {})
    for key in ("clusterIPs", "ipFamilies", "ipFamilyPolicy"):
        spec.pop(key, None)
    spec["type"] = _INSIDE
    if spec.get("selector"):
        spec["selector"] = {**spec["selector"], **label}


def problems(manifest: Json, thing: str) -> Iterator[InvalidInputError]:
    """Yield what a Service of the host can't be."""
    spec = manifest.get("spec") or {}
    kind = spec.get("type", _INSIDE)
    if kind != _INSIDE:
        problem = "would be reached from outside of the host"
        remedy = "make it a ClusterIP by the values"
        yield InvalidInputError(f"{thing}, type", problem, kind, remedy)
    if spec.get("externalIPs"):
        problem = "would take the traffic of other addresses"
        yield InvalidInputError(f"{thing}, externalIPs", problem, remedy="leave them out")
    if spec.get("clusterIP") not in (None, "", "None"):
        remedy = "leave it out, or set it to None"
        yield InvalidInputError(f"{thing}, clusterIP", "is an address", spec["clusterIP"], remedy)


@dataclass(frozen=True)
class Front:
    """A Service of the chart that leads to pods."""

    namespace: str
    name: str
    selector: Mapping[str, str]


def fronts(manifests: Iterable[Json]) -> list[Front]:
    """Return the Services that lead to pods, by name.

    Those of a namespace that is called after a Service are left out: that name is taken on the
    host, and their pods are found by the Services' names alone.
    """
    manifests = list(manifests)
    taken = {one["metadata"]["name"] for one in manifests if sides.kind(one) == SERVICE}
    taken |= {name for kind, name in RESERVED if kind == SERVICE[1]}
    found = [
        Front(one["metadata"]["namespace"], one["metadata"]["name"], dict(one["spec"]["selector"]))
        for one in manifests
        if sides.kind(one) == SERVICE
        and (one.get("spec") or {}).get("selector")
        and one["metadata"]["namespace"] not in taken
    ]
    return sorted(found, key=lambda front: front.name)


def subdomain(tenant: str, operator: str, namespace: str) -> Json:
    """Return the headless Service by which pods are found as `<service>.<namespace>`.

    Args:
        tenant: The id.
        operator: Whose pods.
        namespace: The tenant's, that the pods believe to be in.
    """
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": namespace, "labels": host_labels(tenant, operator)},
        "spec": {"clusterIP": "None", "selector": pod_label(operator)},
    }


def of(template: Json, namespace: str, known: Iterable[Front]) -> str | None:
    """Return the name of a Service in front of the pods of a template, None if there is none.

    Pods look for each other by `<service>.<namespace>`, and the namespace is the tenant's. The
    host's DNS has that name for a pod whose hostname is the Service's name and whose subdomain is
    the namespace's, when a headless Service has the namespace's name.
    """
    labels = ((template.get("metadata") or {}).get("labels") or {}).items()
    for front in known:
        if front.namespace == namespace and front.selector.items() <= labels:
            return front.name
    return None
