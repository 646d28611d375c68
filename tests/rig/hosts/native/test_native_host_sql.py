"""PostgreSQL and MariaDB beside a real native host. Needs root on Linux."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pymysql
import pytest

from core import versions
from rig.hosts.native import NativeHost, isolation
from rig.hosts.native.layout import Layout
from rig.progress import Silent
from tests.support.marks import ROOT_ON_LINUX
from tests.support.native_host import (
    apply,
    kubectl,
    machine,
    namespace,
    new_name,
    number,
    pod,
    until,
)

pytestmark = [
    pytest.mark.processes,
    ROOT_ON_LINUX,
]

POD_ASKS = """
import socket, ssl, struct, sys
address, port, authority = sys.argv[1:]
client = socket.create_connection((address, int(port)), 5)
client.sendall(struct.pack("!II", 8, 80877103))
assert client.recv(1) == b"S"
trust = ssl.create_default_context(cadata=authority)
print(trust.wrap_socket(client, server_hostname=address).version())
"""
"""PostgreSQL's SSLRequest, and a handshake that checks the server's address."""


@pytest.fixture(scope="module")
def host():
    """A host with SQL servers."""
    running = NativeHost(new_name())
    before = machine(running.name)
    try:
        running.up(Silent(), with_sql=True)
        yield running
    finally:
        running.down(Silent())
    assert machine(running.name) == before


@pytest.fixture
def facts(host):
    return json.loads(host.sql.read_text())


def postgresql(facts, **others):
    one = facts["postgresql"]
    given = {
        "host": one["address"],
        "port": one["port"],
        "user": one["user"],
        "password": Path(one["passwordFile"]).read_text(),
        "dbname": "postgres",
        "sslmode": "verify-full",
        "sslrootcert": one["caFile"],
    }
    return psycopg.connect(**given | others, autocommit=True)


def mariadb(facts, **others):
    one = facts["mariadb"]
    given = {
        "host": one["address"],
        "port": one["port"],
        "user": one["user"],
        "password": Path(one["passwordFile"]).read_text(),
        "ssl_ca": one["caFile"],
        "ssl_verify_cert": True,
        "ssl_verify_identity": True,
    }
    return pymysql.connect(**given | others)


def test_postgresql_is_itself_by_address_and_by_name(facts):
    one = facts["postgresql"]
    for where in ({}, {"host": one["serverName"], "hostaddr": one["address"]}):
        with postgresql(facts, **where) as client:
            (row,) = client.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            assert row == (True,)


def test_it_is_reached_from_the_hosts_own_namespace(host, facts):
    one = facts["postgresql"]
    password = Path(one["passwordFile"]).read_text()
    where = f"host={one['address']} port={one['port']} user={one['user']} dbname=postgres"
    trust = f"sslmode=verify-full sslrootcert={one['caFile']} password={password}"
    ask = "import sys, psycopg; print(psycopg.connect(sys.argv[1]).execute('SELECT 7').fetchone())"
    enter = isolation.enter(Layout(host.name, number(host)))
    command = [*enter, sys.executable, "-c", ask, f"{where} {trust}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(7,)\n", "")


def test_pods_reach_it_and_can_check_who_it_is(host, facts):
    namespace(host, "clients")
    one = facts["postgresql"]
    authority = Path(one["caFile"]).read_text()
    manifest = pod("client", "clients")
    container = manifest["spec"]["containers"][0]
    container["image"] = versions.image("host-agent")
    container["command"] = ["python3", "-c", POD_ASKS]
    container["args"] = [one["address"], str(one["port"]), authority]
    del container["readinessProbe"]
    manifest["spec"]["restartPolicy"] = "Never"
    apply(host, manifest)
    get = ("get", "pod", "-n", "clients", "client", "-o=jsonpath={.status.phase}")
    until(lambda: kubectl(host, *get) in {"Succeeded", "Failed"}, "the pod has ended")
    assert kubectl(host, "logs", "-n", "clients", "client") == "TLSv1.3\n"


def test_nobody_is_served_without_tls(facts):
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        postgresql(facts, sslmode="disable")
    with mariadb(facts) as client, client.cursor() as cursor:
        cursor.execute("CREATE USER plain@'%' IDENTIFIED BY 'x'")  # nothing asks TLS of this one
    mariadb(facts, user="plain", password="x").close()
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        mariadb(facts, user="plain", password="x", ssl_disabled=True)


def test_an_administrator_makes_tenants_and_is_no_superuser(facts):
    with postgresql(facts) as client:
        for line in (
            "CREATE ROLE t1 LOGIN PASSWORD 'x'",
            "GRANT t1 TO postgres",
            "CREATE DATABASE t1 OWNER t1",
            "REVOKE CONNECT ON DATABASE t1, postgres FROM PUBLIC",
            "DROP DATABASE t1 WITH (FORCE)",
            "DROP ROLE t1",
        ):
            client.execute(line)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            client.execute("SELECT pg_read_file('/etc/passwd')")
    with mariadb(facts) as client, client.cursor() as cursor:
        for line in (
            "CREATE DATABASE t1",
            "CREATE USER t1@'%' IDENTIFIED BY 'x' REQUIRE SSL",
            "GRANT ALL ON t1.* TO t1@'%'",
            "DROP USER t1@'%'",
            "DROP DATABASE t1",
        ):
            cursor.execute(line)
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            cursor.execute("SELECT 1 INTO OUTFILE '/tmp/x'")


def test_what_is_acknowledged_is_on_the_disk(facts):
    """A managed service's word counts: the host's own etcd may forget, these may not."""
    with postgresql(facts) as client:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            assert client.execute(f"SHOW {setting}").fetchone() == ("on",)
    with mariadb(facts) as client, client.cursor() as cursor:
        cursor.execute("SELECT @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite")
        assert cursor.fetchone() == (1, 1)


def test_servers_run_as_users_who_can_do_nothing(host):
    parts = {part.name: part.pid for part in host.status()}
    for name in ("postgresql", "mariadb"):
        status = Path(f"/proc/{parts[name]}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
        assert "0" not in fields["Uid"].split() + fields["Gid"].split()
        assert fields["Groups"].strip() == ""
        assert int(fields["CapEff"], 16) == 0


def test_a_killed_server_is_brought_back_with_its_data_by_a_plain_up(host, facts):
    """As every component is; that it has SQL servers is remembered."""
    with postgresql(facts) as client:
        client.execute("CREATE TABLE kept AS SELECT 7 AS value")
    pids = {part.name: part.pid for part in host.status()}
    for name in ("postgresql", "mariadb"):
        os.kill(pids[name], signal.SIGKILL)
        os.waitpid(pids[name], 0)  # it is this process's child; PostgreSQL would still see its pid
    report = Silent()
    host.up(report)
    assert sorted(report.said) == [
        "   mariadb was restarted: it had ended",
        "   postgresql was restarted: it had ended",
    ]
    with postgresql(facts) as client:
        assert client.execute("SELECT value FROM kept").fetchone() == (7,)
    mariadb(facts).close()


def test_an_up_of_a_host_that_works_touches_no_server(host):
    before = [(part.name, part.pid) for part in host.status()]
    report = Silent()
    host.up(report, with_sql=True)
    assert report.said == []
    assert [(part.name, part.pid) for part in host.status()] == before


def test_its_passwords_are_roots_alone(facts):
    for one in facts.values():
        file = Path(one["passwordFile"])
        assert file.stat().st_mode & 0o777 == 0o600
        assert len(file.read_text()) >= 32
