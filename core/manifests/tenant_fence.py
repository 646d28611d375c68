"""The fence around a tenant's pods on their host: who reaches them, and how much they may take.

Not here: the pods (tenant.py), rules inside the tenant (platform_policy.py).
"""

from collections.abc import Sequence
from typing import Any

from core import flags, names
from core.manifests import etcd, kine, pods
from core.manifests.tenant import pod_labels
from core.profiles import PROFILES


def pod_disruption_budget(tenant: str) -> dict[str, Any]:
    """Spec of the budget; only for several replicas, since with one it would block every drain."""
    return {"maxUnavailable": 1, "selector": {"matchLabels": pod_labels(tenant)}}


def etcd_egress(namespace: str) -> dict[str, Any]:
    """The way to an etcd."""
    members = pods.peer(
        namespace=pods.namespace_name(namespace), pods={names.LABEL_NAME: etcd.NAME}
    )
    return {"to": [members], "ports": pods.tcp(flags.ETCD_CLIENT_PORT)}


def network_policy(tenant: str, beyond: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The gateway and the agent reach the API server, which reaches DNS and what `beyond` says."""
    port = pods.tcp(flags.APISERVER_PORT)
    gateway = pods.peer(
        namespace=pods.namespace_name(names.GATEWAY_NAMESPACE),
        pods={names.LABEL_NAME: "traefik"},
    )
    agent = pods.peer(
        namespace=pods.namespace_name(names.AGENT_NAMESPACE),
        pods={names.LABEL_NAME: "host-agent"},
    )
    return pods.network_policy(
        pod_labels(tenant),
        ingress=[{"from": [gateway, agent], "ports": port}],
        egress=[pods.dns_egress(), *beyond],
    )


def limit_range() -> dict[str, Any]:
    """Spec of the LimitRange: what a container gets that asks for nothing."""
    return {
        "limits": [
            {
                "type": "Container",
                "default": {"memory": "512Mi"},
                "defaultRequest": {"cpu": "10m", "memory": "64Mi"},
            }
        ]
    }


def resource_quota(replicas: int, own: etcd.Cluster | None) -> dict[str, Any]:
    """Spec of the ResourceQuota: an upgrade's surge fits, and one pod that is slow to end.

    Its memory is that of the largest profile: when a tenant gets a smaller one, its old pods count
    until the new ones are ready.
    """
    control_planes, members = pods.most(replicas), own.members if own else 0
    storage = own.members * own.storage_gib if own else 0
    request = kine.MEMORY_REQUEST_MIB + max(
        one.apiserver_memory_request_mib + one.controller_manager_memory_request_mib
        for one in PROFILES.values()
    )
    limit = kine.MEMORY_LIMIT_MIB + max(
        one.apiserver_memory_limit_mib + one.controller_manager_memory_limit_mib
        for one in PROFILES.values()
    )
    requests = control_planes * request + members * etcd.DEDICATED_REQUEST_MIB
    limits = control_planes * limit + members * etcd.DEDICATED_LIMIT_MIB
    return {
        "hard": {
            "limits.memory": f"{limits}Mi",
            "persistentvolumeclaims": str(members),
            "pods": str(control_planes + members),
            "requests.memory": f"{requests}Mi",
            "requests.storage": f"{storage}Gi",
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
    }
