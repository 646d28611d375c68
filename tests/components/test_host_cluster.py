"""A host is adopted or made; what is built on it sees no difference."""

import pulumi
import pytest
import yaml

from components import host_cluster
from components.host_cluster import HostCluster
from core import kubeconfig, versions
from core.errors import HostError, InvalidInputError
from tests.core.test_host_facts import GOOD, facts
from tests.support.mocks import SECRET, SIGNATURE, is_known, is_secret, settled

KUBECONFIG = kubeconfig.build("https://10.231.0.2:6443", "CA", "CERT", "KEY", "dev")
POOL = {"machine_type": "e2-standard-4", "min_nodes": 1, "max_nodes": 3}
GKE = {
    "project": "acme-platform",
    "region": "europe-west3",
    "release_channel": "REGULAR",
    "node_cidr": "10.0.0.0/20",
    "pod_cidr": "10.64.0.0/14",
    "service_cidr": "10.1.0.0/18",
    "system_pool": POOL,
    "gvisor_pool": POOL | {"min_nodes": 0, "machine_type": "n2-standard-8"},
}


@pytest.fixture(autouse=True)
def found(monkeypatch):
    """What is read of an adopted cluster; a test may put other facts into it."""
    found = {"facts": GOOD}
    monkeypatch.setattr(host_cluster, "read_facts", lambda *_: found["facts"])
    return found


def adopted(**args):
    return HostCluster("dev", {"host": "dev", "kubeconfig": KUBECONFIG} | args)


def made(**changes):
    return HostCluster("prod", {"host": "prod", "gke": GKE | changes})


def the_provider(mocks):
    (provider,) = mocks.of_type("pulumi:providers:kubernetes")
    return provider.inputs


def test_an_adopted_host_hands_out_what_its_kubeconfig_says(mocks):
    host = adopted()
    assert settled(host.address) == "10.231.0.2"
    assert settled(host.server) == "https://10.231.0.2:6443"
    assert settled(host.kubernetes_version) == "v1.37.2"
    assert (settled(host.ready), host.gke_network) == (True, None)
    assert yaml.safe_load(settled(host.kubeconfig)) == yaml.safe_load(KUBECONFIG)


def test_an_adopted_host_is_its_provider_and_nothing_else(mocks, monitor):
    """What was there before us, or is another stack's, is not ours to declare."""
    settled(adopted(owned=False).ready)
    assert monitor.urns == [
        "tenantplane:index:HostCluster$pulumi:providers:kubernetes::dev-kubernetes",
        "tenantplane:index:HostCluster::dev",
    ]


@pytest.mark.parametrize("host", [adopted, made], ids=["adopted", "gke"])
def test_both_kinds_have_the_same_outputs_and_the_kubeconfig_is_secret(mocks, host):
    cluster = host()
    for name in ("kubeconfig", "ready", "kubernetes_version", "server", "address"):
        assert settled(getattr(cluster, name))
    assert is_secret(cluster.kubeconfig)
    assert not is_secret(cluster.address)


@pytest.mark.parametrize(
    ("host", "name"), [(adopted, "dev"), (made, "prod")], ids=["adopted", "gke"]
)
def test_a_new_certificate_authority_never_replaces_what_runs_on_a_host(mocks, host, name):
    """Without a constant identifier a changed cluster stanza replaces every object (#2745)."""
    settled(host().ready)
    provider = the_provider(mocks)
    assert provider["clusterIdentifier"] == f"tenantplane/{name}"
    assert provider["enableServerSideApply"] == "true"
    assert provider["enableSecretMutable"] == "true"
    assert provider["enableConfigMapMutable"] == "true"


def test_what_is_sent_to_the_engine_as_kubeconfig_is_secret(mocks, monitor):
    settled(adopted().ready)
    (request,) = [r for r in monitor.requests.values() if r.type == "pulumi:providers:kubernetes"]
    assert request.object["kubeconfig"][SIGNATURE] == SECRET


def test_a_lacking_host_is_refused_before_anything_is_declared(mocks, found):
    found["facts"] = facts(gateway_resources=frozenset(), default_storage_classes=())
    with pytest.raises(HostError) as error:
        adopted()
    assert "the Gateway API of 1.5 or newer is not installed" in str(error.value)
    assert "there is no default StorageClass" in str(error.value)
    assert mocks.resources == []


def test_an_unseen_enforcer_is_a_warning(mocks, found, monkeypatch):
    warnings = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    found["facts"] = facts(daemon_sets=frozenset())
    settled(adopted().ready)
    (warning,) = warnings
    assert "no enforcer of NetworkPolicies is seen" in warning


