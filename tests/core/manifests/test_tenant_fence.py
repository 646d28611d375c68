"""A tenant's share of its host: pods that an upgrade brings fit in, others don't."""

import re

import pytest

from core import flags
from core.manifests import etcd, pods, tenant, tenant_fence
from core.operators.budget import Budget
from core.profiles import PROFILES

SMALL, MEDIUM, LARGE = PROFILES.values()
REPLICAS = pytest.mark.parametrize("replicas", [1, 2, 3])


def hard(*profiles, replicas=1, kine_too=False, own=None):
    return tenant_fence.resource_quota(profiles, replicas, kine_too=kine_too, own=own)["hard"]


def mib(quantity):
    return int(re.fullmatch(r"(\d+)Mi", quantity)[1])


def memory(profile, replicas=1, kine_image=None):
    """Sums of requests and limits of one pod, as its manifest has them."""
    wanted = tenant.ControlPlane(
        tenant="acme",
        version="1.37.2",
        replicas=replicas,
        profile=profile,
        apiserver_args=[],
        apiserver_image="a",
        controller_manager_image="b",
        kine_image=kine_image,
        scheduling={},
        keys_hash="",
        encryption_hash="",
    )
    spec = tenant.deployment(wanted)["template"]["spec"]
    every = [one["resources"] for one in spec["initContainers"] + spec["containers"]]
    return [sum(mib(one[kind]["memory"]) for one in every) for kind in ("requests", "limits")]


@REPLICAS
@pytest.mark.parametrize("kine_image", [None, "kine"])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_an_upgrade_fits_and_no_pod_more(profile, replicas, kine_image):
    """All old pods, as many new ones, and one that is slow to end."""
    quota = hard(profile, replicas=replicas, kine_too=kine_image is not None)
    most = 2 * replicas + 1
    assert quota["pods"] == str(most)
    wanted = [most * each for each in memory(profile, replicas, kine_image)]
    assert [mib(quota["requests.memory"]), mib(quota["limits.memory"])] == wanted


@REPLICAS
def test_a_smaller_profile_fits_beside_the_larger_one_that_runs(replicas):
    quota = hard(SMALL, LARGE, replicas=replicas)
    assert quota == hard(LARGE, SMALL, replicas=replicas) == hard(LARGE, replicas=replicas)
    running, coming = memory(LARGE, replicas)[1], memory(SMALL, replicas)[1]
    assert (replicas + 1) * running + replicas * coming <= mib(quota["limits.memory"])
    assert mib(hard(SMALL, replicas=replicas)["limits.memory"]) < replicas * (running + coming)


def test_a_profile_takes_what_is_its_own():
    """The quota of the largest for all would let a small tenant take six times what it is."""
    limits = [mib(hard(one)["limits.memory"]) for one in (SMALL, MEDIUM, LARGE)]
    assert limits == sorted(set(limits))


@pytest.mark.parametrize("members", [1, 3])
def test_members_of_an_own_etcd_and_their_volumes_fit(members):
    own = etcd.Cluster(
        namespace="n", members=members, quota_gib=2, storage_gib=4, image="e", tenant="acme"
    )
    quota, without = hard(SMALL, own=own), hard(SMALL)
    spec = etcd.stateful_set(own, "")["template"]["spec"]["containers"][0]["resources"]
    assert int(quota["pods"]) == int(without["pods"]) + members
    assert quota["persistentvolumeclaims"] == str(members)
    assert quota["requests.storage"] == f"{4 * members}Gi"
    for kind in ("requests", "limits"):
        more = mib(quota[f"{kind}.memory"]) - mib(without[f"{kind}.memory"])
        assert more == members * mib(spec[kind]["memory"])


def test_without_a_store_of_its_own_it_has_no_disk():
    quota = hard(SMALL)
    assert (quota["persistentvolumeclaims"], quota["requests.storage"]) == ("0", "0Gi")


def test_nothing_of_it_has_an_address_of_its_own():
    """The gateway is the one way in."""
    quota = hard(LARGE, replicas=3)
    assert (quota["services.loadbalancers"], quota["services.nodeports"]) == ("0", "0")


def test_a_container_that_asks_for_nothing_gets_little():
    """A quota on limits refuses a pod that has none."""
    (limit,) = tenant_fence.limit_range()["limits"]
    assert limit["type"] == "Container"
    assert mib(limit["default"]["memory"]) < mib(hard(SMALL)["limits.memory"]) - memory(SMALL)[1]


def test_operators_together_have_a_quota_that_is_theirs_alone():
    """Without it one operator could take what the control plane's next pod needs."""
    some = Budget(memory_mib=1000, pods=3, cpu_millicores=500)
    quota = tenant_fence.operators_quota([some, Budget(memory_mib=24, pods=1, cpu_millicores=10)])
    assert quota["hard"] == {
        "limits.memory": "1024Mi",
        "requests.memory": "1024Mi",
        "pods": "4",
        "requests.cpu": "510m",
    }
    (scope,) = quota["scopeSelector"]["matchExpressions"]
    assert scope == {
        "scopeName": "PriorityClass",
        "operator": "In",
        "values": ["tenantplane-operators"],
    }


def test_operators_and_their_api_server_select_each_other():
    """By the pods that there are: a selector that matches nobody would let nobody through."""
    labels = tenant.pod_labels("acme")
    operators = tenant_fence.operators_policy("acme")
    (ingress,), (_, egress) = operators["ingress"], operators["egress"]
    assert ingress["from"] == egress["to"] == [{"podSelector": {"matchLabels": labels}}]
    assert egress["ports"] == pods.tcp(flags.APISERVER_PORT)
    apiserver = tenant_fence.network_policy("acme", [])
    (theirs,) = apiserver["egress"][1]["to"]
    assert theirs == {"podSelector": operators["podSelector"]}
    assert theirs in apiserver["ingress"][0]["from"]
    assert "namespaceSelector" not in theirs, "those of another tenant are another's"
