"""What a tenant's user can do on a shared SQL server: docs/isolation/sql-outcomes.md.

It is tried from outside the pods, with the tenant's own password; the neighbour is made by the
agent's own code. A statement that is wrong shows: it is refused in other words.
"""

import base64
import json
import re
import secrets
from urllib.parse import unquote, urlsplit

import psycopg
import pymysql
import pytest

from tests.support import outcomes
from tests.support.kube_api import KubeApi
from tests.support.kubectl import Kubectl
from tests.support.probe import Target
from tests.support.sql_servers import Server

DOCUMENT = "sql-outcomes.md"
NEIGHBOUR = "t_neighbour"
SECRET = "neighbours secret"
PLAINTEXT = "correct horse battery staple"
HIDDEN = {"metadata": {"name": "hidden"}}
COLUMNS = ["statement", "outcome"]

POSTGRESQL = {
    "own": [
        "CREATE TABLE mine (a int)",
        "SELECT count(*) FROM kine WHERE false",
        "DROP TABLE mine",
    ],
    "others": [
        "SELECT datname FROM pg_database WHERE datname = 't_neighbour'",
        "SELECT rolname FROM pg_roles WHERE rolname = 't_neighbour'",
        "SELECT schemaname FROM pg_tables WHERE tablename = 'secrets'",
        "SELECT table_name FROM information_schema.tables WHERE table_name = 'secrets'",
        "SELECT passwd FROM pg_shadow",
        "SELECT rolpassword FROM pg_authid",
        "SELECT query FROM pg_stat_activity WHERE usename = 't_neighbour' AND query LIKE 'SELECT%'",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 't_neighbour'",
        "SELECT pg_database_size('t_neighbour') > 0",
        "SET ROLE t_neighbour",
        "GRANT t_neighbour TO CURRENT_USER",
        "ALTER ROLE t_neighbour PASSWORD 'x'",
        "DROP DATABASE t_neighbour",
        "ALTER DATABASE t_neighbour CONNECTION LIMIT 0",
        "SELECT numbackends > 0 FROM pg_stat_database WHERE datname = 't_neighbour'",
        "NOTIFY neighbours, 'x'",
    ],
    "server": [
        "CREATE DATABASE more",
        "CREATE ROLE more",
        "ALTER ROLE CURRENT_USER CONNECTION LIMIT 1000",
        "ALTER ROLE CURRENT_USER CREATEDB",
        "ALTER SYSTEM SET max_connections = 1",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "COPY (SELECT 1) TO '/tmp/x'",
        "SELECT pg_read_file('postgresql.conf')",
        "SELECT lo_import('/etc/passwd')",
        "CREATE EXTENSION postgres_fdw",
        "CREATE EXTENSION plpython3u",
        "CREATE SCHEMA more",
        "SELECT pg_reload_conf()",
        "CREATE PUBLICATION p FOR ALL TABLES",
        "SELECT pg_create_physical_replication_slot('s')",
    ],
}
MYSQL = {
    "own": [
        "CREATE TABLE IF NOT EXISTS mine (a int)",
        "SELECT count(*) FROM kine WHERE false",
    ],
    "others": [
        "USE t_neighbour",
        "SELECT a FROM t_neighbour.secrets",
        "INSERT INTO t_neighbour.secrets VALUES ('x')",
        "DROP DATABASE t_neighbour",
        "CREATE TABLE `tXon_mariadb`.x (a int)",
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name = 't_neighbour'",
        "SELECT table_name FROM information_schema.tables WHERE table_name = 'secrets'",
        "SELECT user FROM mysql.user",
        "SELECT grantee FROM information_schema.user_privileges WHERE grantee LIKE '%neighbour%'",
        "SELECT user FROM information_schema.processlist WHERE user = 't_neighbour'",
        "KILL USER t_neighbour",
        "SET PASSWORD FOR t_neighbour = PASSWORD('x')",
        "SHOW GRANTS FOR t_neighbour",
    ],
    "server": [
        "CREATE DATABASE more",
        "CREATE USER more",
        "GRANT SELECT ON t_on_mariadb.* TO t_neighbour",
        "SET GLOBAL max_connections = 1000",
        "SELECT LOAD_FILE('/etc/passwd') IS NOT NULL",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
        "SHOW BINARY LOGS",
        "INSTALL SONAME 'x'",
        "CREATE PROCEDURE p() SELECT 1",
        "DROP TABLE mine",
        "SHUTDOWN",
    ],
}
SEEN = {
    "SELECT datname FROM pg_database WHERE datname = 't_neighbour'": "names are shown to all",
    "SELECT rolname FROM pg_roles WHERE rolname = 't_neighbour'": "names are shown to all",
    "SELECT numbackends > 0 FROM pg_stat_database WHERE datname = 't_neighbour'": "so are counts",
    "NOTIFY neighbours, 'x'": "reaches its own database alone, as a test below shows",
    "KILL USER t_neighbour": "ends its own alone: the neighbour's connection answers afterwards",
}
"""Statements about others that are not refused and show something, each with the reason."""

