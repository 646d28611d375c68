"""When a RuntimeMirror is looked at again, and what a look costs when nothing happened."""

import asyncio
import base64

import pytest

from agent import host as agent_host
from agent import installed, tenant_secret
from agent.handlers.runtime_mirror import RuntimeMirrors
from agent.kube import ApiError
from core.manifests import crds, runtime_mirror
from core.operators.references import SECRET, File
from tests.support.fake_api import FakeApi
from tests.support.loop import run
from tests.support.operator_objects import template, wiring

SPACE = "crossplane-system"
SECRETS = f"/api/v1/namespaces/{SPACE}/secrets"
INSIDE = f"/apis/apps/v1/namespaces/{SPACE}/deployments/provider"
OUTSIDE = "/apis/apps/v1/namespaces/tenant-acme/deployments/provider"
WATCHED = f"{OUTSIDE.rpartition('/')[0]}?labelSelector=tenantplane.dev/mirror%3Dcrossplane"
AVAILABLE = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "observedGeneration": 1}


class Api(FakeApi):
    """Tells of changes on demand."""

    def __init__(self):
        super().__init__()
        self.watched = []
        self.refused_watches = None
        self._changes = {}

    async def watch(self, path, version):
        self.watched.append(path)
        if self.refused_watches is not None:
            raise self.refused_watches
        changes = self._changes[path] = asyncio.Queue()
        while True:
            yield await changes.get()

    def tell(self, path):
        self._changes[path].put_nowait(
            {"type": "MODIFIED", "object": {"metadata": {"resourceVersion": "2"}}}
        )

    async def close(self):
        pass


@pytest.fixture
def host():
    made = Api()
    data = dict.fromkeys(("ca.crt", "tls.crt", "tls.key"), base64.b64encode(b"x").decode())
    made.put("/api/v1/namespaces/tenant-acme/secrets/host-agent", data=data)
    return made


@pytest.fixture
def tenant(monkeypatch):
    made = Api()
    monkeypatch.setattr(tenant_secret, "connect", lambda spec, files: made)
    made.put(f"{SECRETS}/registry", data={})
    owner = {"apiVersion": "pkg.crossplane.io/v1", "controller": True}
    labels = {"pkg.crossplane.io/revision": "provider"}
    spec = {"replicas": 1, "selector": {"matchLabels": labels}, "template": template(labels)}
    made.put(INSIDE, metadata={"ownerReferences": [owner]}, spec=spec)
    return made


def body(packages=SPACE):
    spec = {"tenant": "acme", "server": "https://acme.test", "credentialsSecret": "host-agent"}
    files = [(SPACE, File(SECRET, "registry"))]
    spec |= runtime_mirror.spec(wiring(operator="crossplane"), files, packages)
    metadata = {"name": "crossplane", "namespace": "tenant-acme", "uid": "u"}
    metadata["finalizers"] = [crds.RUNTIME_MIRROR_FINALIZER]
    return {"kind": "RuntimeMirror", "metadata": metadata, "spec": spec}


def looked(host, then, packages=SPACE):
    """What `then` comes to, given how to look, and what woke."""
    mirrors, woken = RuntimeMirrors(host), []

    async def look():
        outcome = await mirrors.reconcile(body(packages), lambda: woken.append(None))
        await asyncio.sleep(0.05)
        return outcome

    async def all_of_it():
        try:
            return await then(look, woken)
        finally:
            await mirrors.forget("u")

    return run(all_of_it())


def test_how_a_program_fares_on_the_host_is_told(tenant, host):
    async def then(look, woken):
        await look()
        await asyncio.sleep(0.1)
        assert host.watched == [WATCHED]
        before = len(woken)
        await host.merge(f"{OUTSIDE}/status", {"status": AVAILABLE})
        host.tell(WATCHED)
        await asyncio.sleep(1.1)
        assert len(woken) == before + 1
        await look()

    looked(host, then)
    assert tenant.objects[INSIDE]["status"]["availableReplicas"] == 1


