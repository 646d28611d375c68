"""What a tenant has in a real etcd, counted by the agent."""

import pytest

from agent import usage
from agent.etcd import Etcd
from agent.etcdctl import TooLargeError
from agent.stores import Store
from agent.usage import Meter, Usage
from tests.support import loop
from tests.support.control_plane import Etcd as EtcdProcess
from tests.support.processes import binary

NEAR = 1024**3

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = EtcdProcess(tmp_path_factory.mktemp("etcd"))
    yield server
    server.process.kill()


@pytest.fixture
def etcd(server, tmp_path):
    for name, text in ({"endpoint": server.url} | server.root).items():
        (tmp_path / name).write_text(text)
    client = Etcd(Store("shared", tmp_path), str(binary("etcdctl", of="etcd")))
    loop.run(client.ensure_tenant("a"))
    loop.run(client.ensure_tenant("aa"))
    yield client
    for tenant in ("a", "aa"):
        loop.run(client.remove_tenant(tenant))


def put(server, tenant, sizes):
    """Write values of these sizes; returns the bytes of keys and values."""
    for number, size in enumerate(sizes):
        server.ctl("put", f"/t/{tenant}/{number:04}", "v" * size, user=tenant)
    return sum(sizes) + len(sizes) * len(f"/t/{tenant}/0000")


def test_it_counts_keys_and_bytes_of_the_tenant_alone(server, etcd):
    put(server, "aa", [5000])
    wanted = put(server, "a", [0, 1, 1000, 70_000])
    assert loop.run(Meter(etcd.ctl).read("a", NEAR)) == Usage(4, wanted)


def test_a_tenant_without_keys_has_nothing(etcd):
    assert loop.run(Meter(etcd.ctl).read("a", NEAR)) == Usage(0, 0)


@pytest.mark.parametrize("page", [1, 3, 7])
def test_pages_are_put_together(server, etcd, monkeypatch, page):
    for name in ("_FIRST_PAGE", "_MOST"):
        monkeypatch.setattr(usage, name, page)
    wanted = put(server, "a", [10] * 7)
    assert loop.run(Meter(etcd.ctl).read("a", NEAR)) == Usage(7, wanted)


def test_a_page_that_is_too_large_is_asked_for_in_parts(server, etcd, monkeypatch):
    """Small objects first, then large ones: a page of as many would not fit in memory."""
    monkeypatch.setattr(usage, "_PAGE_BYTES", 200_000)
    wanted = put(server, "a", [10] * 30 + [90_000] * 8 + [10] * 3)
    assert loop.run(Meter(etcd.ctl).read("a", NEAR)) == Usage(41, wanted)


def test_an_answer_that_is_too_large_is_not_read(server, etcd):
    put(server, "a", [90_000] * 3)
    with pytest.raises(TooLargeError):
        loop.run(etcd.ctl.count_bytes("get", "/t/a/", "/t/a0", seconds=5, most=200_000))


def test_no_object_is_larger_than_the_largest(server, etcd):
    """How much a change can add rests on it."""
    key, value = "/t/a/x", "v" * (usage.LARGEST_BYTES - 1000)
    assert server.ctl("put", key, user="a", stdin=value, check=False).returncode == 0
    refused = server.ctl("put", key, user="a", stdin=f"{value}{1000 * 'v'}", check=False)
    assert "request is too large" in refused.stderr


@pytest.fixture
def reads(etcd, monkeypatch):
    """What was read of values."""
    monkeypatch.setattr(usage, "_REST", 0)
    read, count_bytes = [], type(etcd.ctl).count_bytes

    async def counting(self, *args, **options):
        read.append(args)
        return await count_bytes(self, *args, **options)

    monkeypatch.setattr(type(etcd.ctl), "count_bytes", counting)
    return read


def test_few_changes_far_from_the_limit_are_not_read(server, etcd, reads):
    """A store answers how many there are from its index; values go over the network."""
    meter = Meter(etcd.ctl)
    size = put(server, "a", [10] * 3)
    assert loop.run(meter.read("a", NEAR)) == Usage(3, size)
    put(server, "a", [10] * 6)
    assert loop.run(meter.read("a", NEAR)) == Usage(6, size)
    assert len(reads) == 1


def test_what_could_come_near_the_limit_is_read(server, etcd, reads, monkeypatch):
    """Objects that grow in place: there are no more than before."""
    monkeypatch.setattr(usage, "LARGEST_BYTES", 100_000)
    meter, near = Meter(etcd.ctl), 350_000
    put(server, "a", [10] * 6)
    loop.run(meter.read("a", near))
    small = 2 * put(server, "a", [10] * 3)
    assert loop.run(meter.read("a", near)) == Usage(6, small)
    assert len(reads) == 1
    wanted = put(server, "a", [100_000] * 4 + [10] * 2)
    assert loop.run(meter.read("a", near)) == Usage(6, wanted)
    assert len(reads) == 2


def test_near_the_limit_each_change_is_read_and_nothing_else(server, etcd, reads):
    meter = Meter(etcd.ctl)
    put(server, "a", [10_000] * 2)
    loop.run(meter.read("a", 10_000))
    loop.run(meter.read("a", 10_000))
    assert len(reads) == 1
    server.ctl("del", "/t/a/0001", user="a")
    wanted = put(server, "a", [10_000])
    assert loop.run(meter.read("a", 10_000)) == Usage(1, wanted)
    assert len(reads) == 2


def test_a_key_that_is_gone_is_seen_without_any_that_is_new(server, etcd, reads):
    meter = Meter(etcd.ctl)
    put(server, "a", [10_000] * 2)
    loop.run(meter.read("a", 10_000))
    server.ctl("del", "/t/a/0000", user="a")
    assert loop.run(meter.read("a", 10_000)).keys == 1
    assert len(reads) == 2


def test_reading_takes_a_tenth_of_the_time_at_most(server, etcd, reads, monkeypatch):
    monkeypatch.setattr(usage, "_REST", float("inf"))
    meter = Meter(etcd.ctl)
    before = put(server, "a", [10_000])
    loop.run(meter.read("a", 0))
    put(server, "a", [20_000])
    assert loop.run(meter.read("a", 0)) == Usage(1, before)
    monkeypatch.setattr(usage, "_REST", 0)
    assert loop.run(meter.read("a", 0)).size > before


def test_sizes_are_believed_for_some_minutes(server, etcd, reads, monkeypatch):
    monkeypatch.setattr(usage, "_TRUSTED_SECONDS", 0.0)
    meter = Meter(etcd.ctl)
    put(server, "a", [10])
    for _ in range(2):
        loop.run(meter.read("a", NEAR))
    assert len(reads) == 2
