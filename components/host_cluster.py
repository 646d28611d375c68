"""HostCluster: the Kubernetes cluster that tenants' control planes run on.

Owns: the connection to it (one Provider), its PriorityClasses, and for GKE the cluster with its
network and node pools.
Not here: what runs on it (shared_etcd.py, host_agent.py, ingress_passthrough.py), what it must have
(core/host_facts.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_kubernetes.scheduling.v1 import PriorityClass

from components import _adopt
from components._facts import read_facts
from core import checks, host_facts, names
from core import kubeconfig as kubeconfigs
from core.errors import HostError, InvalidInputError, list_of
from core.manifests import priorities


class GkeNodePoolArgs(TypedDict):
    """A node pool whose size follows the pods that wait, between two bounds per zone."""

    machine_type: str
    """Machine type of each node. Changing it replaces the pool's nodes one by one."""

    min_nodes: int
    """Fewest nodes per zone. Changed in place."""

    max_nodes: int
    """Most nodes per zone. Changed in place."""


class GkeArgs(TypedDict):
    """A regional, private GKE cluster with a network of its own."""

    project: str
    """Google Cloud project. Changing it replaces the cluster."""

    region: str
    """Region. Changing it replaces the cluster."""

    release_channel: str
    """RAPID, REGULAR, STABLE or EXTENDED. Changed in place."""

    node_cidr: str
    """Addresses of the nodes. Changing it replaces the cluster."""

    pod_cidr: str
    """Addresses of the pods, 256 per node. Changing it replaces the cluster."""

    service_cidr: str
    """Addresses of the Services. Changing it replaces the cluster."""

    system_pool: GkeNodePoolArgs
    """Nodes of the control planes."""

    gvisor_pool: GkeNodePoolArgs
    """Nodes on which pods run in gVisor."""

    authorized_networks: NotRequired[dict[str, str]]
    """Networks by name that may reach the API's address. Default none: the DNS endpoint alone."""

    deletion_protection: NotRequired[bool]
    """Refuse to delete the cluster. Default true. Changed in place."""


class HostClusterArgs(TypedDict):
    """Inputs of HostCluster: exactly one of `kubeconfig` and `gke`."""

    host: str
    """What the host is called. Changing it replaces every object on it."""

    kubeconfig: NotRequired[str]
    """Adopt a cluster: path of its kubeconfig, or its content."""

    context: NotRequired[str | None]
    """Context of the kubeconfig. Default: the one that it calls current."""

    gke: NotRequired[GkeArgs]
    """Make a GKE cluster."""

    owned: NotRequired[bool]
    """Declare the host's PriorityClasses; false where another stack does. Default true."""


@dataclass(frozen=True)
class GkeNetwork:
    """Where a GKE host is, for what else its pods shall reach."""

    network: pulumi.Output[str]
    """Its id."""

    subnetwork: pulumi.Output[str]
    """Id of the one that its nodes are in."""


