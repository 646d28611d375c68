"""running_host: reads of an existing host what a change must not break: its pools, its tenants.

Not here: which change is safe (core/pools.py, core/skew.py), what a host must have (_facts.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from components import _adopt
from components._cluster_api import METADATA_LIST, ClusterApi
from core import names
from core.manifests import etcd
from core.pools import RunningPool

_DEPLOYMENTS = f"/apis/apps/v1/deployments?labelSelector={names.LABEL_TENANT},{names.LABEL_VERSION}"
_POD_LABELS = ",".join(f"{key}={value}" for key, value in etcd.POD_LABELS.items())
_STATEFUL_SETS = f"/apis/apps/v1/statefulsets?labelSelector={_POD_LABELS}"


@dataclass(frozen=True)
class RunningHost:
    """What runs on a host."""

    versions: Mapping[str, str]
    """Kubernetes version of each tenant, by its name."""

    pools: Mapping[str, RunningPool]
    """Its etcd pools, by their names."""


def running_host(kubeconfig: str, context: str | None, host: str) -> RunningHost:
    """Return what runs on a host.

    Args:
        kubeconfig: Of the host, as HostCluster takes it.
        context: Context in it; None for the current one.
        host: The host's name.

    Raises:
        InvalidInputError: the kubeconfig can't be used.
        HostError: the host can't be reached, or refuses.
    """
    connection = _adopt.connection(kubeconfig, context, "host.adopt")
    with ClusterApi(connection, host) as api:
        deployments = api.get(_DEPLOYMENTS, METADATA_LIST) or {}
        stateful_sets = api.get(_STATEFUL_SETS) or {}
    labels = [one["metadata"]["labels"] for one in deployments.get("items") or []]
    prefix = names.etcd_namespace("")
    return RunningHost(
        versions={one[names.LABEL_TENANT]: one[names.LABEL_VERSION] for one in labels},
        pools={
            one["metadata"]["namespace"].removeprefix(prefix): _pool(one["spec"])
            for one in stateful_sets.get("items") or []
            if one["metadata"]["namespace"].startswith(prefix)
        },
    )


def _pool(spec: Mapping[str, Any]) -> RunningPool:
    (claim,) = spec["volumeClaimTemplates"]
    storage = str(claim["spec"]["resources"]["requests"]["storage"])
    return RunningPool(int(spec["replicas"]), int(storage.removesuffix("Gi")))
