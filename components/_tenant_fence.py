"""What keeps one tenant's pods apart from everybody else's, there before any of them starts.

Owns: NetworkPolicies, LimitRange, ResourceQuota, PodDisruptionBudget of a tenant's namespace.
Not here: their rules and numbers (core/manifests/tenant.py), rules inside the tenant
(core/manifests/platform_policy.py).
"""

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, ResourceQuota
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from core import names
from core.manifests import pods, tenant
from core.profiles import Profile


def declare(
    name: str,
    tenant_id: str,
    *,
    namespace: pulumi.Input[str],
    store: str,
    profile: Profile,
    replicas: int,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Declare the fence; returns what has to stand before the first pod."""

    def meta(name: str) -> dict[str, object]:
        labels = names.tenant_labels(tenant_id)
        return {"name": name, "namespace": namespace, "labels": labels}

    rules = tenant.network_policy(tenant_id, names.etcd_namespace(store))
    fence: list[pulumi.Resource] = [
        NetworkPolicy(f"{name}-deny-all", metadata=meta("deny-all"), spec=pods.DENY_ALL, opts=opts),
        NetworkPolicy(f"{name}-policy", metadata=meta(tenant.NAME), spec=rules, opts=opts),
        LimitRange(f"{name}-limits", metadata=meta("limits"), spec=tenant.limit_range(), opts=opts),
        ResourceQuota(
            f"{name}-quota",
            metadata=meta("quota"),
            spec=tenant.resource_quota(profile, replicas),
            opts=opts,
        ),
    ]
    if replicas > 1:
        budget = PodDisruptionBudget(
            f"{name}-budget",
            metadata=meta(tenant.NAME),
            spec=tenant.pod_disruption_budget(tenant_id),
            opts=opts,
        )
        fence.append(budget)
    return fence
