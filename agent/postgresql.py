"""A tenant's database and role on PostgreSQL 15 or newer.

The administrator is a role with CREATEDB and CREATEROLE, not a superuser: that is what managed
servers give. The database belongs to it, so that the tenant can't even give its own to anybody.
Not here: when it is done (sql.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, LiteralString

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
    """Make both, or give an existing role this password and limit again."""
    role = sql.Identifier(name)
    with _connected(store) as server:
        hashed = server.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
        verb = "ALTER" if _has_role(server, name) else "CREATE"
        server.execute(
            sql.SQL("{} ROLE {} LOGIN CONNECTION LIMIT {} PASSWORD {}").format(
                sql.SQL(verb), role, sql.Literal(connections), sql.Literal(hashed.decode())
            )
        )
        if not _has_database(server, name):
            create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'"
            server.execute(sql.SQL(create).format(role))
        for public in (role, sql.Identifier(_ADMIN_DATABASE)):  # a warning if it is another's
            server.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(public))
        server.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(role, role))
    with _connected(store, name) as database:
        database.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        database.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(role))


def exists(store: SqlStore, name: str) -> bool:
    """Whether both are there."""
    with _connected(store) as server:
        return _has_role(server, name) and _has_database(server, name)


def remove(store: SqlStore, name: str) -> int:
    """Drop both; return the size of the database in bytes."""
    role = sql.Identifier(name)
    with _connected(store) as server:
        size = 0
        there = _has_role(server, name)
        if there:
            server.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(role))
            # Who may end the role's connections: its members.
            server.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
        if _has_database(server, name):
            found = server.execute("SELECT pg_database_size(%s)", (name,)).fetchone()
            size = int(found[0]) if found else 0
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(role))
        if there:
            server.execute(sql.SQL("DROP ROLE {}").format(role))
    return size


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
        options=f"-c statement_timeout={_STATEMENT_MS}",
        autocommit=True,
    )
    with connection:
        yield connection


def _has_role(server: "Connection", name: str) -> bool:
    return _found(server, "SELECT 1 FROM pg_roles WHERE rolname = %s", name)


def _has_database(server: "Connection", name: str) -> bool:
    return _found(server, "SELECT 1 FROM pg_database WHERE datname = %s", name)


def _found(server: "Connection", query: LiteralString, name: str) -> bool:
    return server.execute(query, (name,)).fetchone() is not None
