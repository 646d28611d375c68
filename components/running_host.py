"""running_host: reads of an existing host what a change must not break: its pools, its tenants.

Not here: which change is safe (core/pools.py, core/skew.py), what a host must have (_facts.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components import _adopt
from components._cluster_api import METADATA_LIST, ClusterApi
from core import names
from core.manifests import crds, etcd, store_limit
from core.pools import RunningEtcd

_TENANTS = f"{names.LABEL_DATASTORE},{names.LABEL_TENANT},{names.LABEL_VERSION}"
_DEPLOYMENTS = f"/apis/apps/v1/deployments?labelSelector={_TENANTS}"
_ETCD_TENANTS = f"/apis/{names.API_VERSION}/{crds.ETCD_TENANTS}"
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


def running_tenants(api: ClusterApi) -> dict[str, RunningTenant]:
    """Return the tenants of a host by their names.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_DEPLOYMENTS, METADATA_LIST) or {}
    labels = [one["metadata"]["labels"] for one in found.get("items") or []]
    return {
        one[names.LABEL_TENANT]: RunningTenant(one[names.LABEL_VERSION], one[names.LABEL_DATASTORE])
        for one in labels
    }


def store_warnings(api: ClusterApi) -> dict[str, str]:
    """Return what the host agent says of each tenant whose share of its store is nearly full.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_ETCD_TENANTS) or {}
    conditions = {
        one["spec"]["tenant"]: condition
        for one in found.get("items") or []
        for condition in one.get("status", {}).get("conditions", [])
    }
    return {
        tenant: condition["message"]
        for tenant, condition in sorted(conditions.items())
        if condition["reason"] in store_limit.WARNINGS
    }


def running_etcds(api: ClusterApi) -> dict[str, RunningEtcd]:
    """Return the etcds of a host, shared and dedicated, by their namespaces.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_STATEFUL_SETS) or {}
    items = found.get("items") or []
    return {one["metadata"]["namespace"]: _etcd(one["spec"]) for one in items if _is_ours(one)}


def _is_ours(found: Mapping[str, Any]) -> bool:
    labels = found["metadata"].get("labels", {})
    return bool(labels.get(names.LABEL_PART_OF) == names.PART_OF)


def _etcd(spec: Mapping[str, Any]) -> RunningEtcd:
    (claim,) = spec["volumeClaimTemplates"]
    storage = str(claim["spec"]["resources"]["requests"]["storage"])
    return RunningEtcd(int(spec["replicas"]), int(storage.removesuffix("Gi")))