def test_a_context_that_does_not_exist_is_refused_by_its_key(mocks):
    with pytest.raises(InvalidInputError, match=r"host\.adopt\.context: .* \(dev\)"):
        adopted(context="prod")


@pytest.mark.parametrize("args", [{}, {"kubeconfig": KUBECONFIG, "gke": GKE}])
def test_exactly_one_kind_is_wanted(mocks, args):
    with pytest.raises(InvalidInputError, match=r"host x: .*; give exactly one of them"):
        HostCluster("x", {"host": "x"} | args)


# ---- GKE


def test_a_gke_cluster_is_private_native_to_its_network_and_protected(mocks):
    settled(made().ready)
    (cluster,) = mocks.of_type(":Cluster")
    wanted = {
        "location": "europe-west3",
        "networkingMode": "VPC_NATIVE",
        "datapathProvider": "ADVANCED_DATAPATH",
        "deletionProtection": True,
        "enableShieldedNodes": True,
        "privateClusterConfig": {"enablePrivateNodes": True},
        "workloadIdentityConfig": {"workloadPool": "acme-platform.svc.id.goog"},
        "releaseChannel": {"channel": "REGULAR"},
        "gatewayApiConfig": {"channel": "CHANNEL_STANDARD"},
        "anonymousAuthenticationConfig": {"mode": "LIMITED"},
        "ipAllocationPolicy": {
            "clusterSecondaryRangeName": "pods",
            "servicesSecondaryRangeName": "services",
        },
        "rbacBindingConfig": {
            "enableInsecureBindingSystemAuthenticated": False,
            "enableInsecureBindingSystemUnauthenticated": False,
        },
    }
    assert {key: cluster.inputs.get(key) for key in wanted} == wanted
    assert "networkPolicy" not in cluster.inputs  # Dataplane V2 refuses it


@pytest.mark.parametrize("channel", ["RAPID", "STABLE", "EXTENDED"])
def test_no_channel_starts_a_host_whose_gateway_api_is_too_old(mocks, channel):
    """What STABLE starts with by itself may have no TLSRoute of v1."""
    settled(made(release_channel=channel).ready)
    (cluster,) = mocks.of_type(":Cluster")
    assert cluster.inputs["minMasterVersion"] == versions.GKE_KUBERNETES_MIN
    assert cluster.inputs["releaseChannel"] == {"channel": channel}


def test_deletion_protection_can_be_taken_off(mocks):
    settled(made(deletion_protection=False).ready)
    assert mocks.of_type(":Cluster")[0].inputs["deletionProtection"] is False


def test_the_network_is_its_own_and_leaves_through_nat(mocks):
    settled(made().ready)
    assert mocks.of_type(":Network")[0].inputs["autoCreateSubnetworks"] is False
    subnetwork = mocks.of_type(":Subnetwork")[0].inputs
    assert subnetwork["ipCidrRange"] == "10.0.0.0/20"
    assert subnetwork["privateIpGoogleAccess"] is True
    assert subnetwork["secondaryIpRanges"] == [
        {"rangeName": "pods", "ipCidrRange": "10.64.0.0/14"},
        {"rangeName": "services", "ipCidrRange": "10.1.0.0/18"},
    ]
    nat = mocks.of_type(":RouterNat")[0].inputs
    assert nat["natIpAllocateOption"] == "AUTO_ONLY"
    assert nat["router"] == "tenantplane-prod"


def test_each_pool_follows_its_load_on_shielded_private_nodes(mocks):
    settled(made().ready)
    system, gvisor = mocks.of_type(":NodePool")
    assert (system.inputs["name"], gvisor.inputs["name"]) == ("system", "gvisor")
    assert gvisor.inputs["autoscaling"]["minNodeCount"] == 0
    assert gvisor.inputs["nodeConfig"]["machineType"] == "n2-standard-8"
    for pool in (system, gvisor):
        assert pool.inputs["networkConfig"] == {"enablePrivateNodes": True}
        assert pool.inputs["autoscaling"]["maxNodeCount"] == 3
        assert pool.inputs["management"] == {"autoRepair": True, "autoUpgrade": True}
        node = pool.inputs["nodeConfig"]
        assert node["workloadMetadataConfig"] == {"mode": "GKE_METADATA"}
        assert node["shieldedInstanceConfig"]["enableSecureBoot"] is True
        assert node["imageType"] == "COS_CONTAINERD"


def test_only_the_second_pool_is_sandboxed_and_without_taints_of_ours(mocks):
    """GKE wants a first pool for its own pods, and sets gVisor's taint by itself."""
    settled(made().ready)
    system, gvisor = mocks.of_type(":NodePool")
    assert "sandboxConfig" not in system.inputs["nodeConfig"]
    assert gvisor.inputs["nodeConfig"]["sandboxConfig"] == {"type": "GVISOR"}
    assert "taints" not in gvisor.inputs["nodeConfig"]


