"""kine with the product's flags and connection string, in front of real SQL servers."""

import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent import mysql, postgresql
from core import flags, names
from core.manifests import kine
from core.stores import StoreAccess
from tests.support import control_plane
from tests.support.certificates import Authority
from tests.support.control_plane import Etcd
from tests.support.kubectl import eventually
from tests.support.processes import Process, binary
from tests.support.sql_process import ADDRESS, MariaDb, PostgreSql

TENANT = "acme"
PASSWORD = "0123456789abcdef"
MAPS = "/api/v1/namespaces/default/configmaps"
KEY = f"/t/{TENANT}/configmaps/default/busy"
CHANGES, KEPT = 50, 10
WRITERS, WRITES = 24, 10

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module", params=[PostgreSql, MariaDb], ids=["postgresql", "mariadb"])
def server(request, tmp_path_factory):
    """A server with the tenant's database."""
    started = request.param()
    engine = postgresql if started.engine == "postgresql" else mysql
    store = started.store(tmp_path_factory.mktemp("agent") / "pg")
    engine.ensure(store, names.sql_database(TENANT), PASSWORD, kine.connections(1))
    yield started
    started.stop()


@pytest.fixture
def start(server, tmp_path):
    """Start a kine that trusts an authority and dials an address; it and its socket."""
    started = []

    def run(authority, address, *more):
        ca, socket = tmp_path / "ca.crt", tmp_path / "kine.sock"
        ca.write_text(authority)
        lines = flags.kine(
            ca_file=str(ca), socket=f"unix://{socket}", connections=8, idle_connections=4
        )
        database = names.sql_database(TENANT)
        endpoint = kine.endpoint(server.engine, address, server.port, database, PASSWORD)
        process = Process(
            [binary("kine"), *lines, *more], tmp_path / "kine.log", {"KINE_ENDPOINT": endpoint}
        )
        started.append(process)
        return process, socket

    yield run
    for process in started:
        process.kill()


def answers(socket):
    command = [binary("etcdctl", of="etcd"), f"--endpoints=unix://{socket}", "get", "x"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_server_that_shows_who_it_is_is_used(server, start):
    process, socket = start(server.authority.pem, ADDRESS)
    process.wait_until(lambda: answers(socket), "serving")


@pytest.mark.parametrize("wrong", ["authority", "name"])
def test_a_server_that_can_not_show_who_it_is_gets_no_password(server, start, wrong):
    """Whoever stands between is not believed: verify-full, for MySQL without the word too."""
    authority = Authority("other").pem if wrong == "authority" else server.authority.pem
    process, socket = start(authority, "localhost" if wrong == "name" else ADDRESS)
    eventually(lambda: "x509: certificate" in process.text() or process.exit_code, "it gives up")
    assert "x509: certificate" in process.text()
    assert not answers(socket)


def change(plane):
    """Write one object again and again; returns the revision before the last."""
    plane.masters.create(MAPS, {"metadata": {"name": "busy"}, "data": {"n": "0"}})
    for number in range(CHANGES):
        seen = plane.masters.get(f"{MAPS}/busy").body["metadata"]["resourceVersion"]
        assert plane.masters.merge(f"{MAPS}/busy", {"data": {"n": str(number + 1)}}).ok
    return seen


def forgotten(plane, version):
    """Whether a list at a revision is answered with 410: it is gone."""
    query = {"resourceVersion": version, "resourceVersionMatch": "Exact", "limit": "1"}
    return plane.masters.request("GET", MAPS, **query).status == 410


def test_the_past_goes_from_the_table(server, start, tmp_path):
    """The API server compacts through kine: every 5 minutes in the product, every 2 s here.

    Kine keeps the newest 1000 revisions whatever it is asked, here 10.
    """
    process, socket = start(server.authority.pem, ADDRESS, "--compact-min-retain=10")
    process.wait_until(lambda: answers(socket), "serving")
    access = StoreAccess(servers=f"unix://{socket}", tls=False)
    every = {"etcd-compaction-interval": "2s"}
    plane = control_plane.tenant(tmp_path / "plane", None, TENANT, access=access, **every).wait()
    try:
        seen = change(plane)
        where = {"database": names.sql_database(TENANT)}

        def rows():
            return server.ask("SELECT count(*) FROM kine WHERE name = %s", (KEY,), **where)[0][0]

        eventually(lambda: rows() <= KEPT, "few rows are left of all changes", seconds=60)
        eventually(lambda: forgotten(plane, seen), "the past is gone", seconds=60)
        assert plane.masters.get(f"{MAPS}/busy").body["data"] == {"n": str(CHANGES)}
    finally:
        plane.stop()


def test_more_writers_than_connections_all_get_through(server, start, tmp_path):
    """None waits for another: kine 0.17.3 to 0.17.5 stop with 8 writers on PostgreSQL."""
    process, socket = start(server.authority.pem, ADDRESS)
    process.wait_until(lambda: answers(socket), "serving")
    access = StoreAccess(servers=f"unix://{socket}", tls=False)
    plane = control_plane.tenant(tmp_path / "plane", None, TENANT, access=access).wait()

    def write(writer):
        bodies = ({"metadata": {"name": f"w{writer}-{number}"}} for number in range(WRITES))
        return [plane.masters.create(MAPS, body).ok for body in bodies]

    try:
        with ThreadPoolExecutor(WRITERS) as pool:
            written = list(pool.map(write, range(WRITERS)))
        assert written == [[True] * WRITES] * WRITERS
    finally:
        plane.stop()


def test_the_past_goes_from_an_etcd_of_ones_own(tmp_path):
    """Nobody else compacts it."""
    etcd = Etcd(tmp_path / "etcd", **{"auto-compaction-retention": "0"})
    access, every = StoreAccess(servers=etcd.url), {"etcd-compaction-interval": "2s"}
    plane = control_plane.tenant(tmp_path / "plane", etcd, TENANT, access=access, **every).wait()
    try:
        seen = change(plane)

        def refused():
            get = etcd.ctl("get", KEY, f"--rev={seen}", "--keys-only", check=False)
            return "required revision has been compacted" in get.stderr

        eventually(refused, "etcd has forgotten it", seconds=60)
        eventually(lambda: forgotten(plane, seen), "the past is gone", seconds=60)
        assert plane.masters.get(f"{MAPS}/busy").body["data"] == {"n": str(CHANGES)}
    finally:
        plane.stop()
        etcd.process.kill()
