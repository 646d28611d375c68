"""Applying and removing without a tenant: order, failures, and what is left of them."""

import asyncio

import pytest

from agent.apply import ANNOTATION_OWNER, ApplyError, apply_all, remove_all
from agent.discovery import Discovery, Reference
from agent.kube import ApiError, UnreachableError
from tests.support.loop import run

KINDS = {
    "v1": [("ConfigMap", "configmaps", True), ("Namespace", "namespaces", False)],
    "rbac.authorization.k8s.io/v1": [("ClusterRole", "clusterroles", False)],
}


class Tenant:
    """Serves some kinds and remembers what it was asked for."""

    def __init__(self, refuses=(), away=(), owners=()):
        self.refuses, self.away, self.owners = refuses, away, dict(owners)
        self.asked, self.applied = [], []

    async def get(self, path):
        if path in self.owners:
            return {"metadata": {"annotations": {ANNOTATION_OWNER: self.owners[path]}}}
        if path.count("/") > 3:
            raise ApiError(path, 404, "NotFound", "no such object")
        api_version = path.removeprefix("/apis/").removeprefix("/api/")
        resources = [
            {"kind": kind, "name": name, "namespaced": namespaced}
            for kind, name, namespaced in KINDS[api_version]
        ]
        return {"resources": resources}

    async def _take(self, path):
        await asyncio.sleep(0)
        self.asked.append(path)
        if any(name in path for name in self.away):
            raise UnreachableError("no answer")
        if any(name in path for name in self.refuses):
            raise ApiError(path, 422, "Invalid", "it quotes hunter2")

    async def apply(self, path, body):
        self.applied.append(body)
        await self._take(path)

    async def delete(self, path):
        await self._take(path)


def manifest(name, kind="ConfigMap", api_version="v1", namespace="default"):
    metadata = {"name": name} | ({"namespace": namespace} if kind == "ConfigMap" else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def test_namespaces_come_first_and_go_last():
    tenant, objects = Tenant(), [manifest("a"), manifest("n", "Namespace")]
    run(apply_all(tenant, Discovery(tenant), objects, "base"))
    run(remove_all(tenant, Discovery(tenant), [Reference.of(found) for found in objects], "base"))
    config, namespace = "/api/v1/namespaces/default/configmaps/a", "/api/v1/namespaces/n"
    assert tenant.asked == [namespace, config, config, namespace]


def test_what_another_list_has_taken_over_stays():
    """An object that moves from one TenantManifests to another is never away."""
    ours, theirs = (f"/api/v1/namespaces/default/configmaps/{name}" for name in ("a", "b"))
    tenant = Tenant(owners={ours: "first", theirs: "second"})
    references = [Reference.of(manifest(name)) for name in ("a", "b")]
    run(remove_all(tenant, Discovery(tenant), references, "first"))
    assert tenant.asked == [ours]


def test_an_object_says_which_list_it_is_in():
    tenant, given = Tenant(), manifest("a")
    run(apply_all(tenant, Discovery(tenant), [given], "first"))
    assert tenant.applied[0]["metadata"]["annotations"] == {ANNOTATION_OWNER: "first"}
    assert "annotations" not in given["metadata"]


def test_an_api_group_has_a_path_of_its_own():
    tenant = Tenant()
    role = manifest("r", "ClusterRole", "rbac.authorization.k8s.io/v1")
    run(apply_all(tenant, Discovery(tenant), [role]))
    assert tenant.asked == ["/apis/rbac.authorization.k8s.io/v1/clusterroles/r"]


def test_one_refusal_stops_no_other():
    tenant = Tenant(refuses=["bad"])
    with pytest.raises(ApplyError, match="ConfigMap default/bad: ") as caught:
        run(apply_all(tenant, Discovery(tenant), [manifest("bad"), manifest("good")]))
    assert [reference.name for reference in caught.value.done] == ["good"]


def test_many_refusals_are_counted_and_three_are_shown():
    tenant = Tenant(refuses=["bad"])
    objects = [manifest(f"bad-{number}") for number in range(9)]
    with pytest.raises(ApplyError) as caught:
        run(apply_all(tenant, Discovery(tenant), objects))
    assert "9 objects failed" in str(caught.value)
    assert "and 6 more" in str(caught.value)
    assert str(caught.value).count("quotes") == 3


def test_a_tenant_that_goes_away_is_not_asked_for_the_rest():
    tenant = Tenant(away=["a-"])
    objects = [manifest(f"a-{number}") for number in range(50)]
    with pytest.raises(UnreachableError):
        run(apply_all(tenant, Discovery(tenant), objects))
    assert len(tenant.asked) < 5


def test_a_failure_leaves_the_task_as_it_was():
    """On Python 3.11.2 a task that counts as being cancelled dies at its next timeout."""

    async def fail():
        with pytest.raises(UnreachableError):
            await apply_all(tenant, Discovery(tenant), [manifest("a"), manifest("b")])
        return asyncio.current_task().cancelling()

    tenant = Tenant(away=["a", "b"])
    assert run(fail()) == 0
