"""What keeps one tenant's pods apart from everybody else's, and within bounds.

Owns: NetworkPolicies, LimitRange, ResourceQuota, PodDisruptionBudget of a tenant's namespace.
Not here: their rules and numbers (core/manifests/tenant_fence.py), rules inside the tenant
(core/manifests/platform_policy.py).
"""

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, ResourceQuota
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components._tenant_pods import Pods
from components._tenant_store import Place
from core.manifests import pods, tenant, tenant_fence


def declare(place: Place) -> list[pulumi.Resource]:
    """Declare what shuts the namespace; returns what has to stand before the first pod."""
    return [
        NetworkPolicy(
            f"{place.name}-deny-all",
            metadata=place.meta("deny-all"),
            spec=pods.DENY_ALL,
            opts=place.opts,
        ),
        NetworkPolicy(
            f"{place.name}-operators",
            metadata=place.meta("operators"),
            spec=tenant_fence.operators_policy(place.tenant),
            opts=place.opts,
        ),
    ]


def declare_ways(
    place: Place, egress: Sequence[dict[str, Any]], *, after: Sequence[pulumi.Resource]
) -> NetworkPolicy:
    """Declare who reaches its control plane, and what that reaches: its store at the least.

    Args:
        place: Of the tenant.
        egress: The rules for what its pods reach besides DNS and its operators.
        after: What knows that the store is there. A wrong address must not take the way to the
            right one from pods that run.
    """
    return NetworkPolicy(
        f"{place.name}-policy",
        metadata=place.meta(tenant.NAME),
        spec=tenant_fence.network_policy(place.tenant, egress),
        opts=pulumi.ResourceOptions(parent=place.opts.parent, depends_on=after),
    )


def declare_limits(
    place: Place, wanted: Pods, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Declare how much of the host its namespace may take, and how much of it a drain."""
    limits: list[pulumi.Resource] = [
        LimitRange(
            f"{place.name}-limits",
            metadata=place.meta("limits"),
            spec=tenant_fence.limit_range(),
            opts=opts,
        ),
        ResourceQuota(
            f"{place.name}-quota",
            metadata=place.meta("quota"),
            spec=tenant_fence.resource_quota(
                [wanted.profile, *wanted.running_profiles],
                wanted.replicas,
                kine_too=wanted.store.kine_image is not None,
                own=wanted.store.own_etcd,
                operators=wanted.operators,
            ),
            opts=opts,
        ),
    ]
    if wanted.operators:
        quota = ResourceQuota(
            f"{place.name}-operators-quota",
            metadata=place.meta("operators"),
            spec=tenant_fence.operators_quota(wanted.operators),
            opts=opts,
        )
        limits.append(quota)
    if wanted.replicas > 1:
        budget = PodDisruptionBudget(
            f"{place.name}-budget",
            metadata=place.meta(tenant.NAME),
            spec=tenant_fence.pod_disruption_budget(place.tenant),
            opts=opts,
        )
        limits.append(budget)
    return limits
