"""running_host: reads of an existing host what a change must not break, and what tenants ask of it.

Not here: which change is safe (stacks/changes.py asks), what a host must have (_facts.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from components import _adopt
from components._cluster_api import METADATA_LIST, ClusterApi
from core import generations, names
from core.generations import Generations, InUse
from core.manifests import crds, etcd, store_limit
from core.pools import RunningEtcd
from core.profiles import PROFILES

_TENANTS = f"{names.LABEL_DATASTORE},{names.LABEL_TENANT},{names.LABEL_VERSION}"
_DEPLOYMENTS = f"/apis/apps/v1/deployments?labelSelector={_TENANTS}"
_PODS = f"/api/v1/pods?labelSelector={names.LABEL_NAME}={names.CONTROL_PLANE},{names.LABEL_TENANT}"
_BASES = f"/apis/{names.API_VERSION}/{crds.TENANT_MANIFESTS}?labelSelector={names.LABEL_TENANT}"
_REENCRYPTIONS = f"/apis/{names.API_VERSION}/{crds.REENCRYPTIONS}"
_ETCD_TENANTS = f"/apis/{names.API_VERSION}/{crds.ETCD_TENANTS}"
_RUNTIME_CLASSES = "/apis/node.k8s.io/v1/runtimeclasses"
_STATEFUL_SETS = f"/apis/apps/v1/statefulsets?labelSelector={names.LABEL_NAME}={etcd.NAME}"


def opened(kubeconfig: str, context: str | None, host: str) -> ClusterApi:
    """Return a connection to an existing host, to read from in a `with`.

    Args:
        kubeconfig: Of the host, as HostCluster takes it.
        context: Context in it; None for the current one.
        host: The host's name.

    Raises:
        InvalidInputError: the kubeconfig can't be used.
        HostError: its credentials can't.
    """
    return ClusterApi(_adopt.connection(kubeconfig, context, "host.adopt"), host)


@dataclass(frozen=True)
class RunningTenant:
    """What a host has of a tenant."""

    version: str
    """Kubernetes version in full."""

    datastore: str
    """Name of its store, or `dedicated`."""

    keys: InUse = field(default_factory=InUse)
    """Of its own keys."""

    store_keys: InUse = field(default_factory=InUse)
    """Of its store's, when it was last brought up to them."""

    store_kind: str | None = None
    """Of its store: etcd, dedicated, or an SQL server's engine; None: not said yet."""


@dataclass(frozen=True, kw_only=True)
class StoreWarning:
    """What the host agent says of a tenant's etcd pool, or of its share of that."""

    tenant: str
    store: str
    text: str
    of_all: bool
    """It concerns every tenant of the pool."""


def running_tenants(api: ClusterApi) -> dict[str, RunningTenant]:
    """Return the tenants of a host by their names.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_DEPLOYMENTS) or {}
    return dict(map(_tenant, found.get("items") or []))


def _tenant(found: Mapping[str, Any]) -> tuple[str, RunningTenant]:
    labels = found["metadata"]["labels"]
    return labels[names.LABEL_TENANT], RunningTenant(
        version=labels[names.LABEL_VERSION],
        datastore=labels[names.LABEL_DATASTORE],
        keys=_in_use(found, names.ANNOTATION_KEYS),
        store_keys=_in_use(found, names.ANNOTATION_STORE_KEYS),
        store_kind=labels.get(names.LABEL_STORE_KIND),
    )


def running_profiles(api: ClusterApi) -> dict[str, frozenset[str]]:
    """Return the profiles that the pods of each tenant have, more than one while they change.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found: dict[str, frozenset[str]] = {}
    for pod in (api.get(_PODS, METADATA_LIST) or {}).get("items") or []:
        tenant = pod["metadata"]["labels"][names.LABEL_TENANT]
        profile = pod["metadata"].get("annotations", {}).get(names.ANNOTATION_PROFILE)
        found[tenant] = found.get(tenant, frozenset()) | ({profile} & PROFILES.keys())
    return found


