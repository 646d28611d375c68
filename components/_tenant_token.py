"""A token of a ServiceAccount inside a tenant, in a Secret that the host agent keeps fresh.

Owns: the TenantToken, the Secret, which is declared empty, and the agent's right to that one.
Not here: what the agent does (agent/handlers/tenant_token.py), the ServiceAccount.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.rbac.v1 import Role

from components import _agent_binding
from components._tenant_store import Place
from core import names
from core.manifests import agent, tenant


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Whose token, and for how long."""

    name: str
    """Of the TenantToken in the tenant's namespace on the host, and of its Secret."""
    namespace: str
    """Of the ServiceAccount, inside the tenant."""
    service_account: str
    seconds: int
    audiences: Sequence[str] = ()
    """Whom it is for; by default the tenant's API server."""


@dataclass(frozen=True, kw_only=True)
class Token:
    """One that is declared."""

    name: str
    """In front of the names of its resources."""
    secret: Secret
    """Has `token`, `ca.crt`, `namespace` and `expires`; what is in it is the agent's."""
    resource: CustomResource
    """Ready once they are there."""


def declare(
    place: Place, name: str, wanted: Wanted, *, after: Sequence[pulumi.Resource] = ()
) -> Token:
    """Declare it.

    Args:
        place: Of the tenant.
        name: In front of the names of its resources.
        wanted: Whose token.
        after: What makes the ServiceAccount, if it waits for it.
    """
    meta = place.meta(wanted.name)
    secret = Secret(f"{name}-secret", metadata=meta, opts=place.opts)
    role = Role(
        f"{name}-role", metadata=meta, rules=agent.token_role_rules(wanted.name), opts=place.opts
    )
    binding = _agent_binding.declare(
        f"{name}-binding",
        meta,
        wanted.name,
        kind="Role",
        agent_namespace=place.agent_namespace,
        opts=place.opts,
    )
    resource = CustomResource(
        f"{name}-token",
        api_version=names.API_VERSION,
        kind="TenantToken",
        metadata=place.meta(wanted.name, place.by_agent()),
        spec={
            **tenant.way_in(place.tenant),
            "namespace": wanted.namespace,
            "serviceAccount": wanted.service_account,
            "seconds": wanted.seconds,
            "secret": wanted.name,
            **({"audiences": list(wanted.audiences)} if wanted.audiences else {}),
        },
        opts=pulumi.ResourceOptions(
            parent=place.opts.parent, depends_on=[secret, role, binding, *after]
        ),
    )
    return Token(name=name, secret=secret, resource=resource)


def read(place: Place, token: Token) -> pulumi.Output[dict[str, str]]:
    """Read what the Secret has now, base64 of each file; secret, and nothing if it is empty.

    It is read in each run, since the agent writes it between two.
    """
    there = pulumi.Output.all(token.secret.id, token.resource.id).apply(lambda ids: str(ids[0]))
    found = Secret.get(f"{token.name}-now", there, opts=place.opts)
    return pulumi.Output.secret(found.data.apply(lambda data: dict(data or {})))
