"""The upkeep of a pool, against real members."""

import datetime as dt

import pytest

from agent import metrics, upkeep
from agent.etcd import Etcd
from agent.etcdctl import EtcdError, UnreachableError
from agent.stores import Store
from agent.upkeep import Member, Upkeep
from tests.support import loop
from tests.support.control_plane import Etcd as EtcdProcess
from tests.support.etcd_rpc import corrupt
from tests.support.kubectl import eventually
from tests.support.processes import binary

MIB = 1024 * 1024
NIGHT = dt.datetime(2026, 11, 24, 3, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def upkeep_of(server, folder):
    for name, text in ({"endpoint": server.url} | server.root).items():
        (folder / name).write_text(text)
    client = Etcd(Store("shared", folder), str(binary("etcdctl", of="etcd")))
    loop.run(client.start())
    return Upkeep("shared", client, lambda: NIGHT.hour)


@pytest.fixture
def server(tmp_path):
    server = EtcdProcess(tmp_path / "etcd", **{"quota-backend-bytes": str(80 * MIB)})
    yield server
    server.process.kill()


@pytest.fixture
def kept(server, tmp_path):
    return upkeep_of(server, tmp_path)


def fill(server, values, mib=1):
    done = [
        server.ctl("put", f"/x/{number}", stdin="v" * mib * MIB, check=False)
        for number in range(values)
    ]
    return [one.returncode == 0 for one in done]


def compacted(server):
    """Delete what was written, and forget that it was there."""
    server.ctl("del", "/x/", "--prefix")
    status = server.json("endpoint", "status")[0]["Status"]
    server.ctl("compact", str(status["header"]["revision"]), "--physical")


def await_count(server, kept):
    """Wait until etcd has counted what it freed, which it does when it writes."""

    def counted():
        server.ctl("put", "/x", "v")
        return all(one.is_worthwhile() for one in loop.run(kept.members()))

    eventually(counted, "etcd has counted what it freed")


@pytest.mark.processes
def test_a_member_with_much_free_space_gets_it_back(server, kept):
    assert all(fill(server, 30))
    compacted(server)
    (before,) = loop.run(kept.members())
    assert before.size > 30 * MIB
    await_count(server, kept)
    assert loop.run(kept.defragment()) == [server.url]
    (after,) = loop.run(kept.members())
    assert after.size < 5 * MIB
    assert loop.run(kept.defragment()) == []


@pytest.mark.processes
def test_a_full_pool_is_seen_and_so_is_its_recovery(server, kept):
    assert not all(fill(server, 100))
    loop.run(kept.look(NIGHT - dt.timedelta(hours=2)))
    assert kept.alarms == ("NOSPACE",)
    compacted(server)
    loop.run(kept.look(NIGHT))
    server.ctl("alarm", "disarm")
    loop.run(kept.look(NIGHT))
    assert kept.alarms == ()
    assert all(fill(server, 1))


@pytest.mark.processes
def test_a_corrupt_pool_is_seen_and_left_as_it_is(server, kept, tmp_path):
    """Its members are not ready, so nothing answers at the address in front of them."""
    assert all(fill(server, 30))
    compacted(server)
    await_count(server, kept)
    (tmp_path / "endpoint").write_text("https://127.0.0.1:1")
    corrupt(server)
    (before,) = server.json("endpoint", "status")
    loop.run(kept.look(NIGHT))
    assert kept.alarms == ("CORRUPT",)
    (after,) = server.json("endpoint", "status")
    assert after["Status"]["dbSize"] == before["Status"]["dbSize"]


def overwrite(server, times):
    for _ in range(times):
        server.ctl("put", "/x/0", stdin="v" * MIB)


def early_compactions():
    return metrics.EARLY_COMPACTIONS.labels("shared")._value.get()


@pytest.mark.processes
def test_what_is_overwritten_does_not_fill_a_pool(server, kept):
    """The members forget their past every five minutes: long after these writes."""
    before = early_compactions()
    overwrite(server, 30)
    loop.run(kept.look(NIGHT - DAY))
    (then,) = loop.run(kept.members())
    overwrite(server, 30)
    loop.run(kept.look(NIGHT - DAY))
    assert early_compactions() == before + 1
    past = [
        server.ctl("get", "/x/0", f"--rev={revision}", check=False).stderr
        for revision in (then.revision, then.revision - 1)
    ]
    assert not past[0], "the past minute stays"
    assert "has been compacted" in past[1]

    def freed():
        server.ctl("put", "/x/1", "v")  # with the next write etcd counts what it freed
        return loop.run(kept.members())[0].used < 40 * MIB

    eventually(freed, "the rest is freed")


@pytest.mark.processes
def test_a_pool_with_room_keeps_its_past(server, kept):
    before = early_compactions()
    overwrite(server, 3)
    for _ in range(2):
        loop.run(kept.look(NIGHT - DAY))
    assert early_compactions() == before


@pytest.mark.processes
def test_a_member_that_takes_too_long_is_named(server, kept, monkeypatch):
    """It is etcdctl that gives up after the time it was given, not after its own 5 s."""
    assert all(fill(server, 30))
    compacted(server)
    await_count(server, kept)
    monkeypatch.setattr(upkeep, "_DEFRAGMENT_SECONDS", 0.001)
    with pytest.raises(
        UnreachableError, match="store shared: etcdctl defrag failed, got"
    ) as failed:
        loop.run(kept.defragment())
    assert f"member[{server.url}]" in str(failed.value)
    assert "context deadline exceeded" in str(failed.value)


class Ctl:
    """Three members, of which the second leads; what is asked of them is written down.

    It is the pool and the commands to it in one.
    """

    def __init__(self, *, broken=None):
        self.defragmented, self.broken, self.ctl = [], broken, self

    async def start(self):
        pass

    async def __call__(self, *args, endpoints=None, **_):
        if args == ("member", "list"):
            return {"members": [{"clientURLs": [f"https://m{number}"]} for number in range(3)]}
        if args == ("endpoint", "status"):
            header = [{"member_id": number, "revision": 7} for number in range(3)]
            sizes = {"dbSize": 100 * MIB, "dbSizeInUse": 1, "dbSizeQuota": 1000 * MIB}
            return [
                {
                    "Endpoint": f"https://m{number}",
                    "Status": {"header": one, "leader": 1, **sizes},
                }
                for number, one in enumerate(header)
            ]
        if args == ("defrag",):
            if endpoints == self.broken:
                raise EtcdError("broken")
            self.defragmented.append(endpoints)
        return {}


def test_the_leader_comes_last():
    ctl = Ctl()
    loop.run(Upkeep("shared", ctl, lambda: 3).defragment())
    assert ctl.defragmented == ["https://m0", "https://m2", "https://m1"]


def test_a_member_that_fails_ends_it():
    """The others are the quorum."""
    ctl = Ctl(broken="https://m2")
    with pytest.raises(EtcdError):
        loop.run(Upkeep("shared", ctl, lambda: 3).defragment())
    assert ctl.defragmented == ["https://m0"]


def test_once_a_night_in_its_hour():
    ctl = Ctl()
    kept = Upkeep("shared", ctl, lambda: NIGHT.hour)
    for now in (NIGHT - dt.timedelta(hours=1), NIGHT, NIGHT + dt.timedelta(minutes=1), NIGHT + DAY):
        loop.run(kept.look(now))
    assert len(ctl.defragmented) == 2 * 3


@pytest.mark.parametrize(
    ("size", "used", "worthwhile"), [(20, 10, False), (40, 20, True), (1000, 900, False)]
)
def test_a_little_free_space_is_left_alone(size, used, worthwhile):
    """It is used again; a defragmentation stops the member for as long as it copies."""
    member = Member("https://m0", size * MIB, used * MIB, 2000 * MIB, 7, leads=False)
    assert member.is_worthwhile() is worthwhile


class _End(BaseException):
    """Ends a loop from inside."""


def test_a_pool_is_looked_at_again_whatever_happened(monkeypatch):
    """Nothing that was not foreseen may end all upkeep, unseen."""
    failures = metrics.UPKEEP_FAILURES.labels("shared")._value
    before = failures.get()
    monkeypatch.setattr(upkeep, "_LOOK_SECONDS", 0.0)
    kept = Upkeep("shared", Ctl(), lambda: 3)
    troubles = iter([EtcdError("gone"), KeyError("nonsense"), _End()])

    async def start():
        raise next(troubles)

    monkeypatch.setattr(kept._etcd, "start", start)
    with pytest.raises(_End):
        loop.run(kept.run())
    assert failures.get() == before + 2
