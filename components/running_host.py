"""running_host: reads of an existing host what a change must not break: its pools, its tenants.

Not here: which change is safe (core/pools.py, core/skew.py), what a host must have (_facts.py).
"""

from collections.abc import Mapping
from typing import Any

from components import _adopt
from components._cluster_api import METADATA_LIST, ClusterApi
from core import names
from core.manifests import etcd
from core.pools import RunningPool

_DEPLOYMENTS = f"/apis/apps/v1/deployments?labelSelector={names.LABEL_TENANT},{names.LABEL_VERSION}"
_POD_LABELS = ",".join(f"{key}={value}" for key, value in etcd.POD_LABELS.items())
_STATEFUL_SETS = f"/apis/apps/v1/statefulsets?labelSelector={_POD_LABELS}"


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


def running_versions(api: ClusterApi) -> dict[str, str]:
    """Return the Kubernetes version of each tenant by its name.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_DEPLOYMENTS, METADATA_LIST) or {}
    labels = [one["metadata"]["labels"] for one in found.get("items") or []]
    return {one[names.LABEL_TENANT]: one[names.LABEL_VERSION] for one in labels}


def running_pools(api: ClusterApi) -> dict[str, RunningPool]:
    """Return the etcd pools of a host by their names.

    Raises:
        HostError: the host can't be reached, or refuses.
    """
    found = api.get(_STATEFUL_SETS) or {}
    prefix = names.etcd_namespace("")
    return {
        one["metadata"]["namespace"].removeprefix(prefix): _pool(one["spec"])
        for one in found.get("items") or []
        if one["metadata"]["namespace"].startswith(prefix)
    }


def _pool(spec: Mapping[str, Any]) -> RunningPool:
    (claim,) = spec["volumeClaimTemplates"]
    storage = str(claim["spec"]["resources"]["requests"]["storage"])
    return RunningPool(int(spec["replicas"]), int(storage.removesuffix("Gi")))