HEADINGS = {
    "own": "its own database",
    "others": "its neighbours",
    "server": "the server",
}


@pytest.fixture(scope="module")
def servers(on_stores, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sql")
    return {
        kind: Server(kind, folder / kind) for kind in ("postgresql", "mariadb") if kind in on_stores
    }


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request, servers):
    if request.param not in servers:
        pytest.skip(f"no {request.param} beside the host; `rig up --sql` brings it")
    return servers[request.param]


@pytest.fixture
def tenant(server, host):
    """User, password and database of the tenant on the server."""
    return credentials(host, server.name)


def credentials(host, kind):
    """The same, as its kine has them."""
    namespace = f"tenant-on-{kind}"
    data = host.json("get", "secret", "-n", namespace, "kine")["data"]
    url = urlsplit(base64.b64decode(data["endpoint"]).decode())
    user, _, rest = url.netloc.partition(":")
    return user, unquote(rest.partition("@")[0]), url.path.lstrip("/")


@pytest.fixture
def neighbour(server):
    """Another tenant's database with something in it, and an open connection."""
    password = secrets.token_hex(16)
    server.agent.ensure(server.store, NEIGHBOUR, password, 3)
    connection = server.connect(NEIGHBOUR, password, NEIGHBOUR)
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE secrets (a text)")
    cursor.execute("INSERT INTO secrets VALUES (%s)", (SECRET,))
    cursor.execute("SELECT a FROM secrets")
    assert cursor.fetchone() == (SECRET,)
    yield cursor, password
    cursor.execute("SELECT a FROM secrets")
    assert [*cursor.fetchall()] == [(SECRET,)]
    connection.close()
    server.agent.remove(server.store, NEIGHBOUR)


def outcome(connect, statement):
    """What comes of a statement, in words that stay the same."""
    try:
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            rows = cursor.fetchall() if cursor.description else []
    except (psycopg.Error, pymysql.Error) as error:
        return f"refused: {_said(error)}"
    shown = {str(value) for row in rows for value in row if value not in (None, False)}
    assert not any(SECRET in one for one in shown)
    if shown:
        return f"shows {', '.join(sorted(shown))}"
    return "shows nothing" if statement.startswith(("SELECT", "SHOW")) else "done"


def _said(error):
    text = error.args[1] if isinstance(error, pymysql.Error) else str(error).splitlines()[0]
    text = re.sub(r"connection failed: .*FATAL: ", "", str(text))
    text = re.sub(r'for host "[^"]*"', "for host", text)
    return re.sub(r"'[^']*'@'[^']*'", "user", text).strip().replace("|", "/")


@pytest.mark.parametrize("part", list(HEADINGS))
def test_statements(server, tenant, neighbour, part):
    statements = (POSTGRESQL if server.name == "postgresql" else MYSQL)[part]
    rows = [
        [f"`{statement}`", outcome(lambda: server.connect(*tenant), statement)]
        for statement in statements
    ]
    if part != "own":
        for statement, (_, said) in zip(statements, rows, strict=True):
            assert said.startswith(("refused", "shows nothing")) or statement in SEEN, statement
    outcomes.check(DOCUMENT, f"{server.name}: {HEADINGS[part]}", COLUMNS, rows)


