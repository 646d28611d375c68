"""results: what the operations of an installation return.

Not here: the stack's outputs that they are made of (stacks/outputs.py), errors (errors.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi.automation import OutputValue

from core import schema

_FIELDS = {
    "kubeconfig": "kubeconfigs",
    "admin_kubeconfig": "admin_kubeconfigs",
    "endpoint": "endpoints",
    "version": "versions",
    "certificate_expiry": "certificate_expiry",
}
"""Fields of TenantAccess, and the outputs of stacks.outputs.StackOutputs that they come from."""


@dataclass(frozen=True, kw_only=True)
class TenantAccess:
    """A tenant that is up, and the ways into it. Its kubeconfigs are never shown by repr."""

    name: str
    """The tenant's id."""

    endpoint: str
    """https URL of its API server."""

    version: str
    """Its Kubernetes version."""

    certificate_expiry: str
    """When the first of its certificates ends (RFC 3339)."""

    kubeconfig: str = field(repr=False)
    """Of its users: administrators inside the tenant, by RBAC. Hand it out."""

    admin_kubeconfig: str = field(repr=False)
    """Break-glass: system:masters, which nothing limits or revokes. Keep it."""

    user_kubeconfigs: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Of each of its people that has a name (docs/users.md), by it."""


@dataclass(frozen=True, kw_only=True)
class UpResult:
    """An update that did all that the config says."""

    tenants: Mapping[str, TenantAccess]
    """The tenants by name."""

    changes: Mapping[str, int]
    """Number of resources by what was done to them: create, update, replace, delete, same."""

    seconds: float
    """How long it took."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an update would do."""

    changes: Mapping[str, int]
    """Number of resources by what would be done to them."""

    tenants: Mapping[str, Mapping[str, int]]
    """The same by tenant; tenants that stay as they are are left out."""


def accesses(outputs: Mapping[str, OutputValue]) -> dict[str, TenantAccess]:
    """Return the tenants that the outputs of a stack tell of; one that isn't up is left out."""
    found = {name: dict(_by_tenant(outputs, output)) for name, output in _FIELDS.items()}
    everywhere = set.intersection(*(set(values) for values in found.values()))
    people = dict(_by_tenant(outputs, "user_kubeconfigs"))
    return {
        tenant: TenantAccess(
            name=tenant,
            user_kubeconfigs=people.get(tenant, {}),
            **{name: found[name][tenant] for name in _FIELDS},
        )
        for tenant in sorted(everywhere)
    }


def _by_tenant(outputs: Mapping[str, OutputValue], output: str) -> Iterator[tuple[str, Any]]:
    exported = outputs.get(schema.camel(output))
    for tenant, value in (exported.value or {}).items() if exported else ():
        if value is not None:
            yield tenant, value
