"""Where members of a shared etcd run, and how many may go at a time."""

from core.manifests import etcd


def pod_spec(members):
    made = etcd.stateful_set(
        pool="shared", members=members, quota_gib=2, storage_gib=4, image="etcd", keys_hash="x"
    )
    return made["template"]["spec"]


def test_three_members_never_share_a_node():
    """Two on one node: its loss is the loss of the quorum, which three members are meant for."""
    anti = pod_spec(3)["affinity"]["podAntiAffinity"]
    assert list(anti) == ["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = anti["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term == {
        "labelSelector": {"matchLabels": etcd.POD_LABELS},
        "topologyKey": "kubernetes.io/hostname",
    }


def test_three_members_prefer_zones_of_their_own():
    """Preferred: a region with two zones is still better than no pool."""
    (constraint,) = pod_spec(3)["topologySpreadConstraints"]
    assert constraint["topologyKey"] == "topology.kubernetes.io/zone"
    assert constraint["whenUnsatisfiable"] == "ScheduleAnyway"
    assert constraint["labelSelector"] == {"matchLabels": etcd.POD_LABELS}


def test_a_single_member_runs_anywhere():
    assert not {"affinity", "topologySpreadConstraints"} & set(pod_spec(1))


def test_rules_about_members_select_members():
    """A selector that matches nothing would hold nobody apart, and protect nobody."""
    assert etcd.pod_disruption_budget()["selector"] == {"matchLabels": etcd.POD_LABELS}
    made = etcd.stateful_set(
        pool="shared", members=3, quota_gib=2, storage_gib=4, image="etcd", keys_hash="x"
    )
    assert made["template"]["metadata"]["labels"] == etcd.POD_LABELS


def test_a_drain_takes_one_member_at_a_time():
    assert etcd.pod_disruption_budget()["maxUnavailable"] == 1
