"""A tenant whose share of the shared etcd is full, as its users and its neighbours see it."""

import http.client

import pytest

from core.manifests import store_limit
from tests.e2e.test_lifecycle import pods
from tests.support.kube_api import KubeApi, config_map
from tests.support.kubectl import eventually
from tests.support.probe import Probe, Target

MAPS = "/api/v1/namespaces/default/configmaps"
LIMIT_MIB = 4
_MINUTES = 6
"""The agent measures each minute; the kubelet brings a file a minute later; then it is read."""


def wait_for(host, reason):
    path = '{.status.conditions[?(@.type=="Ready")].reason}'
    where = ("etcdtenant", "brimful", "-n", "tenant-brimful", "-o", f"jsonpath={path}")
    eventually(lambda: host.out("get", *where) == reason, reason, seconds=60 * _MINUTES)


@pytest.fixture
def brimful(stack):
    """A tenant that may store little; its API."""
    before = stack.config["tenants"]
    tenant = {"name": "brimful", "storeLimitMib": LIMIT_MIB}
    stack.config["tenants"] = [*before, tenant]
    try:
        stack.up()
        yield KubeApi(Target(stack.kubeconfig("brimful")))
    finally:
        stack.config["tenants"] = before
        stack.up()


def test_a_full_tenant_reads_and_deletes_and_its_neighbours_do_not_notice(
    brimful, host, stack, targets
):
    api, acme, before = brimful, KubeApi(targets["acme"]), pods(host, "brimful")
    api.create("/api/v1/namespaces", {"metadata": {"name": "doomed"}})
    with Probe(targets["acme"], hertz=2) as neighbour:
        api.create_all(MAPS, [config_map(f"m{n}", {"k": "v" * 900_000}) for n in range(6)])
        wait_for(host, store_limit.FULL)
        refused = eventually(
            lambda: (a := api.call("POST", MAPS, config_map("more"))).status == 422 and a,
            "a write is refused",
            seconds=60 * _MINUTES,
        )
        assert "share of its store is full (4 MiB)" in refused.body["message"]
        assert api.get(f"{MAPS}/m0").status == http.HTTPStatus.OK
        acme.create(MAPS, config_map("beside"))
        assert acme.call("DELETE", f"{MAPS}/beside").status == http.HTTPStatus.OK
        patch = {"data": {"more": "x"}}
        kind = "application/merge-patch+json"
        assert api.call("PATCH", f"{MAPS}/m0", patch, content_type=kind).status == 422
        assert "brimful may only read and delete" in stack.preview().stdout
        assert api.call("DELETE", "/api/v1/namespaces/doomed").status == http.HTTPStatus.OK
        gone = http.HTTPStatus.NOT_FOUND
        eventually(
            lambda: api.get("/api/v1/namespaces/doomed").status == gone, "finalizers are removed"
        )
        for n in range(6):
            assert api.call("DELETE", f"{MAPS}/m{n}").status == http.HTTPStatus.OK
        wait_for(host, "Granted")
        eventually(
            lambda: api.call("POST", MAPS, config_map("again")).status == http.HTTPStatus.CREATED,
            "writes are taken again",
            seconds=60 * _MINUTES,
        )
    neighbour.check()
    assert pods(host, "brimful") == before, "no restart"
