"""The fence around a tenant's pods on their host: who reaches them, and how much they may take.

Not here: the pods (tenant.py), rules inside the tenant (platform_policy.py).
"""

from collections.abc import Sequence
from typing import Any

from core import flags, names
from core.manifests import etcd, host_accounts, kine, pods, priorities
from core.manifests.tenant import pod_labels
from core.operators.budget import Budget
from core.profiles import Profile

_OPERATORS = {
    "podSelector": {"matchExpressions": [{"key": names.LABEL_OPERATOR, "operator": "Exists"}]}
}
"""As a peer, the operators in the policy's own namespace."""
_ANY_TCP = [{"protocol": "TCP"}]


def pod_disruption_budget(tenant: str) -> dict[str, Any]:
    """Spec of the budget; only for several replicas, since with one it would block every drain."""
    return {"maxUnavailable": 1, "selector": {"matchLabels": pod_labels(tenant)}}


def etcd_egress(namespace: str) -> dict[str, Any]:
    """The way to an etcd."""
    members = pods.peer(
        namespace=pods.namespace_name(namespace), pods={names.LABEL_NAME: etcd.NAME}
    )
    return {"to": [members], "ports": pods.tcp(flags.ETCD_CLIENT_PORT)}


def agent_egress() -> dict[str, Any]:
    """The way to the host agent, which says whose tokens the host's pods have."""
    agent = pods.peer(
        namespace=pods.namespace_name(names.AGENT_NAMESPACE), pods={names.LABEL_NAME: names.AGENT}
    )
    return {"to": [agent], "ports": pods.tcp(host_accounts.DISCOVERY_PORT)}


def network_policy(tenant: str, beyond: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Who reaches the API server: gateway, agent, its operators. It reaches these, DNS, `beyond`.

    Operators at any port of TCP: the tenant says in its webhooks where they answer.
    """
    port = pods.tcp(flags.APISERVER_PORT)
    gateway = pods.peer(
        namespace=pods.namespace_name(names.GATEWAY_NAMESPACE),
        pods={names.LABEL_NAME: "traefik"},
    )
    agent = pods.peer(
        namespace=pods.namespace_name(names.AGENT_NAMESPACE),
        pods={names.LABEL_NAME: names.AGENT},
    )
    return pods.network_policy(
        pod_labels(tenant),
        ingress=[{"from": [gateway, agent, _OPERATORS], "ports": port}],
        egress=[pods.dns_egress(), {"to": [_OPERATORS], "ports": _ANY_TCP}, *beyond],
    )


def operators_policy(tenant: str) -> dict[str, Any]:
    """A tenant's operators reach its API server and DNS, and are reached by that API server.

    What one needs beyond that, a policy of its own has to say: policies add up.
    """
    apiserver = pods.peer(pods=pod_labels(tenant))
    to_apiserver = {"to": [apiserver], "ports": pods.tcp(flags.APISERVER_PORT)}
    return {
        **_OPERATORS,
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [apiserver], "ports": _ANY_TCP}],
        "egress": [pods.dns_egress(), to_apiserver],
    }


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


def operators_quota(operators: Sequence[Budget]) -> dict[str, Any]:
    """Spec of the quota of the operators alone: what the control plane needs is never theirs.

    Args:
        operators: What each of them may use; no request is more than its limit.
    """
    memory = f"{sum(one.memory_mib for one in operators)}Mi"
    theirs = {
        "scopeName": "PriorityClass",
        "operator": "In",
        "values": [priorities.NAMES[priorities.OPERATORS]],
    }
    return {
        "hard": {
            "limits.memory": memory,
            "pods": str(sum(one.pods for one in operators)),
            "requests.cpu": f"{sum(one.cpu_millicores for one in operators)}m",
            "requests.memory": memory,
        },
        "scopeSelector": {"matchExpressions": [theirs]},
    }


def resource_quota(
    profiles: Sequence[Profile],
    replicas: int,
    *,
    kine_too: bool,
    own: etcd.Cluster | None,
    operators: Sequence[Budget] = (),
) -> dict[str, Any]:
    """Spec of the ResourceQuota: an upgrade's surge fits, and one pod that is slow to end.

    Args:
        profiles: The tenant's, and those that its pods still have: they count until the new ones
            are ready.
        replicas: Its pods.
        kine_too: A kine runs in each of them.
        own: Its own etcd, if it has one.
        operators: What each of its operators may use; no request is more than its limit.
    """
    control_planes, members = pods.most(replicas), own.members if own else 0
    storage = own.members * own.storage_gib if own else 0
    request = max(
        one.apiserver_memory_request_mib + one.controller_manager_memory_request_mib
        for one in profiles
    )
    limit = max(
        one.apiserver_memory_limit_mib + one.controller_manager_memory_limit_mib for one in profiles
    )
    if kine_too:
        request, limit = request + kine.MEMORY_REQUEST_MIB, limit + kine.MEMORY_LIMIT_MIB
    operators_mib = sum(one.memory_mib for one in operators)
    volumes = sum(one.pods for one in operators if one.storage_gib)
    storage += sum(one.storage_gib for one in operators)
    requests = control_planes * request + members * etcd.DEDICATED_REQUEST_MIB
    limits = control_planes * limit + members * etcd.DEDICATED_LIMIT_MIB
    return {
        "hard": {
            "limits.memory": f"{limits + operators_mib}Mi",
            "persistentvolumeclaims": str(members + volumes),
            "pods": str(control_planes + members + sum(one.pods for one in operators)),
            "requests.memory": f"{requests + operators_mib}Mi",
            "requests.storage": f"{storage}Gi",
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
    }
