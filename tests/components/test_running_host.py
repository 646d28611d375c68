"""What runs on a host is read from its Deployments and StatefulSets."""

import pytest

from components.running_host import RunningHost, running_host
from core.pools import RunningPool
from tests.support import running
from tests.support.fake_cluster import GOOD_HOST, FakeCluster


@pytest.fixture
def cluster(tmp_path):
    fake = FakeCluster(tmp_path)
    yield fake
    fake.stop()


def test_versions_are_read_by_tenant(cluster):
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2", globex="1.36.3")
    found = running_host(cluster.kubeconfig(), None, "dev")
    assert found == RunningHost({"acme": "1.37.2", "globex": "1.36.3"}, {})


def test_members_and_volumes_are_read_by_pool(cluster):
    etcds = {"tenantplane-etcd-a": 1, "tenantplane-etcd-b": 3}
    cluster.documents = GOOD_HOST | running.etcds(**etcds)
    found = running_host(cluster.kubeconfig(), None, "dev")
    assert found == RunningHost({}, {"a": RunningPool(1, 4), "b": RunningPool(3, 4)})


def test_another_etcd_with_our_labels_is_no_pool(cluster):
    cluster.documents = GOOD_HOST | running.etcds(somewhere=1)
    assert running_host(cluster.kubeconfig(), None, "dev").pools == {}


@pytest.mark.parametrize("answer", [{}, running.none()])
def test_a_new_host_runs_nothing(cluster, answer):
    cluster.documents = GOOD_HOST | answer
    assert running_host(cluster.kubeconfig(), None, "dev") == RunningHost({}, {})


def test_all_of_it_takes_one_connection(cluster):
    running_host(cluster.kubeconfig(), None, "dev")
    assert len(cluster.names) == 1
    assert len(cluster.seen) == 2
