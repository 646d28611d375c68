"""A tenant's place on real SQL servers, made by the administrator of docs/stores.md."""

import pytest

from agent.sql import Found, SqlError, SqlServer
from tests.support import loop
from tests.support.certificates import Authority
from tests.support.sql_process import ERRORS, MariaDb, PostgreSql

pytestmark = pytest.mark.processes

PASSWORD = "first"
OTHER_PASSWORD = "second"


@pytest.fixture(scope="module", params=[PostgreSql, MariaDb], ids=["postgresql", "mariadb"])
def server(request):
    started = request.param()
    yield started
    started.stop()


@pytest.fixture
def agent(server, tmp_path):
    """What the agent does there."""
    return SqlServer(server.store(tmp_path / "pg"))


def ensure(agent, tenant, password=PASSWORD, connections=3):
    loop.run(agent.ensure_tenant(tenant, password, connections))


def look(agent, tenant):
    return loop.run(agent.look(tenant))


def login(server, tenant, password=PASSWORD):
    name = f"t_{tenant}".replace("-", "_")
    return server.connect(name, password, name)


def test_what_is_made_is_seen_and_can_be_used(server, agent):
    assert look(agent, "made") == Found(user=False, size=None, table=False)
    ensure(agent, "made")
    found = look(agent, "made")
    assert found.user
    assert found.size > 0
    connection = login(server, "made")
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE IF NOT EXISTS kine (a int)")
    connection.commit()
    connection.close()
    assert look(agent, "made").table


def test_it_may_log_in_and_nothing_else(server, agent):
    ensure(agent, "least")
    if server.engine == "postgresql":
        query = (
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, "
            "rolconnlimit FROM pg_roles WHERE rolname = 't_least'"
        )
        assert server.ask(query) == [(False, False, False, False, False, 3)]
        return
    (usage, rights) = server.ask("SHOW GRANTS FOR 't_least'@'%'")
    assert usage[0].startswith("GRANT USAGE ON *.* TO ")
    assert "REQUIRE SSL WITH MAX_USER_CONNECTIONS 3" in usage[0]
    assert rights[0].startswith("GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, INDEX, ALTER ON ")


def test_rights_from_before_are_taken_away(server, agent):
    """Somebody's user of that name, or an earlier tenant's that somebody gave more."""
    if server.engine == "postgresql":
        server.ask("CREATE ROLE friends")
        server.ask("CREATE ROLE t_before CREATEDB CREATEROLE IN ROLE friends")
        ensure(agent, "before")
        query = (
            "SELECT rolcreatedb, rolcreaterole, pg_has_role('t_before', 'friends', 'MEMBER') "
            "FROM pg_roles WHERE rolname = 't_before'"
        )
        assert server.ask(query) == [(False, False, False)]
        return
    server.ask("CREATE USER 't_before'@'%'")
    server.ask("GRANT PROCESS ON *.* TO 't_before'@'%'")
    ensure(agent, "before")
    assert server.ask("SHOW GRANTS FOR 't_before'@'%'")[0][0].startswith("GRANT USAGE ON *.*")


def test_another_password_replaces_the_first(server, agent):
    ensure(agent, "again")
    ensure(agent, "again", OTHER_PASSWORD)
    with pytest.raises(ERRORS):
        login(server, "again")
    login(server, "again", OTHER_PASSWORD).close()


def test_what_half_is_gone_is_seen(server, agent):
    """A server that was restored from a backup without its users."""
    ensure(agent, "half")
    user = "t_half" if server.engine == "postgresql" else "'t_half'@'%'"
    if server.engine == "postgresql":
        server.ask("REVOKE ALL ON SCHEMA public FROM t_half", database="t_half")
        server.ask("REVOKE ALL ON DATABASE t_half FROM t_half")
    server.ask(f"DROP USER {user}")
    found = look(agent, "half")
    assert (found.user, found.size is not None) == (False, True)
    ensure(agent, "half")
    login(server, "half").close()


def test_who_is_removed_is_out_at_once(server, agent):
    """A kine that still runs holds its connections for ever."""
    ensure(agent, "leaving")
    connection = login(server, "leaving")
    cursor = connection.cursor()
    assert loop.run(agent.remove_tenant("leaving")) > 0
    with pytest.raises(ERRORS):
        cursor.execute("SELECT 1")
    with pytest.raises(ERRORS):
        login(server, "leaving")
    assert look(agent, "leaving") == Found(user=False, size=None, table=False)
    assert loop.run(agent.remove_tenant("leaving")) == 0


def test_a_neighbour_keeps_what_it_has(server, agent):
    """In a pattern of MySQL's `_` is any character: t_a_b and t_acb."""
    ensure(agent, "a-b")
    ensure(agent, "acb")
    loop.run(agent.remove_tenant("a-b"))
    login(server, "acb").close()


def test_connections_that_can_not_be_ended_are_said(server, agent):
    """An administrator without the right: `removed` would not be true."""
    if server.engine == "postgresql":
        pytest.skip("who makes a role there may always end its connections")
    ensure(agent, "held")
    server.ask("REVOKE CONNECTION ADMIN ON *.* FROM tenantplane@'%'")
    connection = login(server, "held")
    try:
        with pytest.raises(SqlError, match="has the rights that docs"):
            loop.run(agent.remove_tenant("held"))
    finally:
        server.ask("GRANT CONNECTION ADMIN ON *.* TO tenantplane@'%'")
    loop.run(agent.remove_tenant("held"))
    connection.close()


def test_a_database_that_nobody_used_has_no_table(server, agent):
    """On MySQL the agent makes it, with a collation of ours."""
    ensure(agent, "unused")
    assert look(agent, "unused").table is (server.engine == "mysql")


def test_an_administrator_from_before_is_told_which_right_is_missing(server, agent):
    if server.engine == "postgresql":
        pytest.skip("who may log in there sees all roles")
    right = "SELECT (user, host) ON mysql.user"
    server.ask(f"REVOKE {right} FROM tenantplane@'%'")
    try:
        with pytest.raises(SqlError, match=r"takes GRANT SELECT \(user, host\) ON mysql.user"):
            look(agent, "any")
    finally:
        server.ask(f"GRANT {right} TO tenantplane@'%'")


@pytest.mark.parametrize(
    "changes",
    [{"ca.crt": Authority("other").pem}, {"address": "localhost"}],
    ids=["authority", "name"],
)
def test_a_server_that_can_not_show_who_it_is_gets_no_password(server, tmp_path, changes):
    """Its certificate has 127.0.0.1, not localhost, and is of one authority alone."""
    agent = SqlServer(server.store(tmp_path / "pg", **changes))
    with pytest.raises(SqlError, match=r"(?i)certificate"):
        ensure(agent, "nobody")
    users = {"postgresql": "SELECT rolname FROM pg_roles", "mysql": "SELECT user FROM mysql.user"}
    assert ("t_nobody",) not in server.ask(users[server.engine])
