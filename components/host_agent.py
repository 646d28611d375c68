"""HostAgent: the small operator that does on a host what can't be declared from outside.

Owns: the custom resource definitions, the agent's rights, its Deployment, its access to stores,
and the rules for what it runs: pods of operators.
Not here: what it does (agent/), the custom resources of a tenant (tenant_control_plane.py).
"""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.admissionregistration.v1 import (
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
)
from pulumi_kubernetes.apiextensions.v1 import CustomResourceDefinition
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import Namespace, Secret, Service, ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.rbac.v1 import ClusterRole, ClusterRoleBinding

from components import _certificates
from components._certificates import Certificate
from core import generations, host_facts, names, pki
from core.manifests import admission, agent, crds, etcd, operator_policy, pods


class AgentStore(TypedDict):
    """How the agent administers one etcd pool."""

    pool: str
    """Name of the pool."""

    client_url: pulumi.Input[str]
    """https URL of the pool."""

    ca_pem: pulumi.Input[str]
    """Authority that the members' certificates are checked against, PEM."""

    certificate_pem: pulumi.Input[str]
    """Certificate of etcd's user `root`, PEM."""

    key_pem: pulumi.Input[str]
    """Key of that certificate, PEM; secret."""

    defragmentation_hour: NotRequired[int]
    """Hour of the day, UTC, in which it is defragmented. Default 3."""


class AgentSqlServer(TypedDict):
    """How the agent administers one SQL server."""

    name: str
    """Name of the server; no pool has it."""

    engine: str
    """postgresql or mysql."""

    address: pulumi.Input[str]
    """IP address or DNS name, as it stands in the server's certificate."""

    network: NotRequired[pulumi.Input[str]]
    """Where pods reach it, in CIDR notation. Default: its address, or wherever its name leads."""

    port: int
    """Its port."""

    ca_pem: pulumi.Input[str]
    """Authority that the server's certificate is checked against, PEM."""

    user: pulumi.Input[str]
    """Who makes databases and users there."""

    password: pulumi.Input[str]
    """Its password; secret."""


class HostAgentArgs(TypedDict):
    """Inputs of HostAgent."""

    image: str
    """Image reference of the agent. Changing it replaces the agent; tenants don't notice."""

    stores: list[AgentStore]
    """The etcd pools of this host. Changing the list restarts the agent."""

    sql_servers: NotRequired[list[AgentSqlServer]]
    """The SQL servers of this host. Changing the list restarts the agent."""

    api_ports: NotRequired[list[int]]
    """Ports of the host's API server that it may reach. Default 443 and 6443."""

    api_by_port_alone: NotRequired[bool]
    """Let it reach those ports at link-local addresses too, which Cilium can't leave out.

    Default false. Changed in place.
    """

    priority_class: NotRequired[pulumi.Input[str]]
    """PriorityClass of its pods, there before them. Default the host's. Changing it rolls them."""


