"""A tenant's database and role on PostgreSQL 15 or newer.

The administrator is a role with CREATEDB and CREATEROLE, not a superuser: that is what managed
servers give. The database belongs to it, so that the tenant can't even give its own to anybody.
Not here: when it is done (sql.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg import sql

from agent.stores import SqlStore

if TYPE_CHECKING:
    from psycopg import Connection

ERRORS = (psycopg.Error, OSError)
_CONNECT_SECONDS = 10
_STATEMENT_MS = 30_000
_ADMIN_DATABASE = "postgres"


def ensure(store: SqlStore, name: str, password: str, connections: int) -> None:
    """Make both, or give an existing role this password and limit again, and no other rights."""
    role = sql.Identifier(name)
    with _connected(store) as server:
        hashed = server.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
        verb = "ALTER" if _has_role(server, name) else "CREATE"
        server.execute(
            sql.SQL(
                "{} ROLE {} LOGIN NOCREATEDB NOCREATEROLE CONNECTION LIMIT {} PASSWORD {}"
            ).format(sql.SQL(verb), role, sql.Literal(connections), sql.Literal(hashed.decode()))
        )
        for group in _groups(server, name):
            server.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(group), role))
        if _size(server, name) is None:
            create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"
            server.execute(sql.SQL(create).format(role))
        for database in _owned(server, name):
            revoke = sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC")
            server.execute(revoke.format(sql.Identifier(database)))
        server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(role, role))
    with _connected(store, name) as server:
        server.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        server.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(role))


def look(store: SqlStore, name: str) -> tuple[bool, int | None, bool]:
    """Return what there is, as Found has it (sql.py)."""
    with _connected(store) as server:
        role, size = _has_role(server, name), _size(server, name)
    return role, size, size is not None and _has_table(store, name)


def remove(store: SqlStore, name: str) -> int:
    """Drop both; return the size of the database in bytes."""
    role = sql.Identifier(name)
    with _connected(store) as server:
        there = _has_role(server, name)
        if there:
            server.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
            # Who may end the role's connections: its members.
            server.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        size = _size(server, name)
        if size is not None:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(role))
        if there:
            server.execute(sql.SQL("DROP ROLE {}").format(role))
    return size or 0


@contextmanager
def _connected(store: SqlStore, database: str = _ADMIN_DATABASE) -> Iterator["Connection"]:
    connection = psycopg.connect(
        host=store.read("address"),
        port=int(store.read("port")),
        user=store.read("user"),
        password=store.read("password"),
        dbname=database,
        sslmode="verify-full",
        sslrootcert=str(store.ca),
        connect_timeout=_CONNECT_SECONDS,
        options=f"-c statement_timeout={_STATEMENT_MS} -c search_path=pg_catalog",
        autocommit=True,
    )
    with connection:
        yield connection


def _has_role(server: "Connection", name: str) -> bool:
    return bool(_found(server, "SELECT 1 FROM pg_roles WHERE rolname = %s", name))


def _has_table(store: SqlStore, database: str) -> bool:
    """Nothing of the tenant's own is looked up by name there: the search path is the catalog's."""
    with _connected(store, database) as server:
        return bool(_found(server, "SELECT 1 FROM pg_class WHERE relname = %s", "kine"))


def _groups(server: "Connection", name: str) -> list[str]:
    """Roles whose rights a role has."""
    query = (
        "SELECT given.rolname FROM pg_auth_members JOIN pg_roles given ON given.oid = roleid "
        "JOIN pg_roles taker ON taker.oid = member WHERE taker.rolname = %s"
    )
    return [group for (group,) in _found(server, query, name)]


def _owned(server: "Connection", name: str) -> list[str]:
    """Databases to shut that are ours: the tenant's, and those that every server has."""
    query = (
        "SELECT datname FROM pg_database WHERE datname IN (%s, 'postgres', 'template1') "
        "AND pg_has_role(datdba, 'USAGE')"
    )
    return [database for (database,) in _found(server, query, name)]


def _size(server: "Connection", name: str) -> int | None:
    found = _found(server, "SELECT pg_database_size(oid) FROM pg_database WHERE datname = %s", name)
    return int(found[0][0]) if found else None


def _found(server: "Connection", query: LiteralString, name: str) -> list[tuple[Any, ...]]:
    return server.execute(query, (name,)).fetchall()
