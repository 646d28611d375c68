"""A tenant's share of a pool and a pool's alarms, as the running agent tells and enforces them."""

import pytest

from agent.share import Share
from agent.usage import Usage
from core.manifests import store_limit
from tests.support.control_plane import Etcd
from tests.support.etcd_rpc import corrupt
from tests.support.kubectl import eventually

KIB, MIB = 1024, 1024 * 1024
processes = pytest.mark.processes


def share(mib, **fields):
    return Share("a", Usage(1, int(mib * MIB)), 100, **fields)


@pytest.mark.parametrize(
    ("mib", "was_shut", "shut"),
    [(99, False, False), (100, False, True), (95, True, True), (94.9, True, False)],
)
def test_a_door_opens_a_little_below_where_it_shuts(mib, was_shut, shut):
    assert share(mib).is_shut(was_shut=was_shut) is shut


def test_a_door_that_can_not_shut_is_not_said_to_be():
    """API servers before 1.37 read no policies from files."""
    full = share(120, closes=False)
    assert not full.is_shut(was_shut=False)
    outcome = full.outcome(shut=False)
    assert outcome.reason == store_limit.FULL
    assert outcome.warns
    assert not outcome.fields["readOnly"]
    assert "read and delete" not in outcome.message
    assert "read and delete" not in share(90, closes=False).outcome(shut=False).message


def limit_policy(world, tenant):
    path = f"/api/v1/namespaces/tenant-{tenant}/configmaps/{store_limit.CONFIG_MAP}"
    return world.objects.api.get(path).body.get("data", {}).get(store_limit.FILE)


@processes
def test_a_full_share_is_shut_and_opens_again(world):
    world.objects.etcd_tenant("greedy", limitMib=1)
    world.objects.wait("EtcdTenant", "greedy")
    for number, size in enumerate([500 * KIB, 350 * KIB]):
        world.etcd.ctl("put", f"/t/greedy/{number}", stdin="v" * size, user="greedy")
    world.objects.wait("EtcdTenant", "greedy", reason=store_limit.NEARLY_FULL)
    assert limit_policy(world, "greedy") is None
    world.etcd.ctl("put", "/t/greedy/2", stdin="v" * 300 * KIB, user="greedy")
    condition = world.objects.wait("EtcdTenant", "greedy", reason=store_limit.FULL)
    assert "its share of 1 MiB is full" in condition["message"]
    assert limit_policy(world, "greedy") == store_limit.policy_text(1)
    status = world.objects.get("EtcdTenant", "greedy").body["status"]
    assert (status["keys"], status["usedMib"]) == (3, 2)
    samples = world.agent.metrics()
    labels = '{store="shared",tenant="greedy"}'
    assert samples[f"tenantplane_agent_store_keys{labels}"] == 3
    assert samples[f"tenantplane_agent_store_limit_bytes{labels}"] == MIB
    assert 1150 * KIB < samples[f"tenantplane_agent_store_bytes{labels}"] < 1151 * KIB
    for reason in (store_limit.NEARLY_FULL, store_limit.FULL):
        eventually(lambda r=reason: world.objects.events("greedy", r), "a warning")
    world.etcd.ctl("del", "/t/greedy/1", user="greedy")
    world.objects.wait("EtcdTenant", "greedy", reason="Granted")
    assert limit_policy(world, "greedy") is None
    world.objects.delete("EtcdTenant", "greedy")
    world.objects.wait_gone("EtcdTenant", "greedy")
    assert f"tenantplane_agent_store_keys{labels}" not in world.agent.metrics()


def put(etcd, tenant, *sizes):
    for number, size in enumerate(sizes):
        etcd.ctl("put", f"/t/{tenant}/{number}", stdin="v" * size, user=tenant)


def removed(world, tenant):
    world.objects.delete("EtcdTenant", tenant)
    world.objects.wait_gone("EtcdTenant", tenant)


@processes
def test_a_door_that_an_agent_left_shut_is_opened_by_the_next_one(world):
    """It may have ended after it wrote the policy and before it said so in the status."""
    world.objects.etcd_tenant("left", limitMib=1)
    world.objects.wait("EtcdTenant", "left")
    eventually(
        lambda: "readOnly" in world.objects.get("EtcdTenant", "left").body["status"], "measured"
    )
    world.agent.process.kill()
    path = f"/api/v1/namespaces/tenant-left/configmaps/{store_limit.CONFIG_MAP}"
    policy = {"data": {store_limit.FILE: store_limit.policy_text(1)}}
    assert world.objects.api.merge(path, policy).ok
    world.agent.process.start()
    world.agent.wait()
    eventually(lambda: limit_policy(world, "left") is None, "the tenant writes again")
    removed(world, "left")