class HostAgent(pulumi.ComponentResource):
    """The host agent, one per host."""

    namespace: pulumi.Output[str]
    """Namespace of the agent; known once the agent runs."""

    ca_pem: pulumi.Output[str]
    """Authority of the certificate that the agent shows to tenants, PEM."""

    expires: Mapping[str, pulumi.Output[str]]
    """When each of its certificates ends, RFC 3339, by its name."""

    def __init__(
        self, name: str, args: HostAgentArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the agent."""
        super().__init__("tenantplane:index:HostAgent", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = Namespace(
            f"{name}-ns",
            metadata={
                "name": names.AGENT_NAMESPACE,
                "labels": {names.LABEL_PART_OF: names.PART_OF, **pods.RESTRICTED},
            },
            opts=child,
        )
        ns = namespace.metadata.name
        definitions = [
            CustomResourceDefinition(
                f"{name}-crd-{definition['spec']['names']['plural']}",
                metadata=definition["metadata"]
                | {"annotations": {"pulumi.com/waitFor": "condition=Established"}},
                spec=definition["spec"],
                opts=child,
            )
            for definition in crds.crds()
        ]
        files = _store_files(args)
        shown = self._certificate(name)
        secrets = self._secrets(name, ns, files, shown)
        rights = self._rights(name, ns)
        self._judge_operators(name)
        meta = {"name": agent.NAME, "namespace": ns, "labels": agent.POD_LABELS}
        policy = NetworkPolicy(f"{name}-policy", metadata=meta, spec=_policy(args), opts=child)
        Service(f"{name}-service", metadata=meta, spec=agent.service(), opts=child)
        deployment = Deployment(
            f"{name}-deployment",
            metadata=meta,
            spec=agent.deployment(
                image=args["image"],
                stores=list(files),
                keys_hash=_certificates.fingerprint(
                    shown.certificate_pem,
                    *(text for data in files.values() for text in data.values()),
                ),
                priority_class=args.get("priority_class"),
            ),
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[*definitions, *secrets, *rights, policy]
            ),
        )
        self.namespace = deployment.metadata.namespace.apply(str)
        self.register_outputs({"namespace": self.namespace, "caPem": self.ca_pem})

    def _secrets(
        self,
        name: str,
        namespace: pulumi.Output[str],
        stores: Mapping[str, Mapping[str, pulumi.Input[str]]],
        shown: Certificate,
    ) -> list[pulumi.Resource]:
        """What its pod mounts: the ways into stores, and the certificate that it shows."""
        files = {f"store-{store}": (agent.store_secret(store), stores[store]) for store in stores}
        own = {"tls.crt": shown.certificate_pem, "tls.key": shown.key_pem}
        files["tls"] = (agent.TLS_SECRET, own)
        return [
            Secret(
                f"{name}-{suffix}",
                metadata={"name": secret, "namespace": namespace},
                string_data=data,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for suffix, (secret, data) in files.items()
        ]

    def _certificate(self, name: str) -> Certificate:
        """Declare what it shows to tenants' API servers, and its authority."""
        child = pulumi.ResourceOptions(parent=self)
        authority = _certificates.authority(
            f"{name}-ca", "tenantplane host agent", generations.FIRST, child
        )
        self.ca_pem = authority.trusted_pem
        leaf = _certificates.leaf(
            name,
            pki.agent_server(),
            ca_pem=authority.trusted_pem,
            ca_key_pem=authority.key_pem,
            opts=child,
        )
        self.expires = {"server": leaf.expires, **authority.expires}
        return leaf

    def _judge_operators(self, name: str) -> None:
        """Declare the rules for pods of operators, whoever makes them."""
        child = pulumi.ResourceOptions(parent=self)
        policy, binding = admission.renamed(operator_policy.policy(), operator_policy.NAME)
        declared = ValidatingAdmissionPolicy(
            f"{name}-operators", metadata=policy["metadata"], spec=policy["spec"], opts=child
        )
        ValidatingAdmissionPolicyBinding(
            f"{name}-operators-binding",
            metadata=binding["metadata"],
            spec=binding["spec"],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[declared]),
        )

    def _rights(self, name: str, namespace: pulumi.Output[str]) -> list[pulumi.Resource]:
        """Its ServiceAccount, what it may do everywhere, and what tenants' namespaces grant it."""
        child = pulumi.ResourceOptions(parent=self)
        role_name = "tenantplane-host-agent"
        account = ServiceAccount(
            f"{name}-account", metadata={"name": agent.NAME, "namespace": namespace}, opts=child
        )
        role = ClusterRole(
            f"{name}-role",
            metadata={"name": role_name},
            rules=agent.cluster_role_rules(),
            opts=child,
        )
        tenant_role = ClusterRole(
            f"{name}-tenant-role",
            metadata={"name": agent.TENANT_ROLE},
            rules=agent.tenant_role_rules(),
            opts=child,
        )
        operators_role = ClusterRole(
            f"{name}-operators-role",
            metadata={"name": agent.OPERATORS_ROLE},
            rules=agent.operators_role_rules(),
            opts=child,
        )
        binding = ClusterRoleBinding(
            f"{name}-binding",
            metadata={"name": role_name},
            role_ref={
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": role_name,
            },
            subjects=[{"kind": "ServiceAccount", "name": agent.NAME, "namespace": namespace}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=[role]),
        )
        return [account, role, tenant_role, operators_role, binding]


def _policy(args: HostAgentArgs) -> dict[str, Any]:
    ports = args.get("api_ports", host_facts.DEFAULT_API_PORTS)
    alone = args.get("api_by_port_alone", False)
    host_api = pods.host_api_egress([int(port) for port in ports], by_port_alone=alone)
    servers = [
        pods.egress_to(server["address"], int(server["port"]), server.get("network"))
        for server in args.get("sql_servers", [])
    ]
    return agent.network_policy(host_api, servers)


def _store_files(args: HostAgentArgs) -> dict[str, dict[str, pulumi.Input[str]]]:
    """Return what the agent needs of each store, by its name: the files of agent/stores.py."""
    usual = etcd.DEFAULT_DEFRAGMENTATION_HOUR
    files: dict[str, dict[str, pulumi.Input[str]]] = {
        store["pool"]: {
            "ca.crt": store["ca_pem"],
            "defragmentation-hour": str(int(store.get("defragmentation_hour", usual))),
            "endpoint": store["client_url"],
            "tls.crt": store["certificate_pem"],
            "tls.key": pulumi.Output.secret(store["key_pem"]),
        }
        for store in args["stores"]
    }
    for server in args.get("sql_servers", []):
        files[server["name"]] = {
            "address": server["address"],
            "ca.crt": server["ca_pem"],
            "engine": server["engine"],
            "password": pulumi.Output.secret(server["password"]),
            "port": str(int(server["port"])),
            "user": server["user"],
        }
    return files
