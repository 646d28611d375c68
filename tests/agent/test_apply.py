"""Applying and removing without a tenant: order, failures, and what is left of them."""

import asyncio

import pytest

from agent import apply
from agent.apply import ANNOTATION_OWNER, ApplyError, apply_all, remove_all
from agent.discovery import Discovery, Reference
from agent.kube import ApiError, UnreachableError
from tests.support.loop import run

KINDS = {
    "v1": [("ConfigMap", "configmaps", True), ("Namespace", "namespaces", False)],
    "rbac.authorization.k8s.io/v1": [("ClusterRole", "clusterroles", False)],
    "apiextensions.k8s.io/v1": [
        ("CustomResourceDefinition", "customresourcedefinitions", False),
    ],
}
CONFIGS, NAMESPACES = "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces"


class Tenant:
    """Serves some kinds and remembers what it was asked for."""

    def __init__(self, refuses=(), away=(), objects=()):
        self.refuses, self.away, self.objects = refuses, away, dict(objects)
        self.asked, self.applied, self.looks = [], [], []

    async def get(self, path):
        self.looks.append(path)
        if path in self.objects:
            return self.objects[path]
        if path.count("/") > 3 or path.startswith(f"{NAMESPACES}/"):
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
        found = self.objects.pop(path, {})
        if not held_by(found):
            return {"kind": "Status", "metadata": {}, "status": "Success"}
        found["metadata"]["deletionTimestamp"] = "now"
        self.objects[path] = found
        return found


def held_by(found):
    return found.get("metadata", {}).get("finalizers") or found.get("spec", {}).get("finalizers")


def there(owner="base", finalizers=(), **fields):
    metadata = {"annotations": {ANNOTATION_OWNER: owner}, "finalizers": list(finalizers)}
    return {"metadata": metadata, **fields}


