"""What runs on a host is read from its Deployments and StatefulSets."""

import pytest

from components.running_host import opened, running_pools, running_versions
from core.pools import RunningPool
from tests.support import running
from tests.support.fake_cluster import GOOD_HOST, FakeCluster


@pytest.fixture
def cluster(tmp_path):
    fake = FakeCluster(tmp_path)
    yield fake
    fake.stop()


@pytest.fixture
def read(cluster):
    """What is read of the cluster: versions and pools, on one connection."""

    def both():
        with opened(cluster.kubeconfig(), None, "dev") as api:
            return running_versions(api), running_pools(api)

    return both


def test_versions_are_read_by_tenant(cluster, read):
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2", globex="1.36.3")
    assert read() == ({"acme": "1.37.2", "globex": "1.36.3"}, {})


def test_members_and_volumes_are_read_by_pool(cluster, read):
    etcds = {"tenantplane-etcd-a": 1, "tenantplane-etcd-b": 3}
    cluster.documents = GOOD_HOST | running.etcds(**etcds)
    assert read() == ({}, {"a": RunningPool(1, 4), "b": RunningPool(3, 4)})


def test_another_etcd_with_our_labels_is_no_pool(cluster, read):
    cluster.documents = GOOD_HOST | running.etcds(somewhere=1)
    assert read() == ({}, {})


@pytest.mark.parametrize("answer", [{}, running.none(), running.tenants() | running.etcds()])
def test_a_new_host_runs_nothing(cluster, read, answer):
    cluster.documents = GOOD_HOST | answer
    assert read() == ({}, {})


def test_all_of_it_takes_one_connection(cluster, read):
    read()
    assert len(cluster.names) == 1
    assert len(cluster.seen) == 2
