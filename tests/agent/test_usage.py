"""What a tenant has in a real etcd, counted by the agent."""

import pytest

from agent import usage
from agent.etcd import Etcd
from agent.stores import Store
from agent.usage import Meter, Usage
from tests.support import loop
from tests.support.control_plane import Etcd as EtcdProcess
from tests.support.processes import binary

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
    assert loop.run(Meter(etcd.ctl).read("a")) == Usage(4, wanted)


def test_a_tenant_without_keys_has_nothing(etcd):
    assert loop.run(Meter(etcd.ctl).read("a")) == Usage(0, 0)


@pytest.mark.parametrize("page", [1, 3, 7])
def test_pages_are_put_together(server, etcd, monkeypatch, page):
    for name in ("_FIRST_PAGE", "_FEWEST", "_MOST"):
        monkeypatch.setattr(usage, name, page)
    wanted = put(server, "a", [10] * 7)
    assert loop.run(Meter(etcd.ctl).read("a")) == Usage(7, wanted)


def test_values_are_read_again_only_when_there_are_more_or_fewer_keys(server, etcd, monkeypatch):
    """Counting is cheap for a store, reading everything is not."""
    read = []
    count_bytes = type(etcd.ctl).count_bytes

    async def counting(self, *args, **options):
        read.append(args)
        return await count_bytes(self, *args, **options)

    monkeypatch.setattr(type(etcd.ctl), "count_bytes", counting)
    meter = Meter(etcd.ctl)
    put(server, "a", [10] * 3)
    before = loop.run(meter.read("a"))
    assert loop.run(meter.read("a")) == before
    assert len(read) == 1
    wanted = put(server, "a", [10] * 6)
    assert loop.run(meter.read("a")) == Usage(6, wanted)
    assert len(read) == 2
