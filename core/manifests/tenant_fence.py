"""The fence around a tenant's pods on their host: who reaches them, and how much they may take.

Not here: the pods (tenant.py), rules inside the tenant (platform_policy.py).
"""

from typing import Any

from core import flags, names
from core.manifests import pods
from core.manifests.tenant import pod_labels
from core.profiles import PROFILES

_PODS_PER_REPLICA = 2  # the pod itself and its successor in an upgrade


def pod_disruption_budget(tenant: str) -> dict[str, Any]:
    """Spec of the budget; only for several replicas, since with one it would block every drain."""
    return {"maxUnavailable": 1, "selector": {"matchLabels": pod_labels(tenant)}}


def network_policy(tenant: str, etcd_namespace: str) -> dict[str, Any]:
    """The gateway and the agent reach the API server, which reaches its store, and DNS."""
    port = pods.tcp(flags.APISERVER_PORT)
    gateway = pods.peer(
        namespace=pods.namespace_name(names.GATEWAY_NAMESPACE),
        pods={names.LABEL_NAME: "traefik"},
    )
    agent = pods.peer(
        namespace=pods.namespace_name(names.AGENT_NAMESPACE),
        pods={names.LABEL_NAME: "host-agent"},
    )
    store = pods.peer(
        namespace=pods.namespace_name(etcd_namespace), pods={names.LABEL_NAME: "etcd"}
    )
    return pods.network_policy(
        pod_labels(tenant),
        ingress=[{"from": [gateway, agent], "ports": port}],
        egress=[pods.dns_egress(), {"to": [store], "ports": pods.tcp(flags.ETCD_CLIENT_PORT)}],
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


def resource_quota(replicas: int) -> dict[str, Any]:
    """Spec of the ResourceQuota: an upgrade's surge fits, and one pod that is slow to end.

    Its memory is that of the largest profile: when a tenant gets a smaller one, its old pods count
    until the new ones are ready.
    """
    pods_allowed = replicas * _PODS_PER_REPLICA + 1
    request = max(
        one.apiserver_memory_request_mib + one.controller_manager_memory_request_mib
        for one in PROFILES.values()
    )
    limit = max(
        one.apiserver_memory_limit_mib + one.controller_manager_memory_limit_mib
        for one in PROFILES.values()
    )
    return {
        "hard": {
            "limits.memory": f"{pods_allowed * limit}Mi",
            "pods": str(pods_allowed),
            "requests.memory": f"{pods_allowed * request}Mi",
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
    }
