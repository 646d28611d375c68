"""mariadb: a host's MariaDB: its configuration, its databases, its administrator.

Not here: what it has in common with PostgreSQL (server.py).
"""

import shutil
from pathlib import Path

from rig.hosts.native.components import Component
from rig.hosts.native.layout import Layout
from rig.hosts.native.sql.server import MAX_CONNECTIONS, Server

_ID = 63306
"""User and group: the package that has the server alone makes none. From the numbers that Debian's
systemd keeps for users without a name (61184 to 65519, systemd's UIDS-GIDS)."""


def _user() -> tuple[int, int]:
    return _ID, _ID


SERVER = Server("mariadb", 3306, "root", _user)

_CONFIG = """\
[mariadbd]
datadir = {data}
bind_address = {address}
port = {port}
socket = {run}/mariadb.sock
pid_file = {run}/mariadb.pid
init_file = {run}/init.sql
skip_name_resolve = ON
max_connections = {connections}
max_connect_errors = 4294967295
require_secure_transport = ON
ssl_cert = {run}/server.crt
ssl_key = {run}/server.key
tls_version = TLSv1.2,TLSv1.3
character_set_server = utf8mb4
innodb_buffer_pool_size = 32M
innodb_log_file_size = 32M
innodb_log_buffer_size = 4M
aria_pagecache_buffer_size = 8M
key_buffer_size = 1M
performance_schema = OFF
log_warnings = 1
"""
"""`max_connect_errors`: whoever asks whether the server lives does not log in, and would be blocked
after a hundred times. `log_warnings`: 2 has a line for each of them."""

_RIGHTS = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, "
    "SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, "
    "REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, "
    "EVENT, TRIGGER, DELETE HISTORY, CONNECTION ADMIN"
)
"""Of Cloud SQL's `root`: all but SUPER and FILE (its documentation, "About MySQL users")."""

_ADMINISTRATOR = """\
CREATE USER IF NOT EXISTS '{name}'@'%';
ALTER USER '{name}'@'%' IDENTIFIED BY '{password}' REQUIRE SSL;
GRANT {rights} ON *.* TO '{name}'@'%' WITH GRANT OPTION;
"""


def program() -> Path:
    """Return the server's program."""
    return Path(shutil.which("mariadbd") or "/usr/sbin/mariadbd")


def component(layout: Layout) -> Component:
    """Return the server as a component of a host."""
    run, target = SERVER.run(layout), f"{layout.node_address}:{SERVER.port}"
    config = run / "server.cnf"
    return Component(
        SERVER.name,
        ("mariadbd", f"--defaults-file={config}"),
        f"mysql://{target}",
        (config, run / "init.sql", run / "server.crt"),
        user=SERVER.user,
    )


def prepare(layout: Layout) -> None:
    """Make what is missing."""
    config = _CONFIG.format(
        data=SERVER.data(layout),
        run=SERVER.run(layout),
        address=layout.node_address,
        port=SERVER.port,
        connections=MAX_CONNECTIONS,
    )
    password = SERVER.password(layout)
    init = _ADMINISTRATOR.format(name=SERVER.administrator, password=password, rights=_RIGHTS)
    SERVER.write(layout, {"server.cnf": config, "init.sql": init})

    def make(folder: Path) -> None:
        options = ("--auth-root-authentication-method=socket", "--skip-test-db")
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={folder}", *options]
        SERVER.call(layout, [*install, "--skip-name-resolve"])

    SERVER.initialise(layout, make)
