"""sql: PostgreSQL and MariaDB beside a native host, in the place of a cloud's managed service.

Tenants' databases are made in them through an administrator who is no superuser, as in Cloud SQL.
Not here: each one's configuration (postgresql.py, mariadb.py), what they have in common
(server.py), Debian's packages (rig/packages.py).
"""

import json
from pathlib import Path

from rig import files
from rig.hosts.native.components import Component
from rig.hosts.native.layout import Layout
from rig.hosts.native.sql import mariadb, postgresql
from rig.hosts.native.sql.server import Server

FACTS = "sql.json"
"""File in a host's folder that says how its servers are reached."""

SERVERS: tuple[Server, ...] = (postgresql.SERVER, mariadb.SERVER)


def binaries() -> dict[str, Path]:
    """Return the servers' programs, by the first word of their command lines."""
    return {"postgres": postgresql.program("postgres"), "mariadbd": mariadb.program()}


def components(layout: Layout) -> dict[str, Component]:
    """Return the servers as components of a host."""
    made = (postgresql.component(layout), mariadb.component(layout))
    return {component.name: component for component in made}


def prepare(layout: Layout) -> None:
    """Make what is missing: passwords, data folders with the administrators in them, and files."""
    postgresql.prepare(layout)
    mariadb.prepare(layout)
    text = json.dumps(facts(layout), indent=2, sort_keys=True) + "\n"
    files.write(layout.root / FACTS, text)


def facts(layout: Layout) -> dict[str, dict[str, str | int]]:
    """Return what a client must know of each server."""
    return {
        one.name: {
            "address": layout.node_address,
            "port": one.port,
            "serverName": layout.sql_name(one.name),
            "caFile": str(layout.pki / "sql-ca.crt"),
            "user": one.administrator,
            "passwordFile": str(one.password_file(layout)),
        }
        for one in SERVERS
    }