def test_without_programs_nothing_of_the_host_is_watched(tenant, host):
    async def then(look, _):
        await look()

    looked(host, then, packages=None)
    assert host.watched == []
    assert tenant.watched == [SECRETS]


def test_one_that_is_told_of_all_is_not_looked_at_for_more(tenant, host):
    async def then(look, _):
        await look()
        await host.merge(f"{OUTSIDE}/status", {"status": AVAILABLE})
        return (await look()).again_seconds

    assert looked(host, then) is None


def test_what_is_on_its_way_is_looked_at_now_and_then(tenant, host):
    async def then(look, _):
        await look()
        return (await look()).again_seconds

    assert looked(host, then) == 15


@pytest.mark.parametrize("which", ["tenant", "host"])
def test_one_that_is_not_told_is_looked_at_now_and_then(request, tenant, host, which):
    refusing = request.getfixturevalue(which)
    refusing.refused_watches = ApiError("GET x", 403, "Forbidden", "")

    async def then(look, _):
        await look()
        await host.merge(f"{OUTSIDE}/status", {"status": AVAILABLE})
        return (await look()).again_seconds

    assert looked(host, then) == 15


def test_a_look_at_what_is_in_place_lists_and_writes_nothing(tenant, host):
    async def then(look, _):
        await look()
        await host.merge(f"{OUTSIDE}/status", {"status": AVAILABLE})
        await look()
        written, asked = list(host.written), len(host.asked)
        await look()
        assert host.written == written
        return len(host.asked) - asked

    assert looked(host, then) == 6  # its own Secret, and one list of each kind


def test_of_many_files_that_are_missing_the_first_are_named(tenant, host):
    """Who installs a program says which files it reads, and each look writes them."""
    volumes = [{"name": f"v{n}", "secret": {"secretName": f"s{n}"}} for n in range(30)]
    tenant.objects[INSIDE]["spec"]["template"]["spec"]["volumes"] = volumes

    async def then(look, _):
        return await look()

    outcome = looked(host, then)
    assert len(outcome.fields["missing"]) == 21
    assert outcome.fields["missing"][-1] == "and 10 more"
    assert "Secret crossplane-system/s0, " in outcome.message
    assert ", and 10 more; " in outcome.message


def test_packages_that_are_not_read_are_told(tenant, host, monkeypatch):
    monkeypatch.setattr(installed, "MOST_READ", 0)

    async def then(look, _):
        return await look()

    assert "; of the Deployments of packages the first " in looked(host, then).message


def removed(host, error, monkeypatch):
    """What is told of a removal in which the host refuses a list."""
    posted = []
    monkeypatch.setattr(agent_host, "event", lambda body, post, *said: posted.append(said))
    host.refused["/api/v1/namespaces/tenant-acme/secrets"] = error
    going = body()
    going["metadata"] |= {"deletionTimestamp": "now", "resourceVersion": "1"}
    path = agent_host.path_of(going, crds.RUNTIME_MIRRORS)
    host.put(path, metadata=going["metadata"])
    assert run(RuntimeMirrors(host).reconcile(going, lambda: None)).finished
    assert host.objects[path]["metadata"]["finalizers"] == []
    return posted


def test_without_a_right_to_what_it_made_it_says_what_may_be_left(host, monkeypatch):
    """A RoleBinding that somebody took away; waiting for it would hold a namespace that goes."""
    posted = removed(host, ApiError("GET x", 403, "Forbidden", "may not"), monkeypatch)
    message = (
        "namespace tenant-acme: copies and programs of operator crossplane may be left, as the "
        "agent has no right to them (GET x: may not (403)); delete them with `kubectl -n "
        "tenant-acme delete configmaps,deployments,secrets,serviceaccounts,services -l "
        "tenantplane.dev/mirror=crossplane`"
    )
    assert posted == [("ObjectsLeft", message)]


def test_where_the_namespace_goes_nothing_is_said(host, monkeypatch):
    text = "unable to create new content in namespace x because it is being terminated"
    assert removed(host, ApiError("GET x", 403, "Forbidden", text), monkeypatch) == []
