"""Where members of a shared etcd run, and how many may go at a time."""

import pytest

from core import names
from core.manifests import etcd

OWNERS = pytest.mark.parametrize("tenant", [None, "acme"], ids=["shared", "dedicated"])


def cluster(members=3, tenant=None):
    return etcd.Cluster(
        namespace="n", members=members, quota_gib=2, storage_gib=4, image="etcd", tenant=tenant
    )


def pod_spec(made):
    return etcd.stateful_set(made, "x")["template"]["spec"]


@OWNERS
def test_three_members_never_share_a_node(tenant):
    """Two on one node: its loss is the loss of the quorum, which three members are meant for."""
    anti = pod_spec(cluster(tenant=tenant))["affinity"]["podAntiAffinity"]
    assert list(anti) == ["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = anti["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term == {
        "labelSelector": {"matchLabels": cluster(tenant=tenant).labels},
        "topologyKey": "kubernetes.io/hostname",
    }


def test_three_members_prefer_zones_of_their_own():
    """Preferred: a region with two zones is still better than no pool."""
    (constraint,) = pod_spec(cluster())["topologySpreadConstraints"]
    assert constraint["topologyKey"] == "topology.kubernetes.io/zone"
    assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
    assert constraint["labelSelector"] == {"matchLabels": cluster().labels}


def test_a_single_member_runs_anywhere():
    assert not {"affinity", "topologySpreadConstraints"} & set(pod_spec(cluster(1)))


def test_only_who_is_alone_is_reached_before_being_known_to_be_ready():
    """Nobody else could answer; of three, who is not ready is to be passed over."""
    reached = {n: etcd.client_service(cluster(n))["publishNotReadyAddresses"] for n in (1, 3)}
    assert reached == {1: True, 3: False}


@OWNERS
def test_rules_about_members_select_members(tenant):
    """A selector that matches nothing would hold nobody apart, and protect nobody."""
    made = cluster(tenant=tenant)
    assert etcd.pod_disruption_budget(made)["selector"] == {"matchLabels": made.labels}
    assert etcd.network_policy(made)["podSelector"] == {"matchLabels": made.labels}
    assert etcd.client_service(made)["selector"] == made.labels
    assert etcd.stateful_set(made, "x")["template"]["metadata"]["labels"] == made.labels


def test_a_tenants_own_members_are_not_those_of_a_pool():
    """A policy for pools would let every tenant reach them."""
    assert cluster(tenant="acme").labels != cluster().labels
    (clients, _) = etcd.network_policy(cluster(tenant="acme"))["ingress"]
    assert clients["from"] == [
        {"podSelector": {"matchLabels": names.workload_labels(names.CONTROL_PLANE, "acme")}}
    ]


def test_a_drain_takes_one_member_at_a_time():
    assert etcd.pod_disruption_budget(cluster())["maxUnavailable"] == 1