def _in_use(found: Mapping[str, Any], annotation: str) -> InUse:
    """Read generations from a Deployment or StatefulSet, and whether all of its pods have them."""
    metadata, status, wanted = found["metadata"], found.get("status", {}), found["spec"]["replicas"]
    seen = status.get("observedGeneration") == metadata["generation"]
    pods = {status.get("replicas", 0), status.get("updatedReplicas", 0)}
    written = metadata.get("annotations", {}).get(annotation)
    return InUse(generations.parse(written), everywhere=seen and pods == {wanted})


def rewritten(api: ClusterApi) -> dict[str, Generations]:
    """Return for which generations each tenant's stored objects were all written anew last.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_REENCRYPTIONS) or {}
    return {
        one["spec"]["tenant"]: generations.parse(one["spec"]["keys"])
        for one in found.get("items") or []
        if one.get("status", {}).get("observedGeneration") == one["metadata"]["generation"]
        and any(condition["status"] == "True" for condition in one["status"]["conditions"])
    }


def certificates(api: ClusterApi) -> dict[str, dict[str, str]]:
    """Return when each certificate ends, by its name, by tenant.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_BASES, METADATA_LIST) or {}
    metadata = [one["metadata"] for one in found.get("items") or []]
    return {one["labels"][names.LABEL_TENANT]: _certificates(one) for one in metadata}


def _certificates(metadata: Mapping[str, Any]) -> dict[str, str]:
    written = metadata.get("annotations", {}).get(names.ANNOTATION_CERTIFICATES)
    return dict(json.loads(written)) if written else {}


def store_warnings(api: ClusterApi) -> list[StoreWarning]:
    """Return what the host agent warns of: shares that are nearly full, and alarms.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_ETCD_TENANTS) or {}
    return [
        StoreWarning(
            tenant=one["spec"]["tenant"],
            store=one["spec"]["store"],
            text=condition["message"],
            of_all=condition["reason"] == store_limit.ALARM,
        )
        for one in found.get("items") or []
        for condition in one.get("status", {}).get("conditions", [])
        if condition["reason"] in store_limit.WARNINGS
    ]


def store_limits(api: ClusterApi) -> dict[str, dict[str, int]]:
    """Return how many MiB each tenant may have in an etcd pool, by pool and tenant.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    limits: dict[str, dict[str, int]] = {}
    for one in (api.get(_ETCD_TENANTS) or {}).get("items") or []:
        spec = one["spec"]
        limits.setdefault(spec["store"], {})[spec["tenant"]] = spec.get("limitMib", 0)
    return limits


def runtime_classes(api: ClusterApi) -> frozenset[str]:
    """Return the names of a host's RuntimeClasses.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_RUNTIME_CLASSES, METADATA_LIST) or {}
    return frozenset(one["metadata"]["name"] for one in found.get("items") or [])


def running_etcds(api: ClusterApi) -> dict[str, RunningEtcd]:
    """Return the etcds of a host, shared and dedicated, by their namespaces.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_STATEFUL_SETS) or {}
    items = found.get("items") or []
    return {one["metadata"]["namespace"]: _etcd(one) for one in items if _is_ours(one)}


def _is_ours(found: Mapping[str, Any]) -> bool:
    labels = found["metadata"].get("labels", {})
    return bool(labels.get(names.LABEL_PART_OF) == names.PART_OF)


def _etcd(found: Mapping[str, Any]) -> RunningEtcd:
    metadata, spec = found["metadata"], found["spec"]
    (claim,) = spec["volumeClaimTemplates"]
    storage = str(claim["spec"]["resources"]["requests"]["storage"])
    return RunningEtcd(
        members=int(spec["replicas"]),
        storage_gib=int(storage.removesuffix("Gi")),
        quota_gib=_quota_gib(spec["template"]["spec"]["containers"][0]["args"]),
        keys=_in_use(found, names.ANNOTATION_KEYS),
        certificates=_certificates(metadata),
    )


def _quota_gib(args: Sequence[str]) -> int:
    (quota,) = (one for one in args if one.startswith("--quota-backend-bytes="))
    return int(quota.partition("=")[2]) // 1024**3