class HostCluster(pulumi.ComponentResource):
    """A host cluster, adopted or made; both have the same outputs."""

    kubeconfig: pulumi.Output[str]
    """Kubeconfig of the platform team, with one context; secret. With GKE it holds no key."""

    ready: pulumi.Output[bool]
    """Known once pods can be scheduled: wait for it instead of for this component."""

    kubernetes_version: pulumi.Output[str]
    """Version of the host's API server, like v1.37.2."""

    server: pulumi.Output[str]
    """https URL of the host's API."""

    address: pulumi.Output[str]
    """Where the host's tenants can be reached: adopted, its server's host; GKE, a reserved IP."""

    def __init__(
        self, name: str, args: HostClusterArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the host; an adopted one is looked at first.

        Raises:
            InvalidInputError: not exactly one of kubeconfig and gke, or a kubeconfig that can't be.
            HostError: the adopted cluster can't be reached or lacks something.
        """
        host = checks.label(args["host"], "host.name")
        given = args.get("kubeconfig")
        gke = args.get("gke")
        if (given is None) == (gke is None):
            problem = "neither kubeconfig nor gke is given" if gke is None else "both are given"
            raise InvalidInputError(f"host {host}", problem, remedy="give exactly one of them")
        if given is not None:
            connection = _adopt.connection(given, args.get("context"), "host.adopt")
            facts = read_facts(connection, host)
            _judge(facts, host)
        super().__init__("tenantplane:index:HostCluster", name, {}, opts)
        if given is not None:
            self._adopted(connection, facts)
        elif gke is not None:
            self._made(name, host, gke)
        self._provider = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=self.kubeconfig,
            # A constant: without it a new CA or address would replace every object on the host.
            cluster_identifier=f"tenantplane/{host}",
            enable_server_side_apply=True,
            enable_secret_mutable=True,
            enable_config_map_mutable=True,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._priorities = self._declare_priorities(name, owned=bool(args.get("owned", True)))
        self.register_outputs(
            {
                "kubeconfig": self.kubeconfig,
                "ready": self.ready,
                "kubernetesVersion": self.kubernetes_version,
                "server": self.server,
                "address": self.address,
            }
        )

    @property
    def provider(self) -> kubernetes.Provider:
        """The one Provider of everything on this host; it waits for the host's node pools."""
        return self._provider

    @property
    def priorities(self) -> Mapping[str, pulumi.Input[str]]:
        """Names of its PriorityClasses by the role of the pods; known once they are there."""
        return self._priorities

    @property
    def gke_network(self) -> GkeNetwork | None:
        """The network of a GKE host that is made here; an adopted host's is not known."""
        return self._gke_network

    @property
    def api_ports(self) -> list[int]:
        """Ports at which pods on this host reach its API server; known before it is declared."""
        return list(self._api_ports)

    @property
    def api_by_port_alone(self) -> bool:
        """Whether NetworkPolicies can name that API server by its ports alone."""
        return self._api_by_port_alone

    @property
    def issuer(self) -> str | None:
        """Issuer of its service accounts' tokens; None of one that is only being made."""
        return self._issuer

    def _declare_priorities(self, name: str, *, owned: bool) -> Mapping[str, pulumi.Input[str]]:
        if not owned:
            return priorities.NAMES
        on_host = pulumi.ResourceOptions(parent=self, provider=self._provider)
        classes = {
            role: PriorityClass(
                f"{name}-priority-{role}",
                metadata={"name": called, "labels": {names.LABEL_PART_OF: names.PART_OF}},
                **priorities.priority_class(role),
                opts=on_host,
            )
            for role, called in priorities.NAMES.items()
        }
        return {role: one.metadata.name for role, one in classes.items()}

    def _adopted(self, connection: kubeconfigs.Connection, facts: host_facts.HostFacts) -> None:
        self.kubeconfig = pulumi.Output.secret(kubeconfigs.only(connection))
        self.ready = pulumi.Output.from_input(True)
        self.kubernetes_version = pulumi.Output.from_input(facts.kubernetes_version)
        self.server = pulumi.Output.from_input(connection.server)
        self.address = pulumi.Output.from_input(connection.host)
        self._gke_network: GkeNetwork | None = None
        self._api_ports = host_facts.api_ports(facts)
        self._api_by_port_alone = host_facts.hides_nodes_from_blocks(facts)
        self._issuer = facts.issuer

    def _made(self, name: str, host: str, gke: GkeArgs) -> None:
        # pulumi_gcp takes 0.8 s to import: only who makes a GKE host pays for it.
        from components import _gke  # noqa: PLC0415

        made = _gke.cluster(name, host, gke, pulumi.ResourceOptions(parent=self))
        self.kubeconfig = pulumi.Output.secret(made.kubeconfig)
        self.ready = made.ready
        self.kubernetes_version = made.kubernetes_version
        self.server = made.server
        self.address = made.address
        self._gke_network = GkeNetwork(made.network, made.subnetwork)
        self._api_ports = host_facts.DEFAULT_API_PORTS
        self._api_by_port_alone = False  # Google's API servers are on none of our nodes
        self._issuer = None


def _judge(facts: host_facts.HostFacts, host: str) -> None:
    problems = list(host_facts.problems(facts, host))
    if problems:
        raise HostError(list_of(f"host {host} lacks what tenants need", problems))
    for warning in host_facts.warnings(facts, host):
        pulumi.log.warn(warning)
