"""The upkeep of a pool of three real members: one at a time, the leader last."""

import datetime as dt
import os
from types import SimpleNamespace

import pytest

from agent.etcd import Etcd
from agent.etcdctl import EtcdError
from agent.stores import Store
from agent.upkeep import Upkeep
from core.manifests import store_limit
from tests.support import control_plane, loop
from tests.support.agent_process import Agent, Objects, prepare
from tests.support.etcd_members import NAMES, Members
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

MIB = 1024 * 1024
NIGHT = dt.datetime(2026, 11, 24, 3, 30, tzinfo=dt.UTC)
STARTS, ENDS = "starting defragment", "finished defragment"


@pytest.fixture
def members(tmp_path):
    """Of which etcd-2 is full long before the others."""
    members = Members(tmp_path, **{"etcd-2": {"quota-backend-bytes": 40 * MIB}})
    yield members
    members.close()


@pytest.fixture
def kept(members):
    client = Etcd(Store("shared", members.root.folder), str(members.etcdctl))
    loop.run(client.start())
    return Upkeep("shared", client, lambda: NIGHT.hour)


def fill(members, values, at):
    """Put so many MiB at one member, as long as it takes them; says whether it took all."""
    return all(
        members.root.ctl("put", f"/x/{n}", at=at, stdin="v" * MIB, check=False).returncode == 0
        for n in range(values)
    )


@pytest.fixture
def emptied(members, kept):
    """Every member's file is nearly all free space."""
    assert fill(members, 25, "etcd-0")
    members.root.ctl("del", "/x/", "--prefix")
    (status,) = members.root.json("endpoint", "status", at="etcd-0")
    members.root.ctl("compact", str(status["Status"]["header"]["revision"]), "--physical")

    def counted():
        members.root.ctl("put", "/x", "v")  # a member counts what is free when it writes
        return all(one.is_worthwhile() for one in loop.run(kept.members()))

    eventually(counted, "all have counted what they freed")


def defragmentations(members):
    """What all members say of theirs, in order: (what, member)."""
    said = [
        (line["ts"], line["msg"], name)
        for name in NAMES
        for line in members.log(name)
        if line["msg"] in {STARTS, ENDS}
    ]
    return [(what, name) for _, what, name in sorted(said)]


@pytest.mark.usefixtures("emptied")
def test_one_member_after_another_and_the_leader_last(members, kept):
    leader = members.leader()
    loop.run(kept.look(NIGHT))
    said = defragmentations(members)
    order = [name for what, name in said if what == STARTS]
    assert said == [(what, name) for name in order for what in (STARTS, ENDS)]
    assert sorted(order) == list(NAMES)
    assert order[-1] == leader
    assert all(one.size < 5 * MIB for one in loop.run(kept.members()))


@pytest.mark.usefixtures("emptied")
def test_none_while_a_member_is_missing(members, kept):
    """The other two are the quorum, and each stops while it copies."""
    members.stop(NAMES[0])
    with pytest.raises(EtcdError):
        loop.run(kept.look(NIGHT))
    assert defragmentations(members) == []


@pytest.fixture
def full(members):
    """One member has reached its quota; those that have not refuse writes too."""
    assert not fill(members, 60, "etcd-0")
    (status,) = members.root.json("endpoint", "status", at="etcd-2")
    raised = members.root.json("alarm", "list")["alarms"]
    assert [one["memberID"] for one in raised] == [status["Status"]["header"]["member_id"]]


@pytest.fixture
def agent(full, members, world, tmp_path):
    """The agent of another host than that of the other tests; its one store is these members."""
    host = control_plane.host(tmp_path / "host", world.etcd, prefix="/three").wait()
    prepare(host)
    store = SimpleNamespace(url=members.url, root=members.root.files)
    path = f"{members.etcdctl.parent}{os.pathsep}{os.environ['PATH']}"
    agent = Agent(
        tmp_path / "agent", host, {"three": store}, PATH=path, AGENT_RESYNC_SECONDS="1"
    ).wait()
    yield agent, Objects(host)
    agent.process.kill()
    host.stop()


def test_an_alarm_of_one_member_is_every_tenants(agent):
    agent, objects = agent
    for tenant in ("acme", "globex"):
        objects.etcd_tenant(tenant, store="three")
        said = objects.wait("EtcdTenant", tenant, reason=store_limit.ALARM)
        assert f"the store of {tenant} has alarm NOSPACE for all its tenants" in said["message"]
        eventually(lambda one=tenant: objects.events(one, store_limit.ALARM), "its event")
    gauge = 'tenantplane_agent_store_alarm{{alarm="{}",store="three"}}'
    found = agent.metrics()
    assert found[gauge.format("NOSPACE")] == 1
    assert found[gauge.format("CORRUPT")] == 0
