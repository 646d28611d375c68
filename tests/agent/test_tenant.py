"""When a tenant counts as up."""

import pytest

from agent.handlers.tenant_manifests import TenantManifests
from agent.kube import ApiError
from agent.outcome import NotReadyError
from agent.tenant import Tenant
from core.manifests import crds
from tests.support.loop import run


class Answering:
    """A tenant's API server that answers /readyz alone."""

    def __init__(self, status):
        self.status = status

    async def get(self, path):
        assert path == "/readyz"
        if self.status != 200:
            raise ApiError(f"GET {path}", self.status, "", "[-]etcd failed")
        return {"message": "ok"}


def check(status):
    tenant = Tenant.__new__(Tenant)
    tenant.client = Answering(status)
    run(tenant.check_ready())


def test_it_is_up_when_it_says_so():
    check(200)


def test_one_that_is_not_ready_is_looked_at_again():
    with pytest.raises(NotReadyError, match=r"GET /readyz: \[-\]etcd failed") as raised:
        check(500)
    assert raised.value.reason == "NotReady"
    assert "etcd" in raised.value.fields["lastError"]


def test_a_refusal_is_no_start():
    """Its reader connects anew after a 401."""
    with pytest.raises(ApiError):
        check(401)


def test_its_groups_are_read_within_bounds():
    """Its users may make any number of APIServices, with annotations as large as they like."""
    asked = []

    class Listing:
        async def get(self, path, *, metadata_list):
            asked.append((path.partition("?")[2], metadata_list))
            items = [{"metadata": {"name": "v1.a.test"}}, {"metadata": {"name": "v1.apps"}}]
            return {"metadata": {"resourceVersion": "7"}, "items": items}

    tenant = Tenant.__new__(Tenant)
    tenant.client = Listing()
    groups, version = run(tenant._list())
    assert (groups, version) == ({"v1.a.test": "a.test", "v1.apps": "apps"}, "7")
    assert asked == [("limit=1", True), ("limit=100", True)]


def test_nothing_is_applied_before_it_is_up(monkeypatch):
    """So what waits for the objects, `pulumi up` above all, ends with a tenant that is ready."""
    tenant = Tenant.__new__(Tenant)
    tenant.client = Answering(500)  # and nothing else: an object applied would be an AttributeError
    handler = TenantManifests(None)

    async def connected(*_):
        return tenant

    monkeypatch.setattr(handler, "_tenant", connected)
    spec = {"objects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}]}
    metadata = {"name": "base", "finalizers": [crds.TENANT_MANIFESTS_FINALIZER]}
    with pytest.raises(NotReadyError) as raised:
        run(handler.reconcile({"metadata": metadata, "spec": spec}, lambda: None))
    assert raised.value.reason == "NotReady"
