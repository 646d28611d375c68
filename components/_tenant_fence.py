"""What keeps one tenant's pods apart from everybody else's, and within bounds.

Owns: NetworkPolicies, LimitRange, ResourceQuota, PodDisruptionBudget of a tenant's namespace.
Not here: their rules and numbers (core/manifests/tenant_fence.py), rules inside the tenant
(core/manifests/platform_policy.py).
"""

import functools
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, ResourceQuota
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components._tenant_pods import Pods
from core import names
from core.manifests import pods, tenant, tenant_fence


def declare(
    name: str,
    tenant_id: str,
    *,
    namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Declare the network's part; returns what has to stand before the first pod."""
    meta = functools.partial(_meta, tenant_id, namespace)
    return [
        NetworkPolicy(f"{name}-deny-all", metadata=meta("deny-all"), spec=pods.DENY_ALL, opts=opts),
        NetworkPolicy(
            f"{name}-operators",
            metadata=meta("operators"),
            spec=tenant_fence.operators_policy(tenant_id),
            opts=opts,
        ),
    ]


def declare_ways(
    name: str,
    tenant_id: str,
    *,
    namespace: pulumi.Input[str],
    egress: Sequence[dict[str, Any]],
    opts: pulumi.ResourceOptions,
) -> NetworkPolicy:
    """Declare who reaches its control plane, and what that reaches: its store at the least."""
    return NetworkPolicy(
        f"{name}-policy",
        metadata=_meta(tenant_id, namespace, tenant.NAME),
        spec=tenant_fence.network_policy(tenant_id, egress),
        opts=opts,
    )


def declare_limits(
    name: str,
    tenant_id: str,
    *,
    namespace: pulumi.Input[str],
    wanted: Pods,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Declare how much of the host its namespace may take, and how much of it a drain."""
    meta = functools.partial(_meta, tenant_id, namespace)
    limits: list[pulumi.Resource] = [
        LimitRange(
            f"{name}-limits", metadata=meta("limits"), spec=tenant_fence.limit_range(), opts=opts
        ),
        ResourceQuota(
            f"{name}-quota",
            metadata=meta("quota"),
            spec=tenant_fence.resource_quota(
                [wanted.profile, *wanted.running_profiles],
                wanted.replicas,
                kine_too=wanted.store.kine_image is not None,
                own=wanted.store.own_etcd,
            ),
            opts=opts,
        ),
    ]
    if wanted.replicas > 1:
        budget = PodDisruptionBudget(
            f"{name}-budget",
            metadata=meta(tenant.NAME),
            spec=tenant_fence.pod_disruption_budget(tenant_id),
            opts=opts,
        )
        limits.append(budget)
    return limits


def _meta(tenant_id: str, namespace: pulumi.Input[str], name: str) -> dict[str, object]:
    labels = names.tenant_labels(tenant_id)
    return {"name": name, "namespace": namespace, "labels": labels}
