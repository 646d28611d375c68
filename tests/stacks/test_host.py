"""A host stack declares a host without tenants and exports the contract that tenants read."""

import pulumi
import pytest

from core import host_contract
from tests.support import running
from tests.support.fake_cluster import GOOD_HOST
from tests.support.mocks import is_known, is_secret, settled

GKE = {
    "kind": "host",
    "domain": "tenants.example.com",
    "host": {
        "name": "prod",
        "gke": {
            "project": "acme-platform",
            "region": "europe-west3",
            "authorizedNetworks": {"vpn": "192.0.2.0/24"},
            "gvisorPool": {"minNodes": 0, "maxNodes": 5},
        },
    },
    "gateway": {"exposure": "LoadBalancer", "port": 443, "publicDns": True},
}


@pytest.fixture
def adopted(dev):
    return {key: value for key, value in dev.items() if key != "tenants"} | {"kind": "host"}


@pytest.fixture(params=["adopted", "gke"])
def config(request, adopted):
    return adopted if request.param == "adopted" else GKE


def test_both_kinds_of_host_export_the_same(up, config):
    outputs = up(config)
    assert set(outputs) == {"certificateExpiry", "certificates", "hostContract", "hosts", "readme"}
    assert set(outputs["certificateExpiry"]) == {"etcd/shared"}


def test_the_contract_is_secret_as_a_whole_and_complete(up, config):
    """It holds the host's kubeconfig and the key that signs store certificates."""
    output = up(config)["hostContract"]
    assert is_secret(output)
    contract = host_contract.parse(settled(output), "prod-host")
    assert contract.domain == config["domain"]
    assert contract.name == config["host"]["name"]
    assert "PRIVATE KEY" in contract.stores["shared"].ca_key_pem
    assert contract.agent_namespace == "tenantplane-system"


def test_a_gke_host_answers_at_its_reserved_address(up, mocks):
    contract = settled(up(GKE)["hostContract"])
    assert contract["gateway"] == {
        "address": "203.0.113.10",
        "name": "tenants",
        "namespace": "tenantplane-gateway",
        "port": 443,
        "publicDns": True,
    }
    assert mocks.named("gateway-service").inputs["spec"]["loadBalancerIP"] == "203.0.113.10"


def test_settings_of_gke_reach_google(up, mocks):
    up(GKE)
    system, gvisor = mocks.of_type(":NodePool")
    assert system.inputs["autoscaling"]["maxNodeCount"] == 3
    assert gvisor.inputs["autoscaling"]["maxNodeCount"] == 5
    (cluster,) = mocks.of_type(":Cluster")
    (block,) = cluster.inputs["masterAuthorizedNetworksConfig"]["cidrBlocks"]
    assert block == {"cidrBlock": "192.0.2.0/24", "displayName": "vpn"}


def test_no_tenant_and_no_question_to_a_cluster_that_does_not_exist_yet(up, monitor):
    """A GKE host is declared from its config alone: previews need neither cluster nor key."""
    up(GKE)
    assert not [urn for urn in monitor.urns if "TenantControlPlane" in urn]


def test_a_first_preview_of_a_gke_host_knows_its_shape(up, first_preview):
    outputs = up(GKE)
    assert not is_known(outputs["hostContract"])
    assert is_secret(outputs["hostContract"])


def test_a_fixed_address_wins(up, adopted):
    adopted["gateway"] = {"address": "192.0.2.9"}
    assert settled(up(adopted)["hosts"])["dev"]["address"] == "192.0.2.9"


def test_the_readme_says_how_to_bring_tenants(up, adopted):
    readme = up(adopted)["readme"]
    assert "tenantplane:kind: tenants" in readme
    assert "${outputs.hosts.dev.address}" in readme


def test_every_resource_of_a_gke_host_has_the_name_it_always_had(up, monitor, golden):
    up(GKE)
    golden("urns/host-gke.txt", "\n".join(monitor.urns) + "\n")


@pytest.mark.parametrize("kind", ["host", "dev"])
def test_the_members_of_a_pool_that_runs_cannot_be_changed(up, dev, cluster, mocks, kind):
    """Two more pods would be strangers to the first member, and all its tenants without a store."""
    cluster.documents = GOOD_HOST | running.etcds(**{"tenantplane-etcd-shared": 1})
    config = dev | {"kind": kind, "etcd": {"shared": {"members": 3}, "new": {"members": 3}}}
    if kind == "host":
        del config["tenants"]
    with pytest.raises(pulumi.RunError) as error:
        up(config)
    assert str(error.value).startswith("etcd.shared.members: can't be changed from 1: ")
    assert mocks.resources == []


def test_a_pool_that_runs_stays_as_it_is_beside_a_new_one(up, adopted, cluster, mocks):
    cluster.documents = GOOD_HOST | running.etcds(**{"tenantplane-etcd-shared": 3})
    up(adopted | {"etcd": {"shared": {"members": 3}, "new": None}})
    replicas = {one.name: one.inputs["spec"]["replicas"] for one in mocks.of_type(":StatefulSet")}
    assert replicas == {"etcd-shared-members": 3, "etcd-new-members": 3}


def api_rules(mocks):
    """What the policies of those say that call the host's API."""
    policies = [
        mocks.named(name).inputs["spec"] for name in ("host-agent-policy", "gateway-policy")
    ]
    return [policy["egress"][-1] for policy in policies]


def test_an_adopted_host_says_at_which_ports_its_api_is_reached(up, adopted, mocks):
    """The fake host runs Cilium, which sees no node in an ipBlock, and listens on 16443."""
    up(adopted)
    for rule in api_rules(mocks):
        assert [port["port"] for port in rule["ports"]] == [443, 16443]
        assert "to" not in rule


def test_a_gke_host_has_the_usual_ports_and_no_way_to_the_metadata_server(up, mocks):
    up(GKE)
    for rule in api_rules(mocks):
        assert [port["port"] for port in rule["ports"]] == [443, 6443]
        assert rule["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}]
