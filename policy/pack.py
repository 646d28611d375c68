"""pack: the rules as Pulumi's policy SDK calls them.

A rule sees inputs, also where it looks at the whole stack: outputs are what a provider makes of
them, and before there is a host for it to ask, that is nothing at all.
Not here: the rules themselves (rules/), starting the pack (__main__.py).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.declared import Declared
from policy.rules import exposure, fence, images, keys, restricted, sandbox

ResourceRule = Callable[[Declared], Iterable[str]]
StackRule = Callable[[Sequence[Declared]], Iterable[tuple[Declared, str]]]

RESOURCE_RULES: dict[str, tuple[str, ResourceRule]] = {
    "pinned-images": (
        "Every image is pinned by its full version or digest.",
        images.unpinned,
    ),
    "etcd-floor": (
        "No etcd is older than 3.7.1, or 3.6.14 within 3.6: one tenant would see another's keys.",
        images.etcd_below_floor,
    ),
    "restricted-pods": (
        "Every pod of tenantplane is one that Pod Security `restricted` admits.",
        restricted.unrestricted,
    ),
    "tenants-behind-gateway": (
        "No tenant has a load balancer or a port of the host's nodes.",
        exposure.opened,
    ),
    "secret-keys": (
        "Private keys and kubeconfigs are secret when they are handed over.",
        keys.inputs_in_clear,
    ),
}
"""Rules for one resource, by name, each with what it wants. They fail before it is made."""


def _secret_key_outputs(stack: Sequence[Declared]) -> Iterable[tuple[Declared, str]]:
    return ((one, message) for one in stack for message in keys.outputs_in_clear(one))


STACK_RULES: dict[str, tuple[str, StackRule]] = {
    "fenced-tenants": (
        "Every tenant's namespace has a default-deny NetworkPolicy, a quota and limits.",
        fence.unfenced,
    ),
    "gvisor-nodes": (
        "A host has nodes with gVisor if a tenant asks for it.",
        sandbox.without_nodes,
    ),
    "secret-key-outputs": (
        "Private keys and kubeconfigs are secret when they are given out.",
        _secret_key_outputs,
    ),
}
"""Rules for all resources together. They fail a preview; in an update all is made by then."""


def policies() -> list[Policy]:
    """Return every rule as a policy that must be met."""
    seen: dict[str, Declared] = {}
    return [
        *(_of_resource(name, *rule, seen) for name, rule in RESOURCE_RULES.items()),
        *(_of_stack(name, *rule, seen) for name, rule in STACK_RULES.items()),
    ]


def _of_resource(
    name: str, wants: str, rule: ResourceRule, seen: dict[str, Declared]
) -> ResourceValidationPolicy:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = Declared(args.resource_type, args.name, args.props, args.urn)
        seen[args.urn] = resource
        for message in rule(resource):
            report(message, None)

    return ResourceValidationPolicy(name, wants, validate, EnforcementLevel.MANDATORY)


def _of_stack(
    name: str, wants: str, rule: StackRule, seen: dict[str, Declared]
) -> StackValidationPolicy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        stack = [
            replace(
                # Left out by --target: it is what it became.
                seen.get(one.urn) or Declared(one.resource_type, one.name, one.props, one.urn),
                outputs=one.props,
                dependencies=frozenset(other.urn for other in one.dependencies),
            )
            for one in args.resources
        ]
        for resource, message in rule(stack):
            report(message, resource.urn)

    return StackValidationPolicy(name, wants, validate, EnforcementLevel.MANDATORY)
