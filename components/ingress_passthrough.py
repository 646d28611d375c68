"""IngressPassthrough: one address of a host, where a tenant's name decides where TLS goes.

Owns: GatewayClass, Gateway and the Traefik behind it, with its disruption budget.
Not here: a tenant's route (_tenant_route.py), any certificate: TLS ends in the tenants.
"""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Namespace, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding, Role, RoleBinding

from core import host_facts, names
from core.errors import InvalidInputError
from core.manifests import gateway, pods

EXPOSURES = ("HostPort", "LoadBalancer", "NodePort")
_RBAC = "rbac.authorization.k8s.io"


class IngressPassthroughArgs(TypedDict):
    """Inputs of IngressPassthrough."""

    domain: str
    """Wildcard domain of the installation: tenants are `<id>.<domain>`. Changing it renames all."""

    image: str
    """Image reference of Traefik. Changing it replaces its pods one by one."""

    exposure: NotRequired[str]
    """How the address is reached: HostPort, NodePort or LoadBalancer. Default LoadBalancer."""

    address: NotRequired[pulumi.Input[str]]
    """The address that kubeconfigs name. Required unless LoadBalancer, which then reserves it."""

    port: NotRequired[int]
    """The public port. Default 443. With NodePort it is the node port, 30000 to 32767."""

    replicas: NotRequired[int]
    """Pods of Traefik, 1 or more. Default 1. With HostPort at most one per node."""

    api_ports: NotRequired[list[int]]
    """Ports of the host's API server that Traefik may reach. Default 443 and 6443."""

    api_by_port_alone: NotRequired[bool]
    """Let it reach those ports at link-local addresses too, which Cilium can't leave out.

    Default false. Changed in place.
    """

    priority_class: NotRequired[pulumi.Input[str]]
    """PriorityClass of its pods, there before them. Default the host's. Changing it rolls them."""


