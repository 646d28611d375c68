"""What every tenant has inside from its first second: its users' roles, platform rules.

Owns: the TenantManifests `base`, and the agent's right to read the credentials that it names.
Not here: what the objects are (core/manifests/base_rbac.py), who applies them (agent/).
"""

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.rbac.v1 import RoleBinding

from components import _agent_binding
from components._tenant_store import READY, Place
from core import names
from core.manifests import agent, base_rbac, tenant
from core.users import UserSettings


def declare(
    place: Place,
    version: str,
    people: Sequence[UserSettings],
    *,
    credentials: Secret,
    certificates: pulumi.Output[Mapping[str, str]],
) -> CustomResource:
    """Declare the base objects of a tenant; what is returned is ready when they are in place.

    Args:
        place: Of the tenant.
        version: Kubernetes version in full.
        people: Its users.
        credentials: What the agent shows to the tenant.
        certificates: When each of the tenant's certificates ends, RFC 3339, by its name.
    """
    may_read = _agents_right(place)
    return CustomResource(
        f"{place.name}-base",
        api_version=names.API_VERSION,
        kind="TenantManifests",
        metadata=place.meta(
            "base",
            {
                **READY,
                **place.timeout,
                names.ANNOTATION_CERTIFICATES: certificates.apply(json.dumps),
            },
        ),
        spec={
            **tenant.way_in(place.tenant),
            "deletionPolicy": "Orphan",  # the whole tenant goes with them
            "apiRoles": base_rbac.API_ROLES,
            "objects": base_rbac.base_objects(version, people),
        },
        opts=pulumi.ResourceOptions(parent=place.opts.parent, depends_on=[credentials, may_read]),
    )


def _agents_right(place: Place) -> RoleBinding:
    """What the agent may do in the tenant's namespace."""
    return _agent_binding.declare(
        f"{place.name}-agent-binding",
        place.meta(agent.NAME),
        agent.TENANT_ROLE,
        agent_namespace=place.agent_namespace,
        opts=place.opts,
    )
