"""A GKE cluster for HostCluster: network, cluster, two node pools and a reserved address.

Everything is private: nodes have no public address, the API is reached at its DNS endpoint (where
Google's IAM decides) or from authorised networks.
Not here: its inputs (host_cluster.py), its kubeconfig's text (core/kubeconfig.py).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import compute, container, projects, serviceaccount

from core import kubeconfig, versions

if TYPE_CHECKING:
    from components.host_cluster import GkeArgs, GkeNodePoolArgs

_NODE_ROLES = {
    # What Google documents as the least that a node needs: logs, metrics, its own metadata.
    "node": "roles/container.defaultNodeServiceAccount",
    "images": "roles/artifactregistry.reader",
}
_PODS, _SERVICES = "pods", "services"


@dataclass(frozen=True)
class Made:
    """What HostCluster hands out of a GKE cluster."""

    kubeconfig: pulumi.Output[str]
    ready: pulumi.Output[bool]
    kubernetes_version: pulumi.Output[str]
    server: pulumi.Output[str]
    address: pulumi.Output[str]
    network: pulumi.Output[str]
    subnetwork: pulumi.Output[str]


def cluster(name: str, host: str, gke: "GkeArgs", child: pulumi.ResourceOptions) -> Made:
    """Declare the cluster with all it needs; its outputs are known once its node pools are."""
    cloud_name = f"tenantplane-{host}"
    subnetwork = _network(name, cloud_name, gke, child)
    account, roles = _node_account(name, host, gke, child)
    made = container.Cluster(
        f"{name}-cluster",
        **_cluster_args(cloud_name, gke, subnetwork),
        # The default pool is made and removed at once; what the API says of it since is no drift.
        opts=pulumi.ResourceOptions.merge(
            child, pulumi.ResourceOptions(ignore_changes=["initialNodeCount"])
        ),
    )
    node = _node(account)
    # Nodes that start before their account may write logs never write any.
    after = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=roles))
    system = _pool(name, "system", gke["system_pool"], made, node, opts=after)
    # GKE wants a pool without a sandbox first, for its own pods.
    second = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[system]))
    sandbox = node | {"sandbox_config": {"type": "GVISOR"}}
    gvisor = _pool(name, "gvisor", gke["gvisor_pool"], made, sandbox, opts=second)
    address = compute.Address(
        f"{name}-address",
        name=cloud_name,
        project=gke["project"],
        region=gke["region"],
        address_type="EXTERNAL",
        description="Where the tenants of this host are reached",
        opts=child,
    )
    ready = pulumi.Output.all(system.id, gvisor.id).apply(lambda _: True)
    server, text = _connection(made, ready, host, by_address=bool(gke.get("authorized_networks")))
    return Made(
        kubeconfig=text,
        ready=ready,
        kubernetes_version=made.master_version.apply(lambda version: f"v{version}"),
        server=server,
        address=address.address,
        network=subnetwork.network,
        subnetwork=subnetwork.id,
    )


def _network(
    name: str, cloud_name: str, gke: "GkeArgs", child: pulumi.ResourceOptions
) -> compute.Subnetwork:
    """A network of its own; what leaves it goes through Cloud NAT."""
    place = {"project": gke["project"], "region": gke["region"]}
    network = compute.Network(
        f"{name}-network",
        name=cloud_name,
        project=gke["project"],
        auto_create_subnetworks=False,
        opts=child,
    )
    subnetwork = compute.Subnetwork(
        f"{name}-subnetwork",
        name=cloud_name,
        network=network.id,
        ip_cidr_range=gke["node_cidr"],
        secondary_ip_ranges=[
            {"range_name": _PODS, "ip_cidr_range": gke["pod_cidr"]},
            {"range_name": _SERVICES, "ip_cidr_range": gke["service_cidr"]},
        ],
        private_ip_google_access=True,
        **place,
        opts=child,
    )
    router = compute.Router(
        f"{name}-router", name=cloud_name, network=network.id, **place, opts=child
    )
    compute.RouterNat(
        f"{name}-nat",
        name=cloud_name,
        router=router.name,
        nat_ip_allocate_option="AUTO_ONLY",
        source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
        log_config={"enable": True, "filter": "ERRORS_ONLY"},
        **place,
        opts=child,
    )
    return subnetwork


def _node_account(
    name: str, host: str, gke: "GkeArgs", child: pulumi.ResourceOptions
) -> tuple[serviceaccount.Account, list[pulumi.Resource]]:
    """The nodes' own account: the project's default one may edit the whole project."""
    account = serviceaccount.Account(
        f"{name}-nodes",
        account_id=f"tp-nodes-{host}",
        display_name=f"Nodes of tenantplane host {host}",
        project=gke["project"],
        opts=child,
    )
    roles: list[pulumi.Resource] = [
        projects.IAMMember(
            f"{name}-nodes-{key}",
            project=gke["project"],
            role=role,
            member=account.email.apply(lambda email: f"serviceAccount:{email}"),
            opts=child,
        )
        for key, role in sorted(_NODE_ROLES.items())
    ]
    return account, roles


def _cluster_args(
    cloud_name: str, gke: "GkeArgs", subnetwork: compute.Subnetwork
) -> dict[str, object]:
    return {
        "name": cloud_name,
        "project": gke["project"],
        "location": gke["region"],
        "deletion_protection": gke.get("deletion_protection", True),
        "release_channel": {"channel": gke["release_channel"]},
        "min_master_version": versions.GKE_KUBERNETES_MIN,
        "network": subnetwork.network,
        "subnetwork": subnetwork.id,
        "networking_mode": "VPC_NATIVE",
        "ip_allocation_policy": {
            "cluster_secondary_range_name": _PODS,
            "services_secondary_range_name": _SERVICES,
        },
        "datapath_provider": "ADVANCED_DATAPATH",
        "private_cluster_config": {"enable_private_nodes": True},
        **_endpoints(gke.get("authorized_networks") or {}),
        "workload_identity_config": {"workload_pool": f"{gke['project']}.svc.id.goog"},
        "enable_shielded_nodes": True,
        "anonymous_authentication_config": {"mode": "LIMITED"},
        "rbac_binding_config": {
            "enable_insecure_binding_system_authenticated": False,
            "enable_insecure_binding_system_unauthenticated": False,
        },
        "security_posture_config": {"mode": "BASIC"},
        "gateway_api_config": {"channel": "CHANNEL_STANDARD"},
        "resource_labels": {"tenantplane": "host"},
        # The pools are resources of their own: the way that pulumi-gcp 10.2.0 documents. Google's
        # own provider deprecates this pair in 8.9.
        "remove_default_node_pool": True,
        "initial_node_count": 1,
    }


def _endpoints(networks: dict[str, str]) -> dict[str, object]:
    """How the API is reached: from some networks, else by name with Google's IAM in front."""
    dns = {"dns_endpoint_config": {"allow_external_traffic": not networks}}
    ip = {"ip_endpoints_config": {"enabled": bool(networks)}}
    endpoints: dict[str, object] = {"control_plane_endpoints_config": dns | ip}
    if networks:
        blocks = [
            {"cidr_block": cidr, "display_name": label} for label, cidr in sorted(networks.items())
        ]
        endpoints["master_authorized_networks_config"] = {
            "cidr_blocks": blocks,
            "gcp_public_cidrs_access_enabled": False,
        }
    return endpoints


