"""EtcdTenant, as the running agent treats it."""

import pytest

from core.manifests import crds
from tests.support.control_plane import Etcd
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes


def test_becomes_ready_with_its_user_its_role_and_its_prefix(world):
    world.objects.etcd_tenant("ready")
    condition = world.objects.wait("EtcdTenant", "ready")
    status = world.objects.get("EtcdTenant", "ready").body["status"]
    assert status["prefix"] == "/t/ready/"
    assert status["observedGeneration"] == 1
    assert condition["reason"] == "Granted"
    assert "ready" in world.etcd.names("user")
    assert "ready" in world.etcd.names("role")
    assert world.objects.get("EtcdTenant", "ready").body["metadata"]["finalizers"] == [
        crds.ETCD_TENANT_FINALIZER
    ]


def test_takes_its_keys_along_and_says_how_many(world):
    world.objects.etcd_tenant("leaving")
    world.objects.wait("EtcdTenant", "leaving")
    for key in ("x", "y"):
        world.etcd.ctl("put", f"/t/leaving/{key}", "v", user="leaving")
    before = world.agent.metrics().get(
        'tenantplane_agent_etcd_keys_removed_total{store="shared"}', 0
    )
    world.objects.delete("EtcdTenant", "leaving")
    world.objects.wait_gone("EtcdTenant", "leaving")
    assert not world.etcd.keys("/t/leaving/")
    assert "leaving" not in world.etcd.names("user")
    assert "leaving" not in world.etcd.names("role")
    (message,) = eventually(lambda: world.objects.events("leaving", "KeysRemoved"), "event")
    assert message == "2 keys of leaving removed from store shared, its user and role too"
    after = world.agent.metrics()['tenantplane_agent_etcd_keys_removed_total{store="shared"}']
    assert after - before == 2


def test_of_an_unknown_store_says_which_there_are(world):
    world.objects.etcd_tenant("lost", store="nowhere")
    condition = world.objects.wait("EtcdTenant", "lost", status="False", reason="UnknownStore")
    assert "the agent has no such etcd pool, it has" in condition["message"]
    assert "shared" in condition["message"]
    world.objects.delete("EtcdTenant", "lost")
    world.objects.wait_gone("EtcdTenant", "lost")


def test_in_another_namespace_touches_nothing(world):
    """Else whoever may create objects in one namespace could delete another tenant's keys."""
    world.objects.etcd_tenant("victim")
    world.objects.wait("EtcdTenant", "victim")
    world.etcd.ctl("put", "/t/victim/x", "v", user="victim")
    namespace = world.objects.namespace("villain")
    spec = {"store": "shared", "tenant": "victim"}
    world.objects.apply("EtcdTenant", namespace, "victim", spec)
    path = world.objects.path("EtcdTenant", namespace, "victim")

    def refused():
        conditions = world.objects.api.get(path).body.get("status", {}).get("conditions", [])
        return conditions and conditions[0]["reason"] == "WrongNamespace"

    eventually(refused, "the object is refused")
    world.objects.api.delete(path)
    eventually(lambda: world.objects.api.get(path).status == 404, "the object is gone")
    assert world.etcd.keys("/t/victim/") == ["/t/victim/x"]
    assert "victim" in world.etcd.names("user")


def test_keeps_its_finalizer_while_its_store_is_down_and_says_so(world, second):
    pool, etcd = second
    world.objects.etcd_tenant("stuck", store=pool)
    world.objects.wait("EtcdTenant", "stuck")
    etcd.process.kill()
    world.objects.delete("EtcdTenant", "stuck")
    condition = world.objects.wait("EtcdTenant", "stuck", status="False", reason="StoreUnreachable")
    assert condition["message"].startswith(f"keys not removed yet: store {pool}: ")
    eventually(lambda: world.objects.events("stuck", "StoreUnreachable"), "there is an event")
    assert (
        crds.ETCD_TENANT_FINALIZER
        in (world.objects.get("EtcdTenant", "stuck").body["metadata"]["finalizers"])
    )
    etcd.process.start()
    etcd.wait()
    world.objects.wait_gone("EtcdTenant", "stuck")
    assert "stuck" not in etcd.names("user")


