"""A tenant whose share of the shared etcd is full, as its users and its neighbours see it.

The agent measures each minute; the kubelet brings a file a minute later; then it is read. So what
one test does shows in the next one, and the package's other tests run in between (conftest.py).
"""

import http.client
from contextlib import contextmanager

import pytest

from core.manifests import store_limit
from tests.e2e.stores.conftest import BRIMFUL, LIMIT_MIB
from tests.e2e.test_lifecycle import pods
from tests.support.kube_api import KubeApi, config_map
from tests.support.kubectl import eventually
from tests.support.probe import Probe, Target

MAPS = "/api/v1/namespaces/default/configmaps"
DOOMED = "/api/v1/namespaces/doomed"
LARGE = [f"m{number}" for number in range(6)]
_MINUTES = 6
SECONDS = 60 * _MINUTES
"""What the agent and the kubelet take, with some room."""


def wait_for(host, reason):
    path = '{.status.conditions[?(@.type=="Ready")].reason}'
    where = ("etcdtenant", BRIMFUL, "-n", f"tenant-{BRIMFUL}", "-o", f"jsonpath={path}")
    eventually(lambda: host.out("get", *where) == reason, reason, seconds=SECONDS)


@pytest.fixture(scope="package")
def unnoticed(targets):
    """While it lasts, every request to a neighbour in the same pool is answered."""

    @contextmanager
    def probed():
        with Probe(targets["globex"], hertz=2) as neighbour:
            yield
        neighbour.check()

    return probed


@pytest.fixture(scope="package")
def brimful(on_stores, stack):
    """Where its API is; minutes pass between two tests, and a connection doesn't last as long."""
    assert on_stores, "it comes with them"
    return Target(stack.kubeconfig(BRIMFUL))


@pytest.fixture(scope="package")
def filled(brimful, host, unnoticed):
    """Its pods before anything was in it."""
    before = pods(host, BRIMFUL)
    api = KubeApi(brimful)
    api.create("/api/v1/namespaces", {"metadata": {"name": "doomed"}})
    with unnoticed():
        api.create_all(MAPS, [config_map(name, {"k": "v" * 900_000}) for name in LARGE])
    return before


@pytest.fixture(scope="package")
def refused(brimful, filled, host, unnoticed):
    """What it answers to a write once it is full."""
    assert filled
    api = KubeApi(brimful)
    with unnoticed():
        wait_for(host, store_limit.FULL)
        return eventually(
            lambda: (a := api.call("POST", MAPS, config_map("more"))).status == 422 and a,
            "a write is refused",
            seconds=SECONDS,
        )


@pytest.fixture(scope="package")
def emptied(brimful, refused, unnoticed):
    """What it answers when all that is large is deleted."""
    assert refused
    api = KubeApi(brimful)
    with unnoticed():
        return [api.call("DELETE", f"{MAPS}/{name}").status for name in LARGE]


def test_it_takes_more_than_its_share_at_first(brimful, filled):
    assert filled
    api = KubeApi(brimful)
    assert all(api.get(f"{MAPS}/{name}").status == http.HTTPStatus.OK for name in LARGE)


def test_a_full_tenant_only_reads_and_deletes(brimful, refused, stack):
    assert f"share of its store is full ({LIMIT_MIB} MiB)" in refused.body["message"]
    api = KubeApi(brimful)
    assert api.get(f"{MAPS}/m0").status == http.HTTPStatus.OK
    patch = {"data": {"more": "x"}}
    kind = "application/merge-patch+json"
    assert api.call("PATCH", f"{MAPS}/m0", patch, content_type=kind).status == 422
    assert "brimful may only read and delete" in stack.preview().stdout


@pytest.mark.usefixtures("refused")
def test_its_neighbours_write_meanwhile(targets, unnoticed):
    globex = KubeApi(targets["globex"])
    with unnoticed():
        globex.create(MAPS, config_map("beside"))
        assert globex.call("DELETE", f"{MAPS}/beside").status == http.HTTPStatus.OK


@pytest.mark.usefixtures("refused")
def test_a_namespace_of_a_full_tenant_goes(brimful):
    api = KubeApi(brimful)
    assert api.call("DELETE", DOOMED).status == http.HTTPStatus.OK
    gone = http.HTTPStatus.NOT_FOUND
    eventually(lambda: api.get(DOOMED).status == gone, "finalizers are removed")


def test_what_is_in_it_can_be_deleted(emptied):
    assert emptied == [http.HTTPStatus.OK] * len(LARGE)


@pytest.mark.usefixtures("emptied")
def test_it_takes_writes_again_without_a_restart(brimful, filled, host, unnoticed):
    api, created = KubeApi(brimful), http.HTTPStatus.CREATED
    with unnoticed():
        wait_for(host, "Granted")
        eventually(
            lambda: api.call("POST", MAPS, config_map("again")).status == created,
            "writes are taken again",
            seconds=SECONDS,
        )
    assert pods(host, BRIMFUL) == filled