def _pool(
    name: str,
    kind: str,
    pool: "GkeNodePoolArgs",
    made: container.Cluster,
    node: dict[str, object],
    *,
    opts: pulumi.ResourceOptions,
) -> container.NodePool:
    return container.NodePool(
        f"{name}-{kind}-pool",
        name=kind,
        cluster=made.id,
        initial_node_count=1 if kind == "system" else 0,
        autoscaling={
            "min_node_count": int(pool["min_nodes"]),  # cross-language callers send 1.0
            "max_node_count": int(pool["max_nodes"]),
            "location_policy": "BALANCED",
        },
        management={"auto_repair": True, "auto_upgrade": True},
        max_pods_per_node=110,
        network_config={"enable_private_nodes": True},
        upgrade_settings={"max_surge": 1, "max_unavailable": 0},
        node_config={
            **node,
            "machine_type": pool["machine_type"],
            "labels": {"tenantplane.dev/pool": kind},
        },
        # Where the autoscaler went from there is its own matter.
        opts=pulumi.ResourceOptions.merge(
            opts, pulumi.ResourceOptions(ignore_changes=["initialNodeCount"])
        ),
    )


def _node(account: serviceaccount.Account) -> dict[str, object]:
    """What every node is, whatever its pool."""
    return {
        "image_type": "COS_CONTAINERD",
        "service_account": account.email,
        "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "shielded_instance_config": {
            "enable_secure_boot": True,
            "enable_integrity_monitoring": True,
        },
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "metadata": {"disable-legacy-endpoints": "true"},
    }


def _connection(
    made: container.Cluster, ready: pulumi.Output[bool], host: str, *, by_address: bool
) -> tuple[pulumi.Output[str], pulumi.Output[str]]:
    """Return server and kubeconfig; the latter unknown until there are nodes."""
    if by_address:
        ca = made.master_auth.cluster_ca_certificate
        text = pulumi.Output.all(made.endpoint, ca, ready).apply(
            lambda known: kubeconfig.gke_exec_ip(known[0], known[1], host)
        )
        return made.endpoint.apply(lambda ip: f"https://{ip}"), text
    name = made.control_plane_endpoints_config.dns_endpoint_config.endpoint
    text = pulumi.Output.all(name, ready).apply(lambda known: kubeconfig.gke_exec(known[0], host))
    return name.apply(lambda dns: f"https://{dns}"), text
