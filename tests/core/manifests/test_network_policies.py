"""Who may reach whom on a host: every NetworkPolicy, held against golden files and its rules."""

import ipaddress
import json

import pytest

from core import host_facts, names
from core.manifests import agent, etcd, gateway, operator_fence, pods, tenant_fence


def cluster(namespace, tenant):
    return etcd.Cluster(
        namespace=namespace, members=3, quota_gib=2, storage_gib=4, image="etcd", tenant=tenant
    )


HOST_API = pods.host_api_egress(host_facts.DEFAULT_API_PORTS, by_port_alone=False)
POLICIES = {
    "deny-all": pods.DENY_ALL,
    "etcd": etcd.network_policy(cluster("tenantplane-etcd-shared", None)),
    "etcd-dedicated": etcd.network_policy(cluster("tenant-acme", "acme")),
    "gateway": gateway.network_policy(HOST_API),
    "host-agent": agent.network_policy(HOST_API),
    "operator": operator_fence.network_policy("demo", [443], {"192.0.2.0/24": [5432, 6432]}),
    "operators": tenant_fence.operators_policy("acme"),
    "tenant": tenant_fence.network_policy(
        "acme", [tenant_fence.etcd_egress("tenantplane-etcd-shared")]
    ),
    "tenant-oidc": tenant_fence.network_policy("acme", [pods.issuer_egress(None, 8443)]),
    "tenant-sql": tenant_fence.network_policy("acme", [pods.egress_to("192.0.2.5", 5432)]),
}
HAS_TENANT = {"key": names.LABEL_TENANT, "operator": "Exists"}


@pytest.mark.parametrize("name", POLICIES)
def test_policy_is_the_golden_one(name, golden):
    """A way that opens or closes must be seen in a review; tests/e2e/test_network.py tries them."""
    text = json.dumps(POLICIES[name], indent=2, sort_keys=True)
    golden(f"network-policies/{name}.json", f"{text}\n")


@pytest.mark.parametrize("name", POLICIES)
def test_both_directions_are_fenced(name):
    """A direction that is not named is open."""
    assert POLICIES[name]["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.parametrize("name", POLICIES)
def test_every_way_out_names_peers_and_ports(name):
    """A rule without `to` is everywhere, metadata addresses too; the agent holds etcd's root."""
    for rule in POLICIES[name].get("egress", []):
        assert rule["to"]
        assert rule["ports"]


def test_the_host_api_is_reached_on_its_own_ports_and_never_at_a_metadata_address():
    """169.254.169.254 hands out a cloud's credentials of the node."""
    rule = pods.host_api_egress([443, 16443], by_port_alone=False)
    assert rule["ports"] == pods.tcp(443, 16443)
    (peer,) = rule["to"]
    assert peer == {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}


def test_an_issuer_is_reached_at_public_addresses_or_at_its_own():
    """A tenant names the URL, and must not reach its host or another tenant by that."""
    (peer,) = pods.issuer_egress(None, 443)["to"]
    except_for = [ipaddress.ip_network(one) for one in peer["ipBlock"]["except"]]
    for inside in ("10.231.0.2", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"):
        assert any(ipaddress.ip_address(inside) in one for one in except_for)
    assert pods.issuer_egress("10.1.2.3/32", 443) == {
        "to": [{"ipBlock": {"cidr": "10.1.2.3/32"}}],
        "ports": pods.tcp(443),
    }


def test_where_blocks_hide_nodes_the_host_api_is_named_by_its_ports_alone():
    """Cilium would stop the agent on every host whose API server is on a node (cilium#20550)."""
    assert pods.host_api_egress([6443], by_port_alone=True) == {"ports": pods.tcp(6443)}


def peers(policy):
    """Every choice of pods on the other side that can be in a tenant's namespace."""
    for way, side in (("ingress", "from"), ("egress", "to")):
        for rule in policy.get(way, []):
            for peer in rule.get(side, []):
                spaces = peer.get("namespaceSelector", {"matchExpressions": [HAS_TENANT]})
                if "podSelector" in peer and HAS_TENANT in spaces.get("matchExpressions", []):
                    yield peer["podSelector"]


@pytest.mark.parametrize("name", sorted(POLICIES.keys() - {"deny-all"}))
def test_no_pod_of_an_operator_passes_for_one_of_the_platform(name):
    """Its chart says its labels, but these (core/operators/refusals.py)."""
    for selector in (POLICIES[name]["podSelector"], *peers(POLICIES[name])):
        keys = {one["key"] for one in selector.get("matchExpressions", [])}
        ours = selector.get("matchLabels", {}).get(names.LABEL_PART_OF) == names.PART_OF
        keys |= selector.get("matchLabels", {}).keys()
        assert ours or any(key.startswith(f"{names.API_GROUP}/") for key in keys), selector


class TestAnOperator:
    """What one has beside what all operators of a tenant have."""

    def rules(self, internet=(443,), networks=None):
        return operator_fence.network_policy("demo", internet, networks or {})["egress"]

    def test_its_pods_reach_each_other_and_nobody_elses(self):
        own, *_ = self.rules()
        assert own["to"] == [{"podSelector": {"matchLabels": {names.LABEL_OPERATOR: "demo"}}}]

    def test_the_internet_is_public_addresses_at_the_ports_that_are_said(self):
        _, public = self.rules([443, 8443])
        (peer,) = public["to"]
        assert public["ports"] == pods.tcp(443, 8443)
        for address in ("10.0.0.1", "169.254.169.254", "192.168.1.1", "127.0.0.1"):
            assert any(
                ipaddress.ip_address(address) in ipaddress.ip_network(network)
                for network in peer["ipBlock"]["except"]
            )

    def test_without_ports_there_is_no_internet(self):
        assert len(self.rules([])) == 1

    def test_each_network_is_open_at_its_own_ports_in_a_fixed_order(self):
        _, first, second = self.rules([], {"198.51.100.0/24": [1], "192.0.2.0/24": [2, 3]})
        assert first == {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": pods.tcp(2, 3)}
        assert second == {"to": [{"ipBlock": {"cidr": "198.51.100.0/24"}}], "ports": pods.tcp(1)}
