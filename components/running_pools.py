"""running_pools: reads of an existing host what each etcd pool on it has.

Not here: which change of that is safe (core/pools.py), the tenants (running_tenants.py).
"""

from collections.abc import Mapping
from typing import Any

from components import _adopt
from components._cluster_api import ClusterApi
from core import names
from core.manifests import etcd
from core.pools import RunningPool

_SELECTOR = ",".join(f"{key}={value}" for key, value in etcd.POD_LABELS.items())
_STATEFUL_SETS = f"/apis/apps/v1/statefulsets?labelSelector={_SELECTOR}"


def running_pools(kubeconfig: str, context: str | None, host: str) -> dict[str, RunningPool]:
    """Return the etcd pools of a host by their names.

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
        found = (api.get(_STATEFUL_SETS) or {}).get("items") or []
    prefix = names.etcd_namespace("")
    return {
        one["metadata"]["namespace"].removeprefix(prefix): _pool(one["spec"])
        for one in found
        if one["metadata"]["namespace"].startswith(prefix)
    }


def _pool(spec: Mapping[str, Any]) -> RunningPool:
    (claim,) = spec["volumeClaimTemplates"]
    storage = str(claim["spec"]["resources"]["requests"]["storage"])
    return RunningPool(int(spec["replicas"]), int(storage.removesuffix("Gi")))
