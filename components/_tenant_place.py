"""A tenant's namespace on its host, and what is the same for all that is declared in it.

Owns: the Namespace.
Not here: what a place is (_tenant_store.py), what stands in it (tenant_control_plane.py).
"""

import pulumi
from pulumi_kubernetes.core.v1 import Namespace

from components._tenant_pods import Pods
from components._tenant_store import Place
from core import names
from core.manifests import tenant


def declare(
    name: str,
    pods: Pods,
    *,
    agent_namespace: pulumi.Input[str],
    timeout_seconds: int,
    opts: pulumi.ResourceOptions,
) -> Place:
    """Declare the namespace of a tenant and return the tenant's place.

    Args:
        name: In front of the names of all resources.
        pods: What is asked for.
        agent_namespace: Where the host agent is.
        timeout_seconds: How long to wait for a resource.
        opts: Of all resources.
    """
    annotations: dict[str, pulumi.Input[str]] = {
        **tenant.namespace_annotations(pods.tenant, pods.domain, pods.registries)
    }
    if pods.operators:
        # Only the agent lets go of what is in it: as long as this is there, the agent has to be.
        annotations[names.ANNOTATION_AGENT] = agent_namespace
    namespace = Namespace(
        f"{name}-ns",
        metadata={
            "name": names.namespace(pods.tenant),
            "labels": tenant.namespace_labels(pods.tenant),
            "annotations": annotations,
        },
        opts=opts,
    )
    return Place(
        name=name,
        tenant=pods.tenant,
        version=pods.version,
        namespace=namespace.metadata.name,
        home=namespace,
        agent_namespace=agent_namespace,
        keys=pods.keys,
        timeout={"pulumi.com/timeoutSeconds": str(timeout_seconds)},
        opts=opts,
    )
