"""The etcd driver against a real etcd with authentication."""

import asyncio
import shutil

import pytest

from agent import etcd as driver
from agent import etcdctl
from agent.etcd import Etcd
from agent.etcdctl import Etcdctl, EtcdError, UnreachableError
from agent.stores import Store, Stores
from core.names import etcd_prefix
from tests.support import loop
from tests.support.control_plane import Etcd as EtcdProcess
from tests.support.processes import binary

pytestmark = pytest.mark.processes

NEIGHBOURS = ("a", "aa", "a-b", "b")
"""`/t/a` is the beginning of each but the last: only the slash keeps them apart."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = EtcdProcess(tmp_path_factory.mktemp("etcd"))
    yield server
    server.process.kill()


def client_of(server, folder):
    folder.mkdir(exist_ok=True)
    for name, text in ({"endpoint": server.url} | server.root).items():
        (folder / name).write_text(text)
    return Etcd(Store("shared", folder), str(binary("etcdctl", of="etcd")))


@pytest.fixture
def run(server, tmp_path):
    """Call a method of a new client: `run("ensure_tenant", "a")`."""

    def call(method, *args):
        async def once():
            return await getattr(client_of(server, tmp_path / "shared"), method)(*args)

        return loop.run(once())

    return call


@pytest.fixture
def tenants(run):
    """Every neighbour, with one key each."""
    for tenant in NEIGHBOURS:
        run("ensure_tenant", tenant)
    yield NEIGHBOURS
    for tenant in NEIGHBOURS:
        run("remove_tenant", tenant)


def put(server, user, tenant, key="x"):
    return server.ctl("put", f"{etcd_prefix(tenant)}/{key}", "v", check=False, user=user)


def test_authentication_is_turned_on_once(server, run):
    run("start")
    run("start")
    assert "AuthStatus: true" in server.ctl("auth", "status").stdout.replace(
        "Authentication Status", "AuthStatus"
    )
    nobody = server.ctl("get", "x", check=False, user="nobody")
    assert nobody.returncode != 0


def test_a_tenant_reads_and_writes_its_range_and_nothing_of_its_neighbours(server, tenants):
    for user in tenants:
        for owner in tenants:
            done = put(server, user, owner).returncode == 0
            read = server.ctl("get", f"{etcd_prefix(owner)}/x", check=False, user=user)
            assert done is (read.returncode == 0) is (user == owner), (user, owner)


def test_a_tenant_does_not_even_read_the_key_its_prefix_names(server, tenants):
    for key in ("/t/a", "/t/", "/", "compact_rev_key"):
        assert server.ctl("get", key, check=False, user="a").returncode != 0


def test_making_a_tenant_again_changes_nothing(server, run, tenants):
    before = server.ctl("role", "get", "a").stdout
    run("ensure_tenant", "a")
    assert server.ctl("role", "get", "a").stdout == before
    assert server.ctl("user", "get", "a").stdout.count("a") == 2  # its name and its one role


def test_what_a_role_has_beyond_its_range_is_taken_away(server, run, tenants):
    """A name may have been used before, by hand or by another installation."""
    server.ctl("role", "grant-permission", "a", "readwrite", "/t/", "/t0")
    server.ctl("user", "grant-role", "a", "b")
    assert put(server, "a", "b").returncode == 0
    run("ensure_tenant", "a")
    assert put(server, "a", "b").returncode != 0
    assert put(server, "a", "a").returncode == 0


def test_removing_a_tenant_counts_its_keys_and_leaves_its_neighbours(server, run, tenants):
    for owner in tenants:
        for key in ("x", "y", "registry/z"):
            assert put(server, owner, owner, key).returncode == 0
    assert run("remove_tenant", "a") == 3
    assert not server.keys("/t/a/")
    for owner in ("aa", "a-b", "b"):
        assert len(server.keys(f"/t/{owner}/")) == 3
    assert "a" not in server.names("user")
    assert "a" not in server.names("role")


def test_removing_a_tenant_twice_is_no_error(run, tenants):
    run("remove_tenant", "b")
    assert run("remove_tenant", "b") == 0


def test_many_keys_are_removed_in_pieces(server, run, tenants, monkeypatch):
    """One delete of a million keys would hold up every other tenant's writes."""
    monkeypatch.setattr(driver, "_KEYS_PER_DELETE", 4)
    for number in range(11):
        put(server, "a", "a", f"k{number:02}")
    assert run("remove_tenant", "a") == 11
    assert not server.keys("/t/a/")


