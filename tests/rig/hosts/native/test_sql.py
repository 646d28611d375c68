import os
import pwd

import pytest

from core.errors import HostError
from rig import files
from rig.hosts.native import sql, state
from rig.hosts.native.components import all_components
from rig.hosts.native.sql import mariadb, postgresql
from rig.hosts.native.sql.server import Server

SELF = (os.geteuid(), os.getegid())


@pytest.fixture
def server():
    """A server that runs as whoever runs the tests."""
    return Server("postgresql", 5432, "postgres", lambda: SELF)


def test_a_host_without_them_has_what_it_had(layout):
    assert not sql.components(layout).keys() & all_components(layout).keys()
    assert state.State(3).sql is False


def test_that_they_are_wanted_is_remembered(layout):
    """`up` without --sql brings a host's servers back, too."""
    state.State(3, sql=True).save(layout)
    assert state.load(layout.state).sql is True


def test_a_state_of_before_has_none(layout):
    text = '{"number": 3, "boot": "", "processes": {}}'
    files.write(layout.state, text)
    assert state.load(layout.state) == state.State(3)


def test_what_a_client_must_know_has_no_password_in_it(layout, server):
    server.password(layout)
    for name, facts in sql.facts(layout).items():
        assert facts["address"] == "10.231.3.2"
        assert facts["serverName"] == f"{name}.tp-dev.internal"
        assert server.password(layout) not in str(facts)


def test_a_password_is_made_once_and_is_roots_alone(layout, server):
    first = server.password(layout)
    assert server.password(layout) == first
    assert len(first) >= 32
    assert server.password_file(layout).stat().st_mode & 0o777 == 0o600


def test_databases_are_made_whole_or_not_at_all(layout, server):
    server.write(layout, {})

    def fail(folder):
        (folder / "half").touch()
        raise HostError("no room")

    with pytest.raises(HostError, match="no room"):
        server.initialise(layout, fail)
    assert not server.data(layout).exists()
    server.initialise(layout, lambda folder: (folder / "whole").touch())
    assert [one.name for one in server.data(layout).iterdir()] == ["whole"]
    server.initialise(layout, fail)  # they are there


def test_a_program_that_fails_is_quoted(layout, server):
    with pytest.raises(HostError, match="postgresql: sh failed, got exit code 3;") as caught:
        server.call(layout, ["sh", "-c", "read line; echo no $line; exit 3"], "space\n")
    assert "    no space" in str(caught.value)


def test_postgresql_lets_nobody_in_without_tls_and_a_password(layout, monkeypatch, server):
    monkeypatch.setattr(postgresql, "SERVER", server)
    monkeypatch.setattr(Server, "initialise", lambda *_: None)
    postgresql.prepare(layout)
    rules = (server.run(layout) / "pg_hba.conf").read_text().splitlines()
    assert [rule.split() for rule in rules] == [
        ["host", "all", "rig", "all", "reject"],
        ["hostssl", "all", "all", "all", "scram-sha-256"],
    ]
    config = (server.run(layout) / "postgresql.conf").read_text()
    assert "listen_addresses = '10.231.3.2'" in config
    assert "fsync" not in config  # on, as it is by itself


def test_the_newest_postgresql_is_taken(tmp_path, monkeypatch):
    """9 is older than 15, and what was left of 17 is none."""
    for version in ("9.6", "15"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "postgres").touch()
    (tmp_path / "17" / "lib").mkdir(parents=True)
    monkeypatch.setattr(postgresql, "_FOLDER", tmp_path)
    assert postgresql.program("postgres") == tmp_path / "15" / "bin" / "postgres"
    with pytest.raises(HostError, match="`apt-get install postgresql`"):
        postgresql.program("initdb")


def test_mariadb_listens_on_the_hosts_address_with_tls_only(layout, monkeypatch, server):
    own = Server("mariadb", 3306, "root", lambda: SELF)
    monkeypatch.setattr(mariadb, "SERVER", own)
    monkeypatch.setattr(Server, "initialise", lambda *_: None)
    mariadb.prepare(layout)
    lines = (own.run(layout) / "server.cnf").read_text().splitlines()
    assert {"bind_address = 10.231.3.2", "require_secure_transport = ON"} <= set(lines)
    assert own.password(layout) != server.password(layout)


def test_the_administrator_of_mariadb_is_no_superuser():
    rights = mariadb._RIGHTS.split(", ")
    assert not {"SUPER", "FILE", "ALL", "ALL PRIVILEGES"} & set(rights)


def test_what_a_server_reads_when_it_starts_is_watched(layout):
    """A renewed certificate means a restart."""
    for name, component in sql.components(layout).items():
        assert layout.run / name / "server.crt" in component.files


def test_mariadbs_user_is_nobodys():
    with pytest.raises(KeyError):
        pwd.getpwuid(mariadb.SERVER.user()[0])
