"""What runs on a host is read from its Deployments and StatefulSets."""

import pytest

from components import running_host
from core.generations import InUse
from core.operators.allowance import Allowance
from core.operators.budget import Budget
from core.running import RunningEtcd, RunningHost, RunningTenant, Share
from tests.support import running
from tests.support.fake_cluster import GOOD_HOST, FakeCluster


@pytest.fixture
def cluster(tmp_path):
    fake = FakeCluster(tmp_path)
    yield fake
    fake.stop()


@pytest.fixture
def read(cluster):
    """What is read of the cluster."""
    return lambda: running_host.read(cluster.kubeconfig(), None, "dev")


def test_version_and_datastore_are_read_by_tenant(cluster, read):
    cluster.documents = GOOD_HOST | running.tenants(datastore="fast", acme="1.37.2", b="1.36.3")
    wanted = {
        "acme": RunningTenant("1.37.2", "fast"),
        "b": RunningTenant("1.36.3", "fast"),
    }
    assert read() == RunningHost(tenants=wanted)


def test_the_kind_of_a_store_is_read(cluster, read):
    cluster.documents = GOOD_HOST | running.tenants(kind="postgresql", acme="1.37.2")
    assert read().tenants["acme"].store_kind == "postgresql"


def test_generations_of_keys_are_read(cluster, read):
    cluster.documents = (
        GOOD_HOST
        | running.tenants(keys="2,1", store_keys="3", acme="1.37.2")
        | running.etcds(keys="3,4", somewhere=1)
    )
    found = read()
    acme = found.tenants["acme"]
    assert (acme.keys, acme.store_keys) == (InUse((2, 1)), InUse((3,)))
    assert found.etcds["somewhere"].keys == InUse((3, 4))


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
    assert read().etcds["somewhere"].keys.everywhere == done


def test_members_and_volumes_are_read_by_namespace(cluster, read):
    etcds = {"tenantplane-etcd-a": 1, "tenant-b": 3}
    cluster.documents = GOOD_HOST | running.etcds(**etcds)
    wanted = {
        "tenantplane-etcd-a": RunningEtcd(1, 4, 2),
        "tenant-b": RunningEtcd(3, 4, 2),
    }
    assert read() == RunningHost(etcds=wanted)


def test_an_etcd_of_somebody_else_is_none_of_ours(cluster, read):
    found = running.etcds(somewhere=1)
    (items,) = found.values()
    del items["items"][0]["metadata"]["labels"]["app.kubernetes.io/part-of"]
    cluster.documents = GOOD_HOST | found
    assert read() == RunningHost()


def test_profiles_are_those_of_all_pods(cluster, read):
    """A rollout that hangs leaves pods of before, whatever the Deployment asks for."""
    found = running.pods(acme=["large", "small", "small"], b=["medium"], c=["of a later version"])
    tenants = running.tenants(acme="1.37.2", b="1.37.2", c="1.37.2")
    cluster.documents = GOOD_HOST | tenants | found
    profiles = {name: one.profiles for name, one in read().tenants.items()}
    assert profiles == {"acme": {"large", "small"}, "b": {"medium"}, "c": set()}


def test_what_operators_may_have_is_read_by_tenant_and_name(cluster, read):
    allowed = Allowance(Budget(memory_mib=700, pods=3), ("ghcr.io",))
    tenants = running.tenants(acme="1.37.2", b="1.37.2", c="1.37.2")
    cluster.documents = GOOD_HOST | tenants | running.operators(acme=allowed, b=None)
    found = {name: one.operators for name, one in read().tenants.items()}
    assert found == {"acme": {"demo": allowed}, "b": {}, "c": {}}


def test_certificates_and_what_was_written_anew_are_read_by_tenant(cluster, read):
    ends = {"admin": "2999-01-01T00:00:00Z"}
    cluster.documents = (
        GOOD_HOST
        | running.tenants(acme="1.37.2", b="1.37.2", c="1.37.2")
        | running.certificates(acme=ends)
        | running.reencryptions("2,1", acme=(3, 3), b=(3, 2))
    )
    tenants = read().tenants
    found = {name: (one.certificates, one.rewritten) for name, one in tenants.items()}
    assert found == {"acme": (ends, (2, 1)), "b": ({}, None), "c": ({}, None)}


def test_only_the_ready_condition_says_that_all_is_written_anew(cluster, read):
    """Old keys are dropped on its word."""
    found = running.reencryptions("2,1", acme=(3, 3))
    (listed,) = found.values()
    other = {"type": "Progressing", "status": "True"}
    ready = {"type": "Ready", "status": "False"}
    listed["items"][0]["status"]["conditions"] = [other, ready]
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2") | found
    assert read().tenants["acme"].rewritten is None


def test_shares_are_read_of_tenants_without_a_deployment_too(cluster, read):
    """What they have is there as soon as the agent has let them in, and until it is removed."""
    found = running.shares("fast", a="Granted", b="StoreFull", c="StoreAlarm")
    cluster.documents = GOOD_HOST | found
    assert read().shares == {
        "a": Share("fast", 256),
        "b": Share("fast", 256, "b: StoreFull"),
        "c": Share("fast", 256, "c: StoreAlarm", of_all=True),
    }


def test_runtime_classes_are_read(cluster, read):
    cluster.documents = GOOD_HOST | running.runtime_classes("gvisor", "kata")
    assert read().runtime_classes == {"gvisor", "kata"}


@pytest.mark.parametrize("answer", [{}, running.none(), running.tenants() | running.etcds()])
def test_a_new_host_runs_nothing(cluster, read, answer):
    cluster.documents = GOOD_HOST | answer
    assert read() == RunningHost()


def test_all_of_it_takes_one_connection(cluster, read):
    read()
    assert len(cluster.names) == 1
    paths = [path for path, _ in cluster.seen]
    assert len(paths) == len(set(paths)) == 8