def test_access_is_gone_before_the_keys(server, run, tenants, monkeypatch):
    """An API server that still runs must not write a key behind our back."""
    refused = []
    delete = Etcd._delete_range

    async def watching(self, first, end):
        refused.append(put(server, "a", "a").returncode != 0)
        return await delete(self, first, end)

    monkeypatch.setattr(Etcd, "_delete_range", watching)
    run("remove_tenant", "a")
    assert refused == [True]


@pytest.mark.parametrize(
    ("command", "said"),
    [("auth status", "context deadline exceeded"), ("user list", "no answer within 1 s")],
)
def test_a_store_that_is_down_is_given_up_in_time(tmp_path, server, monkeypatch, command, said):
    """`etcdctl user` has no timeout of its own: it would wait for ever."""
    monkeypatch.setattr(etcdctl, "_COMMAND_SECONDS", 1.0)
    client = client_of(server, tmp_path / "shared")
    (tmp_path / "shared" / "endpoint").write_text("https://127.0.0.1:1")
    given_up = f"store shared: etcdctl {command} failed, got {said}"
    with pytest.raises(UnreachableError, match=given_up):
        loop.run(client.ctl(*command.split()))


def test_the_next_endpoint_is_used_when_one_is_down(tmp_path, server):
    client = client_of(server, tmp_path / "shared")
    (tmp_path / "shared" / "endpoint").write_text(f"https://127.0.0.1:1,{server.url}\n")
    loop.run(client.ensure_tenant("b"))
    assert loop.run(client.remove_tenant("b")) == 0


def test_a_refusal_names_the_command_and_what_etcd_said(tmp_path, server):
    """An error is read by somebody who has never seen etcdctl."""
    client = client_of(server, tmp_path / "shared")
    with pytest.raises(EtcdError, match="etcdctl user get failed, got etcdserver: user name not"):
        loop.run(client.ctl("user", "get", "nobody-of-this-name"))


def test_who_is_there_is_looked_up_in_the_store(run, tenants):
    assert run("has_tenant", "a")
    assert not run("has_tenant", "z")


def test_authentication_comes_back_with_a_store_that_was_emptied(tmp_path):
    """With authentication off every tenant's certificate would open the whole store."""
    server = EtcdProcess(tmp_path / "server")
    client = client_of(server, tmp_path / "shared")

    async def life():
        await client.ensure_tenant("a")
        server.ctl("auth", "disable")
        client._known_until = 0.0
        return await client.has_tenant("a")

    try:
        loop.run(life())
        assert "true" in server.ctl("auth", "status").stdout
    finally:
        server.process.kill()


def test_a_new_tenant_is_not_ready_in_an_emptied_store_without_authentication(tmp_path):
    """A volume was lost while the agent ran on: the first to come may be a tenant that is new."""
    server = EtcdProcess(tmp_path / "server")
    client = client_of(server, tmp_path / "shared")

    async def life():
        await client.ensure_tenant("a")
        server.process.kill()
        shutil.rmtree(tmp_path / "server" / "data")
        server.process.start()
        server.wait()
        client._guarded_until = 0.0  # 20 s later
        await client.ensure_tenant("b")

    try:
        loop.run(life())
        assert "true" in server.ctl("auth", "status").stdout
        assert put(server, "b", "b").returncode == 0
        assert put(server, "b", "a").returncode != 0
    finally:
        server.process.kill()


def test_tenants_that_come_together_look_at_authentication_once(server, tmp_path, monkeypatch):
    """Each look is a process: hundreds of tenants come at a time."""
    asked = []
    run = Etcdctl.__call__

    async def counting(self, *args, **options):
        asked.append(args)
        return await run(self, *args, **options)

    monkeypatch.setattr(Etcdctl, "__call__", counting)
    client = client_of(server, tmp_path / "shared")

    async def come_and_go():
        await asyncio.gather(*(client.ensure_tenant(tenant) for tenant in NEIGHBOURS))
        for tenant in NEIGHBOURS:
            await client.remove_tenant(tenant)

    loop.run(come_and_go())
    assert asked.count(("auth", "status")) == 1


def test_a_pool_without_all_its_files_is_not_offered(tmp_path):
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "endpoint").write_text("https://x")
    assert Stores(tmp_path).pools() == []
    assert Stores(tmp_path / "none").pools() == []