def test_one_that_can_not_be_made_holds_up_no_other(world, second):
    """Each object has a loop, and each store its own queue of commands."""
    pool, etcd = second
    etcd.process.kill()
    for number in range(16):
        world.objects.etcd_tenant(f"bad-{number}", store=pool)
    world.objects.etcd_tenant("good")
    world.objects.wait("EtcdTenant", "good")  # one after the other they would take 80 s
    for number in range(16):
        path = world.objects.path("EtcdTenant", f"tenant-bad-{number}", f"bad-{number}")
        world.objects.api.delete(path)
        world.objects.api.merge(path, {"metadata": {"finalizers": None}})


def test_what_vanished_from_the_store_is_made_again(world):
    """A store that was restored from an older backup doesn't know its newest tenants."""
    world.objects.etcd_tenant("restored")
    world.objects.wait("EtcdTenant", "restored")
    world.etcd.ctl("user", "delete", "restored")

    def writes():
        put = world.etcd.ctl("put", "/t/restored/x", "v", check=False, user="restored")
        return put.returncode == 0

    assert not writes()
    eventually(writes, "the user is back", seconds=40)


def counted(world, tenant, keys):
    def has():
        return world.objects.get("EtcdTenant", tenant).body["status"].get("keys") == keys

    eventually(has, f"{keys} keys are seen")


def test_a_store_that_came_back_empty_is_not_taken_for_its_own(world, second, tmp_path):
    """Else its API server would come up, with nothing in it, and nobody be told."""
    pool, etcd = second
    for tenant, keys in {"lost-all": 3, "had-none": 0}.items():
        world.objects.etcd_tenant(tenant, store=pool)
        world.objects.wait("EtcdTenant", tenant)
        for number in range(keys):
            etcd.ctl("put", f"/t/{tenant}/{number}", "v", user=tenant)
        counted(world, tenant, keys)
    etcd.process.kill()
    other = Etcd(tmp_path / "other")
    other.ctl("put", "/t/lost-all/0", "written before anybody was asked who it is")
    world.agent.add_store(pool, other)
    condition = world.objects.wait("EtcdTenant", "lost-all", status="False", reason="StoreEmpty")
    assert f"store {pool} had 3 keys of it, got 1 and no user" in condition["message"]
    assert "lost-all" not in other.names("user")
    eventually(
        lambda: "had-none" in other.names("user"), "who had nothing lost nothing", seconds=60
    )

    path = world.objects.path("EtcdTenant", "tenant-lost-all", "lost-all")
    assert world.objects.api.merge(f"{path}/status", {"status": {"keys": None}}).ok
    world.objects.wait("EtcdTenant", "lost-all", reason="Granted")
    assert "lost-all" in other.names("user")
    for tenant in ("lost-all", "had-none"):
        world.objects.delete("EtcdTenant", tenant)
        world.objects.wait_gone("EtcdTenant", tenant)
    other.process.kill()


def test_whose_user_alone_is_gone_gets_it_back(world):
    world.objects.etcd_tenant("half")
    world.objects.wait("EtcdTenant", "half")
    world.etcd.ctl("put", "/t/half/x", "v", user="half")
    counted(world, "half", 1)
    world.etcd.ctl("user", "delete", "half")
    eventually(lambda: "half" in world.etcd.names("user"), "the user is back", seconds=40)


def test_what_happened_while_the_agent_was_away_is_caught_up_with(world):
    world.objects.etcd_tenant("away")
    world.objects.wait("EtcdTenant", "away")
    world.agent.process.kill()
    world.objects.etcd_tenant("late")
    world.objects.delete("EtcdTenant", "away")
    world.agent.process.start()
    world.objects.wait_gone("EtcdTenant", "away")
    world.objects.wait("EtcdTenant", "late")
    assert "away" not in world.etcd.names("user")
