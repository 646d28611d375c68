"""What every tenant has inside from its first second: its users' roles, platform rules.

Owns: the TenantManifests `base`, and the agent's right to read the credentials that it names.
Not here: what the objects are (core/manifests/base_rbac.py), who applies them (agent/).
"""

from collections.abc import Mapping

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret
from pulumi_kubernetes.rbac.v1 import RoleBinding

from core import names
from core.manifests import agent, base_rbac, tenant


def declare(
    name: str,
    tenant_id: str,
    version: str,
    *,
    namespace: pulumi.Input[str],
    agent_namespace: pulumi.Input[str],
    credentials: Secret,
    annotations: Mapping[str, str],
    opts: pulumi.ResourceOptions,
) -> CustomResource:
    """Declare the base objects of a tenant; what is returned is ready when they are in place."""
    meta = {"namespace": namespace, "labels": names.tenant_labels(tenant_id)}
    binding = RoleBinding(
        f"{name}-agent-binding",
        metadata={"name": agent.NAME, **meta},
        role_ref={
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": agent.TENANT_ROLE,
        },
        subjects=[
            {"kind": "ServiceAccount", "name": agent.NAME, "namespace": agent_namespace},
        ],
        opts=opts,
    )
    return CustomResource(
        f"{name}-base",
        api_version=names.API_VERSION,
        kind="TenantManifests",
        metadata={"name": "base", **meta, "annotations": dict(annotations)},
        spec={
            "tenant": tenant_id,
            "server": tenant.server(tenant_id),
            "credentialsSecret": tenant.AGENT_SECRET,
            "deletionPolicy": "Orphan",  # the whole tenant goes with them
            "adminRole": base_rbac.ADMIN_ROLE,
            "objects": base_rbac.base_objects(version),
        },
        opts=pulumi.ResourceOptions(parent=opts.parent, depends_on=[credentials, binding]),
    )