class IngressPassthrough(pulumi.ComponentResource):
    """The gateway of a host."""

    address: pulumi.Output[str]
    """IP address or name that tenants' kubeconfigs connect to."""

    port: pulumi.Output[int]
    """Public port."""

    gateway_name: pulumi.Output[str]
    """Name of the Gateway that routes attach to."""

    gateway_namespace: pulumi.Output[str]
    """Its namespace; known once Traefik runs."""

    def __init__(
        self, name: str, args: IngressPassthroughArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the gateway.

        Raises:
            InvalidInputError: an unknown exposure, or one that needs an address has none.
        """
        exposure = args.get("exposure", "LoadBalancer")
        port = int(args.get("port", 443))
        address = args.get("address")
        _check(name, exposure, address)
        super().__init__("tenantplane:index:IngressPassthrough", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = Namespace(
            f"{name}-ns",
            metadata={
                "name": names.GATEWAY_NAMESPACE,
                "labels": {names.LABEL_PART_OF: names.PART_OF, **_pod_security(exposure)},
            },
            opts=child,
        )
        ns = namespace.metadata.name
        meta = {"name": gateway.NAME, "namespace": ns, "labels": gateway.POD_LABELS}
        rights = self._rights(name, ns)
        gateway_object = self._gateway(name, ns, args["domain"])
        policy = NetworkPolicy(f"{name}-policy", metadata=meta, spec=_policy(args), opts=child)
        service = Service(
            f"{name}-service",
            metadata=meta,
            spec=gateway.service(exposure, port, address),
            opts=child,
        )
        replicas = int(args.get("replicas", 1))
        if replicas > 1:
            budget = gateway.pod_disruption_budget()
            PodDisruptionBudget(f"{name}-budget", metadata=meta, spec=budget, opts=child)
        deployment = Deployment(
            f"{name}-traefik",
            metadata=meta,
            spec=gateway.deployment(
                image=args["image"],
                replicas=replicas,
                exposure=exposure,
                port=port,
                priority_class=args.get("priority_class"),
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*rights, policy, gateway_object]),
        )
        self.address = _address(service, address)
        self.port = pulumi.Output.from_input(port)
        self.gateway_name = gateway_object.metadata["name"]
        self.gateway_namespace = deployment.metadata.namespace.apply(str)
        self.register_outputs({"address": self.address, "port": self.port})

    def _gateway(self, name: str, namespace: pulumi.Output[str], domain: str) -> CustomResource:
        """The class that says who serves, and the Gateway with its one listener."""
        gateway_class = CustomResource(
            f"{name}-class",
            api_version=gateway.API_VERSION,
            kind="GatewayClass",
            metadata={"name": gateway.GATEWAY_CLASS},
            spec=gateway.gateway_class(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return CustomResource(
            f"{name}-gateway",
            api_version=gateway.API_VERSION,
            kind="Gateway",
            metadata={"name": gateway.GATEWAY, "namespace": namespace},
            spec=gateway.gateway(domain),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[gateway_class]),
        )

    def _rights(self, name: str, namespace: pulumi.Output[str]) -> list[pulumi.Resource]:
        """Traefik's ServiceAccount: little on the whole host, its own namespace's routes."""
        child = pulumi.ResourceOptions(parent=self)
        cluster_name = "tenantplane-gateway"
        subjects = [{"kind": "ServiceAccount", "name": gateway.NAME, "namespace": namespace}]
        meta = {"name": gateway.NAME, "namespace": namespace}
        account = ServiceAccount(f"{name}-account", metadata=meta, opts=child)
        cluster_role = ClusterRole(
            f"{name}-cluster-role",
            metadata={"name": cluster_name},
            rules=gateway.cluster_role_rules(),
            opts=child,
        )
        role = Role(f"{name}-role", metadata=meta, rules=gateway.role_rules(), opts=child)
        cluster_binding = ClusterRoleBinding(
            f"{name}-cluster-binding",
            metadata={"name": cluster_name},
            role_ref={"apiGroup": _RBAC, "kind": "ClusterRole", "name": cluster_name},
            subjects=subjects,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[cluster_role]),
        )
        binding = RoleBinding(
            f"{name}-binding",
            metadata=meta,
            role_ref={"apiGroup": _RBAC, "kind": "Role", "name": gateway.NAME},
            subjects=subjects,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        return [account, cluster_binding, binding]


def _check(name: str, exposure: str, address: pulumi.Input[str] | None) -> None:
    if exposure not in EXPOSURES:
        raise InvalidInputError(
            f"gateway {name}", "exposure is unknown", exposure, f"use one of {', '.join(EXPOSURES)}"
        )
    if exposure != "LoadBalancer" and address is None:
        raise InvalidInputError(
            f"gateway {name}",
            f"{exposure} has no address of its own",
            remedy="set gateway.address to an address of the host's nodes",
        )


def _policy(args: IngressPassthroughArgs) -> dict[str, Any]:
    ports = args.get("api_ports", host_facts.DEFAULT_API_PORTS)
    alone = args.get("api_by_port_alone", False)
    host_api = pods.host_api_egress([int(port) for port in ports], by_port_alone=alone)
    return gateway.network_policy(host_api)


def _pod_security(exposure: str) -> dict[str, str]:
    """A host port is more than Pod Security `restricted` (and `baseline`) allow."""
    if exposure != "HostPort":
        return pods.RESTRICTED
    return {**pods.RESTRICTED, "pod-security.kubernetes.io/enforce": "privileged"}


def _address(service: Service, address: pulumi.Input[str] | None) -> pulumi.Output[str]:
    if address is not None:
        return pulumi.Output.from_input(address)

    def first(status: object) -> str:
        ingress = status.load_balancer.ingress[0]  # type: ignore[attr-defined]
        return str(ingress.ip or ingress.hostname)

    found: pulumi.Output[str] = service.status.apply(first)
    return found