def test_nodes_have_an_account_that_may_log_and_pull_and_no_more(mocks):
    """The project's default account may edit the whole project."""
    settled(made().ready)
    roles = {one.inputs["role"] for one in mocks.of_type(":IAMMember")}
    assert roles == {
        "roles/artifactregistry.reader",
        "roles/container.defaultNodeServiceAccount",
    }
    email = "tp-nodes-prod@x.iam.gserviceaccount.com"
    assert {one.inputs["member"] for one in mocks.of_type(":IAMMember")} == {
        f"serviceAccount:{email}"
    }
    for pool in mocks.of_type(":NodePool"):
        assert pool.inputs["nodeConfig"]["serviceAccount"] == email


def test_by_default_the_api_is_reached_by_name_alone(mocks):
    """The DNS endpoint asks Google's IAM; there is no address to attack."""
    host = made()
    assert settled(host.server) == "https://gke-0123.europe-west3.gke.goog"
    cluster = mocks.of_type(":Cluster")[0].inputs
    assert cluster["controlPlaneEndpointsConfig"] == {
        "dnsEndpointConfig": {"allowExternalTraffic": True},
        "ipEndpointsConfig": {"enabled": False},
    }
    assert "masterAuthorizedNetworksConfig" not in cluster


def test_with_authorised_networks_the_api_is_reached_from_them_alone(mocks):
    host = made(authorized_networks={"vpn": "192.0.2.0/24", "ci": "198.51.100.0/28"})
    assert settled(host.server) == "https://198.51.100.7"
    cluster = mocks.of_type(":Cluster")[0].inputs
    assert cluster["controlPlaneEndpointsConfig"]["dnsEndpointConfig"] == {
        "allowExternalTraffic": False
    }
    assert cluster["masterAuthorizedNetworksConfig"]["cidrBlocks"] == [
        {"cidrBlock": "198.51.100.0/28", "displayName": "ci"},
        {"cidrBlock": "192.0.2.0/24", "displayName": "vpn"},
    ]
    assert "certificate-authority-data" in settled(host.kubeconfig)


def test_a_gke_kubeconfig_holds_no_key(mocks):
    user = yaml.safe_load(settled(made().kubeconfig))["users"][0]["user"]
    assert set(user) == {"exec"}


def test_tenants_are_reached_at_a_reserved_address(mocks):
    """An address that Kubernetes picks is lost with its Service."""
    assert settled(made().address) == "203.0.113.10"
    assert mocks.of_type(":Address")[0].inputs["region"] == "europe-west3"


def test_what_else_its_pods_shall_reach_is_put_into_its_network(mocks):
    found = made().gke_network
    assert settled(found.network) == "prod-network-id"
    assert settled(found.subnetwork) == "prod-subnetwork-id"


def test_the_provider_waits_for_the_node_pools(first_preview):
    """A provider that starts before the API answers stays unreachable for the whole run."""
    host = made()
    assert not is_known(host.kubeconfig)
    assert not is_known(host.ready)


def test_names_are_legal_at_google_for_the_longest_host_name(mocks):
    """A cluster's name has at most 40 characters, an account's id 6 to 30."""
    settled(HostCluster("x", {"host": "h" * 20, "gke": GKE}).ready)
    assert len(mocks.of_type(":Cluster")[0].inputs["name"]) <= 40
    assert 6 <= len(mocks.of_type(":Account")[0].inputs["accountId"]) <= 30


def test_every_part_of_a_gke_host_is_declared_under_it(mocks, monitor, golden):
    settled(made().ready)
    golden("urns/host-cluster-gke.txt", "\n".join(monitor.urns) + "\n")


@pytest.mark.parametrize("host", [adopted, made], ids=["adopted", "gke"])
def test_what_more_depend_on_is_kept_longer(mocks, host):
    """A full node ends the pods of the lowest class first."""
    names = {role: settled(name) for role, name in host().priorities.items()}
    declared = mocks.of_type("kubernetes:scheduling.k8s.io/v1:PriorityClass")
    values = {one.inputs["metadata"]["name"]: one.inputs["value"] for one in declared}
    order = ["store", "gateway", "agent", "tenants", "operators"]
    assert sorted(names, key=lambda role: -values[names[role]]) == order
    assert len(set(values.values())) == len(order)
    assert all(0 < value < 1_000_000_000 for value in values.values()), "the most a user may give"


def test_a_host_of_another_stack_has_the_same_classes(mocks):
    """Its tenants name them; a class that isn't there would keep their pods from being made."""
    declared = {role: settled(name) for role, name in made().priorities.items()}
    assert adopted(owned=False).priorities == declared
