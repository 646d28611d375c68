"""fence: what every tenant's namespace has: default deny, a quota, limits.

Not here: the fence that tenantplane makes (core/manifests/tenant_fence.py).
"""

from collections.abc import Iterator, Sequence

from core.errors import describe
from policy.declared import Declared
from policy.wire import UNKNOWN

_DIRECTIONS = ("Ingress", "Egress")


def unfenced(stack: Sequence[Declared]) -> Iterator[tuple[Declared, str]]:
    """A tenant's namespace that lacks a part of its fence."""
    for namespace in stack:
        if namespace.kind == "Namespace" and namespace.is_tenants:
            inside = [one for one in stack if _is_inside(one, namespace)]
            yield from ((namespace, message) for message in _missing(namespace, inside))


def _is_inside(resource: Declared, namespace: Declared) -> bool:
    if resource.namespace is UNKNOWN:
        return namespace.urn in resource.dependencies
    return resource.kind != "Namespace" and resource.namespace == namespace.namespace


def _missing(namespace: Declared, inside: Sequence[Declared]) -> Iterator[str]:
    denied = {direction for one in inside for direction in _denied(one)}
    if missing := [one for one in _DIRECTIONS if one not in denied]:
        yield describe(
            namespace.thing,
            f"no NetworkPolicy denies by default: {', '.join(missing)}",
            remedy="add one with an empty podSelector and no rules",
        )
    for kind, field in (("ResourceQuota", "hard"), ("LimitRange", "limits")):
        if not any(one.kind == kind and one.at("spec", field) for one in inside):
            yield describe(
                namespace.thing, f"it has no {kind}", remedy=f"add one with spec.{field}"
            )


def _denied(policy: Declared) -> list[str]:
    """The directions in which a NetworkPolicy denies everything for every pod."""
    if policy.kind != "NetworkPolicy" or policy.at("spec", "podSelector") != {}:
        return []
    types = policy.at("spec", "policyTypes") or ["Ingress"]  # as the API server fills it in
    return [one for one in _DIRECTIONS if one in types and not policy.at("spec", one.lower())]