def manifest(name, kind="ConfigMap", api_version="v1", namespace="default"):
    metadata = {"name": name} | ({"namespace": namespace} if kind == "ConfigMap" else {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


async def removing(tenant, *manifests):
    """What is left after removing these, by name."""
    references = [Reference.of(one) for one in manifests]
    left = await remove_all(tenant, Discovery(tenant), references, "base")
    return {reference.name: said for reference, said in left.items()}


def removed(tenant, *manifests):
    return run(removing(tenant, *manifests))


def test_namespaces_come_first_and_go_last():
    config, namespace = f"{CONFIGS}/a", f"{NAMESPACES}/n"
    tenant = Tenant(objects={config: there(), namespace: there()})
    objects = [manifest("a"), manifest("n", "Namespace")]
    run(apply_all(tenant, Discovery(tenant), objects, "base"))
    assert removed(tenant, *objects) == {}
    assert tenant.asked == [namespace, config, config, namespace]


def test_what_another_list_has_taken_over_stays():
    """An object that moves from one TenantManifests to another is never away."""
    ours, theirs = f"{CONFIGS}/a", f"{CONFIGS}/b"
    tenant = Tenant(objects={ours: there("base"), theirs: there("second")})
    assert removed(tenant, manifest("a"), manifest("b")) == {}
    assert tenant.asked == [ours]


class TestLeaving:
    """What was deleted and is still there is waited for: who takes its finalizers off goes next."""

    @pytest.fixture(autouse=True)
    def _at_once(self, monkeypatch):
        monkeypatch.setattr(apply, "_LEAVING_SECONDS", 0.2)
        monkeypatch.setattr(apply, "_LEAVING_POLL_SECONDS", 0.01)

    def test_one_with_finalizers_is_named_with_them(self):
        tenant = Tenant(objects={f"{CONFIGS}/a": there(finalizers=["x.test/a", "x.test/b"])})
        assert removed(tenant, manifest("a")) == {
            "a": "ConfigMap default/a waits for its finalizers x.test/a, x.test/b"
        }

    def test_one_without_costs_one_look_and_no_wait(self):
        tenant = Tenant(objects={f"{CONFIGS}/a": there()})
        assert removed(tenant, manifest("a")) == {}
        assert tenant.looks.count(f"{CONFIGS}/a") == 1

    def test_one_that_goes_soon_is_waited_for(self):
        """Most finalizers are taken off at once: nobody has to hear of it."""
        path = f"{CONFIGS}/a"
        tenant = Tenant(objects={path: there(finalizers=["x.test/a"])})

        async def remove():
            asyncio.get_running_loop().call_later(0.05, tenant.objects.pop, path)
            return await remove_all(
                tenant, Discovery(tenant), [Reference.of(manifest("a"))], "base"
            )

        assert run(remove()) == {}

    def test_one_that_was_deleted_before_is_neither_deleted_again_nor_waited_for(self):
        path = f"{CONFIGS}/a"
        tenant = Tenant(objects={path: there(finalizers=["x.test/a"])})
        for _ in range(2):
            tenant.looks.clear()
            assert list(removed(tenant, manifest("a"))) == ["a"]
        assert tenant.asked == [path]
        assert tenant.looks.count(path) == 1

    def test_one_that_somebody_made_anew_meanwhile_is_gone(self):
        path = f"{CONFIGS}/a"
        tenant = Tenant(objects={path: there(finalizers=["x.test/a"])})

        async def remove():
            again = there("other", ["x.test/a"])
            asyncio.get_running_loop().call_later(0.05, tenant.objects.__setitem__, path, again)
            return await remove_all(
                tenant, Discovery(tenant), [Reference.of(manifest("a"))], "base"
            )

        assert run(remove()) == {}

    def test_namespaces_stay_until_all_else_is_gone(self):
        """What takes the finalizers off may need what is in them."""
        config, namespace = f"{CONFIGS}/a", f"{NAMESPACES}/n"
        tenant = Tenant(objects={config: there(finalizers=["x.test/a"]), namespace: there()})
        left = removed(tenant, manifest("a"), manifest("n", "Namespace"))
        assert left["n"] == "Namespace n goes after what else is listed"
        assert tenant.asked == [config]
        del tenant.objects[config]
        assert removed(tenant, manifest("a"), manifest("n", "Namespace")) == {}
        assert tenant.asked == [config, namespace]

    def test_a_refusal_leaves_namespaces_too(self):
        namespace = f"{NAMESPACES}/n"
        tenant = Tenant(["bad"], objects={f"{CONFIGS}/bad": there(), namespace: there()})
        with pytest.raises(ApplyError, match="default/bad: "):
            removed(tenant, manifest("bad"), manifest("n", "Namespace"))
        assert namespace in tenant.objects

    def test_a_namespace_says_what_it_waits_for(self):
        conditions = [
            {"type": "NamespaceDeletionDiscoveryFailure", "status": "False", "message": "fine"},
            {"type": "NamespaceFinalizersRemaining", "status": "True", "message": "in 1 claim."},
        ]
        spec, status = {"finalizers": ["kubernetes"]}, {"conditions": conditions}
        found = there(kind="Namespace", spec=spec, status=status)
        tenant = Tenant(objects={f"{NAMESPACES}/n": found})
        assert removed(tenant, manifest("n", "Namespace")) == {
            "n": "Namespace n waits for its finalizers kubernetes (in 1 claim)"
        }

    def test_a_definition_says_what_it_waits_for(self):
        version, kind = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
        conditions = [
            {"type": "Established", "status": "True", "message": "it is served"},
            {"type": "Terminating", "status": "True", "message": "deletion is in progress"},
        ]
        found = there(finalizers=["cleanup"], status={"conditions": conditions})
        tenant = Tenant(objects={f"/apis/{version}/customresourcedefinitions/x": found})
        assert removed(tenant, manifest("x", kind, version)) == {
            "x": f"{kind} x waits for its finalizers cleanup (deletion is in progress)"
        }

    @pytest.mark.parametrize("status", ["odd", {"conditions": "odd"}, {"conditions": [{}]}])
    def test_the_status_of_others_may_be_anything(self, status):
        found = there(finalizers=["x.test/a"], status=status)
        assert list(removed(Tenant(objects={f"{CONFIGS}/a": found}), manifest("a"))) == ["a"]


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