@processes
def test_a_full_tenant_whose_limit_is_raised_writes_again(world):
    world.objects.etcd_tenant("raised", limitMib=1)
    world.objects.wait("EtcdTenant", "raised")
    put(world.etcd, "raised", 700 * KIB, 500 * KIB)
    world.objects.wait("EtcdTenant", "raised", reason=store_limit.FULL)
    spec = {"store": "shared", "tenant": "raised", "limitMib": 2}
    world.objects.apply("EtcdTenant", "tenant-raised", "raised", spec)
    world.objects.wait("EtcdTenant", "raised", reason="Granted")
    status = world.objects.get("EtcdTenant", "raised").body["status"]
    assert (status["readOnly"], status["keys"], status["usedMib"]) == (False, 2, 2)
    assert limit_policy(world, "raised") is None
    removed(world, "raised")


@processes
def test_a_full_tenant_writes_again_after_its_store_was_away(world, second):
    pool, etcd = second
    world.objects.etcd_tenant("outage", store=pool, limitMib=1)
    world.objects.wait("EtcdTenant", "outage")
    put(etcd, "outage", 700 * KIB, 500 * KIB)
    world.objects.wait("EtcdTenant", "outage", reason=store_limit.FULL)
    etcd.process.kill()
    world.objects.wait("EtcdTenant", "outage", status="False", reason="StoreUnreachable")
    etcd.process.start()
    etcd.wait()
    etcd.ctl("del", "/t/outage/0", user="outage")
    world.objects.wait("EtcdTenant", "outage", reason="Granted")
    assert limit_policy(world, "outage") is None
    removed(world, "outage")


@processes
def test_an_older_tenant_that_is_full_is_only_warned(world):
    world.objects.etcd_tenant("older", limitMib=1, readOnlyWhenFull=False)
    world.objects.wait("EtcdTenant", "older")
    put(world.etcd, "older", 700 * KIB, 500 * KIB)
    condition = world.objects.wait("EtcdTenant", "older", reason=store_limit.FULL)
    assert "has used all of its 1 MiB and writes on" in condition["message"]
    assert world.objects.get("EtcdTenant", "older").body["status"]["readOnly"] is False
    assert limit_policy(world, "older") is None
    removed(world, "older")


def no_space(etcd):
    """Write until the pool has reached its quota."""
    while etcd.ctl("put", "/x/0", stdin="v" * MIB, check=False).returncode == 0:
        pass


@processes
@pytest.mark.parametrize(
    ("alarm", "raise_it", "ready"), [("NOSPACE", no_space, "True"), ("CORRUPT", corrupt, "False")]
)
def test_an_alarm_of_the_pool_reaches_each_tenant_and_goes_again(
    world, tmp_path, alarm, raise_it, ready
):
    tenant = alarm.lower()
    etcd = Etcd(tmp_path / "etcd", **{"quota-backend-bytes": str(16 * MIB)})
    world.agent.add_store(tenant, etcd)
    world.objects.etcd_tenant(tenant, store=tenant)
    world.objects.wait("EtcdTenant", tenant)
    put(etcd, tenant, 10)
    world.objects.wait("EtcdTenant", tenant, reason="Granted")
    raise_it(etcd)
    restart(world.agent)  # which looks at once, not after a minute
    condition = world.objects.wait("EtcdTenant", tenant, status=ready, reason=store_limit.ALARM)
    assert f"has alarm {alarm} for all its tenants" in condition["message"]
    (message,) = eventually(lambda: world.objects.events(tenant, store_limit.ALARM), "event")
    assert message == condition["message"]
    sample = f'tenantplane_agent_store_alarm{{alarm="{alarm}",store="{tenant}"}}'
    assert world.agent.metrics()[sample] == 1
    etcd.ctl("alarm", "disarm")
    restart(world.agent)
    world.objects.wait("EtcdTenant", tenant, reason="Granted")
    removed(world, tenant)
    etcd.process.kill()


def restart(agent):
    agent.process.kill()
    agent.process.start()
    agent.wait()
