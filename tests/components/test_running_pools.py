"""The etcd pools of a host are read from its StatefulSets."""

import pytest

from components.running_pools import running_pools
from core import names
from core.manifests import etcd
from core.pools import RunningPool
from tests.support.fake_cluster import GOOD_HOST, FakeCluster

STATEFUL_SETS = (
    "/apis/apps/v1/statefulsets"
    "?labelSelector=app.kubernetes.io/name=etcd,app.kubernetes.io/part-of=tenantplane"
)


def stateful_set(namespace, replicas):
    return {
        "metadata": {"name": etcd.NAME, "namespace": namespace, "labels": etcd.POD_LABELS},
        "spec": {
            "replicas": replicas,
            "volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "4Gi"}}}}],
        },
    }


@pytest.fixture
def cluster(tmp_path):
    fake = FakeCluster(tmp_path)
    yield fake
    fake.stop()


def test_members_and_volumes_are_read_by_pool(cluster):
    found = [
        stateful_set(names.etcd_namespace(pool), count) for pool, count in (("a", 1), ("b", 3))
    ]
    cluster.documents = GOOD_HOST | {STATEFUL_SETS: {"items": found}}
    assert running_pools(cluster.kubeconfig(), None, "dev") == {
        "a": RunningPool(1, 4),
        "b": RunningPool(3, 4),
    }


def test_another_etcd_with_our_labels_is_no_pool(cluster):
    found = [stateful_set("somewhere", 1)]
    cluster.documents = GOOD_HOST | {STATEFUL_SETS: {"items": found}}
    assert running_pools(cluster.kubeconfig(), None, "dev") == {}


@pytest.mark.parametrize("answer", [None, {"items": None}, {"items": []}])
def test_a_new_host_has_no_pools(cluster, answer):
    cluster.documents = GOOD_HOST | ({STATEFUL_SETS: answer} if answer else {})
    assert running_pools(cluster.kubeconfig(), None, "dev") == {}
