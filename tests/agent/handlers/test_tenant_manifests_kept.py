"""TenantManifests whose objects stay, and those with objects that nobody shall read on the host."""

import base64
import json

import pytest

from core.manifests import agent as agent_manifests
from core.manifests import crds
from core.manifests.crd_schemas import OBJECTS_KEY
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

CORE = "/api/v1/namespaces/default"


def config_map(name, **data):
    metadata = {"name": name, "namespace": "default"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def secret(name, text):
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}}
    body["metadata"]["namespace"] = "default"
    return body | {"stringData": {"pin": text}}


def status(world, name):
    return world.objects.get("TenantManifests", "acme", name).body.get("status", {})


class TestKept:
    """`deletionPolicy: Keep`, for what all objects of a kind would go with."""

    @pytest.fixture
    def kept(self, world, acme):
        """A list of two, made shorter by one."""
        objects = [config_map("kept-a"), config_map("kept-b")]
        for listed in (objects, objects[:1]):
            world.objects.manifests("acme", acme.server, listed, "kept", deletionPolicy="Keep")
            eventually(
                lambda listed=listed: status(world, "kept").get("applied") == len(listed), "applied"
            )
        yield
        world.objects.delete("TenantManifests", "acme", "kept")
        for name in ("kept-a", "kept-b"):
            acme.masters.delete(f"{CORE}/configmaps/{name}")

    def test_what_leaves_the_list_stays(self, world, acme, kept):
        """A chart that doesn't have its definitions any more is no reason to lose their objects."""
        world.objects.wait("TenantManifests", "acme", "kept")
        assert acme.masters.get(f"{CORE}/configmaps/kept-b").ok

    def test_what_leaves_the_list_is_nobodys_any_more(self, world, acme, kept):
        """Set to Delete later, it takes along what it still has, and nothing else."""
        world.objects.manifests("acme", acme.server, [config_map("kept-a")], "kept")
        path = world.objects.path("TenantManifests", "tenant-acme", "kept")
        world.objects.api.merge(path, {"spec": {"deletionPolicy": "Delete"}})
        eventually(
            lambda: (
                crds.TENANT_MANIFESTS_FINALIZER
                in world.objects.get("TenantManifests", "acme", "kept")
                .body["metadata"]
                .get("finalizers", [])
            ),
            "it holds its objects",
        )
        world.objects.delete("TenantManifests", "acme", "kept")
        world.objects.wait_gone("TenantManifests", "acme", "kept")
        assert acme.masters.get(f"{CORE}/configmaps/kept-a").status == 404
        assert acme.masters.get(f"{CORE}/configmaps/kept-b").ok

    def test_they_stay_when_it_goes_and_nothing_holds_it_up(self, world, acme, kept):
        world.objects.delete("TenantManifests", "acme", "kept")
        world.objects.wait_gone("TenantManifests", "acme", "kept")
        assert acme.masters.get(f"{CORE}/configmaps/kept-a").ok

    def test_drift_is_repaired_all_the_same(self, world, acme, kept):
        acme.masters.delete(f"{CORE}/configmaps/kept-a")
        eventually(lambda: acme.masters.get(f"{CORE}/configmaps/kept-a").ok, "it is back")


class TestHidden:
    """`objectsSecret`: a Secret of the tenant is in a Secret of the host, and in no spec."""

    @pytest.fixture
    def apply(self, world, acme):
        """Put these objects into the Secret; the other ones stand in the spec."""
        world.objects.grant("tenant-acme", "hidden", agent_manifests.OPERATORS_ROLE)

        def apply(name, hidden, objects=()):
            text = hidden if isinstance(hidden, str) else json.dumps(hidden)
            world.objects.secret("acme", name, {OBJECTS_KEY: text})
            spec = {"objectsSecret": name, "objectsHash": str(hash(text))}
            world.objects.manifests("acme", acme.server, list(objects), name, **spec)

        yield apply
        for name in ("hidden", "broken"):
            world.objects.delete("TenantManifests", "acme", name)
            world.objects.wait_gone("TenantManifests", "acme", name)

    def pin(self, acme, name):
        data = acme.masters.get(f"{CORE}/secrets/{name}").body.get("data", {})
        return base64.b64decode(data.get("pin", "")).decode()

    def test_they_are_in_the_tenant_beside_the_others(self, world, acme, apply):
        apply("hidden", [secret("hidden", "314159")], [config_map("shown")])
        condition = world.objects.wait("TenantManifests", "acme", "hidden")
        assert condition["message"] == "2 objects are in place"
        assert self.pin(acme, "hidden") == "314159"
        assert acme.masters.get(f"{CORE}/configmaps/shown").ok

    def test_another_value_is_applied_and_what_left_is_removed(self, world, acme, apply):
        apply("hidden", [secret("hidden-a", "1"), secret("hidden-b", "2")])
        world.objects.wait("TenantManifests", "acme", "hidden")
        apply("hidden", [secret("hidden-a", "3")])
        eventually(lambda: self.pin(acme, "hidden-a") == "3", "the new value is there")
        path = f"{CORE}/secrets/hidden-b"
        eventually(lambda: acme.masters.get(path).status == 404, "the other one is gone")

    def test_they_go_with_it(self, world, acme, apply):
        apply("hidden", [secret("hidden-c", "1")])
        world.objects.wait("TenantManifests", "acme", "hidden")
        world.objects.delete("TenantManifests", "acme", "hidden")
        world.objects.wait_gone("TenantManifests", "acme", "hidden")
        assert acme.masters.get(f"{CORE}/secrets/hidden-c").status == 404

    def test_no_value_is_in_a_status_or_a_log(self, world, acme, apply):
        apply("hidden", [secret("hidden", "271828")])
        world.objects.wait("TenantManifests", "acme", "hidden")
        assert "271828" not in str(world.objects.get("TenantManifests", "acme", "hidden").body)
        assert "271828" not in world.agent.process.text()

    @pytest.mark.parametrize("text", ["{not json", "[]" * 2], ids=["broken", "twice"])
    def test_what_can_not_be_read_says_so_and_nothing_goes(self, world, acme, apply, text):
        """An empty list in its place would remove all that was applied."""
        apply("broken", [secret("staying", "1")])
        world.objects.wait("TenantManifests", "acme", "broken")
        apply("broken", text)
        condition = world.objects.wait(
            "TenantManifests", "acme", "broken", reason="NoObjects", status="False"
        )
        assert condition["message"] == (
            f"Secret tenant-acme/broken: its {OBJECTS_KEY} can't be read, got JSONDecodeError; "
            "create it, and a RoleBinding for the agent"
        )
        assert text not in condition["message"]
        assert self.pin(acme, "staying") == "1"

    def test_a_secret_that_is_not_there_says_what_is_needed(self, world, acme):
        spec = {"objectsSecret": "nowhere", "deletionPolicy": "Orphan"}
        world.objects.manifests("acme", acme.server, [], "nowhere", **spec)
        condition = world.objects.wait("TenantManifests", "acme", "nowhere", status="False")
        assert condition["reason"] == "NoObjects"
        assert "Secret tenant-acme/nowhere: its objects.json can't be read" in condition["message"]
        world.objects.delete("TenantManifests", "acme", "nowhere")
