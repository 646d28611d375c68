"""What runs on a host is read from its Deployments and StatefulSets."""

import pytest

from components.running_host import (
    RunningTenant,
    opened,
    running_etcds,
    running_profiles,
    running_tenants,
)
from core.generations import InUse
from core.pools import RunningEtcd
from tests.support import running
from tests.support.fake_cluster import GOOD_HOST, FakeCluster


@pytest.fixture
def cluster(tmp_path):
    fake = FakeCluster(tmp_path)
    yield fake
    fake.stop()


@pytest.fixture
def read(cluster):
    """What is read of the cluster: tenants and etcds, on one connection."""

    def both():
        with opened(cluster.kubeconfig(), None, "dev") as api:
            return running_tenants(api), running_etcds(api)

    return both


def test_version_and_datastore_are_read_by_tenant(cluster, read):
    cluster.documents = GOOD_HOST | running.tenants(datastore="fast", acme="1.37.2", b="1.36.3")
    wanted = {
        "acme": RunningTenant("1.37.2", "fast"),
        "b": RunningTenant("1.36.3", "fast"),
    }
    assert read() == (wanted, {})


def test_the_kind_of_a_store_is_read(cluster, read):
    cluster.documents = GOOD_HOST | running.tenants(kind="postgresql", acme="1.37.2")
    assert read()[0]["acme"].store_kind == "postgresql"


def test_generations_of_keys_are_read(cluster, read):
    cluster.documents = (
        GOOD_HOST
        | running.tenants(keys="2,1", store_keys="3", acme="1.37.2")
        | running.etcds(keys="3,4", somewhere=1)
    )
    tenants, etcds = read()
    assert (tenants["acme"].keys, tenants["acme"].store_keys) == (InUse((2, 1)), InUse((3,)))
    assert etcds["somewhere"].keys == InUse((3, 4))


@pytest.mark.parametrize(
    ("status", "done"),
    [
        ({"observedGeneration": 7, "replicas": 3, "updatedReplicas": 3}, True),
        ({"observedGeneration": 6, "replicas": 3, "updatedReplicas": 3}, False),
        ({"observedGeneration": 7, "replicas": 3, "updatedReplicas": 1}, False),
        ({"observedGeneration": 7, "replicas": 4, "updatedReplicas": 3}, False),
        ({"observedGeneration": 7}, False),
        ({}, False),
    ],
    ids=["done", "unseen", "some are old", "an old one is left", "none", "new"],
)
def test_keys_are_everywhere_once_the_rollout_is_done(cluster, read, status, done):
    """The annotation is there before the first pod has them."""
    found = running.etcds(somewhere=3)
    (listed,) = found.values()
    listed["items"][0]["status"] = status
    cluster.documents = GOOD_HOST | found
    assert read()[1]["somewhere"].keys.everywhere == done


def test_members_and_volumes_are_read_by_namespace(cluster, read):
    etcds = {"tenantplane-etcd-a": 1, "tenant-b": 3}
    cluster.documents = GOOD_HOST | running.etcds(**etcds)
    wanted = {
        "tenantplane-etcd-a": RunningEtcd(1, 4, quota_gib=2),
        "tenant-b": RunningEtcd(3, 4, quota_gib=2),
    }
    assert read() == ({}, wanted)


def test_an_etcd_of_somebody_else_is_none_of_ours(cluster, read):
    found = running.etcds(somewhere=1)
    (items,) = found.values()
    del items["items"][0]["metadata"]["labels"]["app.kubernetes.io/part-of"]
    cluster.documents = GOOD_HOST | found
    assert read() == ({}, {})


def test_profiles_are_those_of_all_pods(cluster):
    """A rollout that hangs leaves pods of before, whatever the Deployment asks for."""
    found = running.pods(acme=["large", "small", "small"], b=["medium"], c=["of a later version"])
    cluster.documents = GOOD_HOST | found
    with opened(cluster.kubeconfig(), None, "dev") as api:
        assert running_profiles(api) == {"acme": {"large", "small"}, "b": {"medium"}, "c": set()}


@pytest.mark.parametrize("answer", [{}, running.none(), running.tenants() | running.etcds()])
def test_a_new_host_runs_nothing(cluster, read, answer):
    cluster.documents = GOOD_HOST | answer
    assert read() == ({}, {})


def test_all_of_it_takes_one_connection(cluster, read):
    read()
    assert len(cluster.names) == 1
    assert len(cluster.seen) == 2
