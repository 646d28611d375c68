"""A tenant's database and user on MySQL 8 or MariaDB 10.6, or newer.

Not here: when it is done (sql.py).
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import ER

from agent.stores import SqlStore

if TYPE_CHECKING:
    from pymysql.cursors import Cursor

ERRORS = (pymysql.Error, OSError)
_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 30
_RIGHTS = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX"
"""What kine's statements need (its pkg/drivers/mysql)."""
_SEES_USERS = "GRANT SELECT (user, host) ON mysql.user"

_TABLE = """CREATE TABLE IF NOT EXISTS kine (
    id BIGINT UNSIGNED AUTO_INCREMENT,
    name VARCHAR(630) CHARACTER SET ascii COLLATE ascii_bin,
    created INTEGER,
    deleted INTEGER,
    create_revision BIGINT UNSIGNED,
    prev_revision BIGINT UNSIGNED,
    lease INTEGER,
    value MEDIUMBLOB,
    old_value MEDIUMBLOB,
    PRIMARY KEY (id),
    KEY kine_name_index (name),
    KEY kine_name_id_index (name, id),
    KEY kine_id_deleted_index (id, deleted),
    KEY kine_prev_revision_index (prev_revision),
    UNIQUE KEY kine_name_prev_revision_uindex (name, prev_revision)
)"""
"""The table of kine 0.17.2 (pkg/drivers/mysql), which it leaves as it finds it.

The collation is ours: by the server's usual one `A` and `a` would be the same object."""


def ensure(store: SqlStore, name: str, password: str, connections: int) -> None:
    """Make both, or give an existing user this password and limit again."""
    with _connected(store) as server:
        if _size(server, name) is None:
            server.execute("DROP USER IF EXISTS %s@'%%'", (name,))  # with whatever rights it has
        server.execute(f"CREATE DATABASE IF NOT EXISTS `{name}` CHARACTER SET utf8mb4")
        server.execute("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (name, password))
        server.execute(
            "ALTER USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL WITH MAX_USER_CONNECTIONS %s",
            (name, password, connections),
        )
        # In a GRANT `_` stands for any character: t_a would cover `tXa`.
        pattern = name.replace("_", r"\_")
        server.execute(f"GRANT {_RIGHTS} ON `{pattern}`.* TO %s@'%%'", (name,))
        server.execute(f"USE `{name}`")
        server.execute(_TABLE)


def look(store: SqlStore, name: str) -> tuple[bool, int | None, bool]:
    """Return what there is, as Found has it (sql.py)."""
    with _connected(store) as server:
        return _has_user(server, name), _size(server, name), _has_table(server, name)


def remove(store: SqlStore, name: str) -> int:
    """Drop both; return the size of the database in bytes."""
    with _connected(store) as server:
        server.execute("ALTER USER IF EXISTS %s@'%%' ACCOUNT LOCK", (name,))
        server.execute("SELECT id FROM information_schema.processlist WHERE user = %s", (name,))
        for (connection,) in server.fetchall():
            _kill(server, int(connection))
        size = _size(server, name)
        server.execute(f"DROP DATABASE IF EXISTS `{name}`")
        server.execute("DROP USER IF EXISTS %s@'%%'", (name,))
    return size or 0


@contextmanager
def _connected(store: SqlStore) -> Iterator["Cursor"]:
    connection = pymysql.connect(
        host=store.read("address"),
        port=int(store.read("port")),
        user=store.read("user"),
        password=store.read("password"),
        ssl=ssl.create_default_context(cafile=str(store.ca)),
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_STATEMENT_SECONDS,
        write_timeout=_STATEMENT_SECONDS,
        autocommit=True,
    )
    with connection, connection.cursor() as cursor:
        yield cursor


def _has_user(server: "Cursor", name: str) -> bool:
    try:
        query = "SELECT 1 FROM mysql.user WHERE user = %s AND host = '%%'"
        return bool(server.execute(query, (name,)))
    except pymysql.Error as error:
        if error.args[0] != ER.TABLEACCESS_DENIED_ERROR:
            raise
        missing = f"{error.args[1]}, which takes {_SEES_USERS} TO the administrator"
        raise pymysql.OperationalError(error.args[0], missing) from error


def _has_table(server: "Cursor", name: str) -> bool:
    query = (
        "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = 'kine'"
    )
    return bool(server.execute(query, (name,)))


def _size(server: "Cursor", name: str) -> int | None:
    query = "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s"
    if not server.execute(query, (name,)):
        return None
    _count_anew(server)
    server.execute(
        "SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables "
        "WHERE table_schema = %s",
        (name,),
    )
    found = server.fetchone()
    return int(found[0]) if found else 0


def _count_anew(server: "Cursor") -> None:
    """Have MySQL 8 tell sizes of now: it tells those of up to a day ago. MariaDB always does."""
    try:
        server.execute("SET SESSION information_schema_stats_expiry = 0")
    except pymysql.Error as error:
        if error.args[0] != ER.UNKNOWN_SYSTEM_VARIABLE:
            raise


def _kill(server: "Cursor", connection: int) -> None:
    try:
        server.execute("KILL %s", (connection,))
    except pymysql.err.OperationalError as error:
        if error.args[0] != ER.NO_SUCH_THREAD:  # it has ended by itself
            raise