def test_a_notification_stays_in_its_database(server, tenant, neighbour):
    if server.name != "postgresql":
        pytest.skip("PostgreSQL alone has them")
    with server.connect(NEIGHBOUR, neighbour[1], NEIGHBOUR) as listener:
        listener.execute("LISTEN news")
        with server.connect(*tenant) as connection:
            connection.execute("NOTIFY news, 'of the tenant'")
        listener.execute("NOTIFY news, 'of the neighbour'")
        assert next(listener.notifies(timeout=30)).payload == "of the neighbour"


def test_connections(server, tenant, neighbour):
    """Which connections are taken at all, and how many."""
    user, password, database = tenant
    attempts = {
        "its own database": lambda: server.connect(user, password, database),
        "its own database, without TLS": lambda: server.connect(
            user, password, database, tls=False
        ),
        "its own database, with another password": lambda: server.connect(user, "x", database),
        "a neighbour's database": lambda: server.connect(user, password, NEIGHBOUR),
        "a neighbour's user, with its own password": lambda: server.connect(
            NEIGHBOUR, password, NEIGHBOUR
        ),
        "a neighbour with its password, into this tenant's database": lambda: server.connect(
            NEIGHBOUR, neighbour[1], database
        ),
        "the server's own database": lambda: server.connect(
            user, password, "postgres" if server.name == "postgresql" else "mysql"
        ),
        "the administrator, with its own password": lambda: server.connect(
            server.admin[0], password, database
        ),
    }
    if server.name == "postgresql":  # who is in it keeps others from making databases
        attempts["the template of new databases"] = lambda: server.connect(
            user, password, "template1"
        )
    rows = []
    for what, connect in attempts.items():
        try:
            connect().close()
            rows.append([what, "taken"])
        except (psycopg.Error, pymysql.Error) as error:
            rows.append([what, f"refused: {_said(error)}"])
    held = []
    try:
        while len(held) < 100:
            held.append(server.connect(NEIGHBOUR, neighbour[1], NEIGHBOUR))
    except (psycopg.Error, pymysql.Error) as error:
        rows.append(["more than its limit of three", f"refused: {_said(error)}"])
    finally:
        for connection in held:
            connection.close()
    assert len(held) == 2, "the neighbour has one open already"
    outcomes.check(DOCUMENT, f"{server.name}: connections", ["to", "outcome"], rows)


def test_its_table_holds_no_secret_in_clear(server, tenant, on_stores):
    """A ConfigMap with the same text does stand there: looking for it finds what is in clear."""
    api, namespace = KubeApi(Target(on_stores[server.name])), "/api/v1/namespaces/default"
    api.create(f"{namespace}/secrets", {**HIDDEN, "stringData": {"k": PLAINTEXT}})
    api.create(f"{namespace}/configmaps", {**HIDDEN, "data": {"k": PLAINTEXT}})
    try:
        with server.connect(*tenant) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT name, value FROM kine")
            rows = {name: bytes(value or b"") for name, value in cursor.fetchall()}
    finally:
        for kind in ("secrets", "configmaps"):
            api.call("DELETE", f"{namespace}/{kind}/hidden")
    clear = [name for name, value in rows.items() if PLAINTEXT.encode() in value]
    assert [name.rpartition("/default/")[0].rpartition("/")[2] for name in clear] == ["configmaps"]
    (value,) = [one for name, one in rows.items() if name.endswith("/secrets/default/hidden")]
    assert value.startswith(b"k8s:enc:secretbox:")


def test_a_password_that_was_replaced_opens_nothing(server, tenant, stack, host, on_stores):
    """And its kine has the new one: the tenant goes on."""
    state = json.loads(stack.export())["deployment"]["resources"]
    wanted = f"RandomPassword::on-{server.name}-sql-password"
    (urn,) = [one["urn"] for one in state if one["urn"].endswith(wanted)]
    stack.up(f"--replace={urn}")
    with pytest.raises((psycopg.Error, pymysql.Error)):
        server.connect(*tenant)
    user, password, database = credentials(host, server.name)
    assert password != tenant[1]
    server.connect(user, password, database).close()
    Kubectl(on_stores[server.name]).run("create", "configmap", "after-the-password")
