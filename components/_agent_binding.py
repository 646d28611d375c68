"""The host agent's rights in a tenant's namespace.

Not here: the roles (core/manifests/agent.py), the agent itself (host_agent.py).
"""

from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi_kubernetes.rbac.v1 import RoleBinding

from core.manifests import agent, rbac


def declare(
    name: str,
    meta: Mapping[str, Any],
    role: str,
    *,
    kind: str = "ClusterRole",
    agent_namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> RoleBinding:
    """Declare that the agent has a role.

    Args:
        name: Of the resource.
        meta: Of the object.
        role: Name of the role.
        kind: What it is, ClusterRole or Role.
        agent_namespace: Where the agent is.
        opts: Of the resource.
    """
    return RoleBinding(
        name,
        metadata=meta,
        role_ref={"apiGroup": rbac.GROUP, "kind": kind, "name": role},
        subjects=[{"kind": "ServiceAccount", "name": agent.NAME, "namespace": agent_namespace}],
        opts=opts,
    )
