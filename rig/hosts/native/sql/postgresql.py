"""postgresql: a host's PostgreSQL: its configuration, its databases, its administrator.

Not here: what it has in common with MariaDB (server.py).
"""

import pwd
import re
import signal
from pathlib import Path

from core.errors import HostError
from rig.hosts.native.components import Component
from rig.hosts.native.layout import Layout
from rig.hosts.native.sql.server import MAX_CONNECTIONS, Server

_FOLDER = Path("/usr/lib/postgresql")
_OWNER = "rig"
"""The superuser, whom no connection is let in as."""


def _user() -> tuple[int, int]:
    """Return the user that Debian's package makes; initdb insists on one with a name."""
    found = pwd.getpwnam("postgres")
    return found.pw_uid, found.pw_gid


SERVER = Server("postgresql", 5432, "postgres", _user)

_CONFIG = """\
listen_addresses = '{address}'
port = {port}
unix_socket_directories = ''
hba_file = '{run}/pg_hba.conf'
ident_file = '{run}/pg_ident.conf'
max_connections = {connections}
ssl = on
ssl_cert_file = '{run}/server.crt'
ssl_key_file = '{run}/server.key'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
shared_buffers = 32MB
max_wal_size = 256MB
min_wal_size = 32MB
huge_pages = off
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""

_ACCESS = f"""\
host    all {_OWNER} all reject
hostssl all all all scram-sha-256
"""

_ADMINISTRATOR = """\
CREATE ROLE {name} LOGIN CREATEDB CREATEROLE PASSWORD '{password}'
GRANT pg_monitor, pg_signal_backend TO {name}
ALTER DATABASE postgres OWNER TO {name}
ALTER DATABASE template1 OWNER TO {name}
"""
"""What Cloud SQL's `postgres` may do (its documentation, "About PostgreSQL users and roles")."""


def program(name: str) -> Path:
    """Return a program of the newest PostgreSQL that is installed.

    Raises:
        HostError: there is none.
    """
    found = sorted(_FOLDER.glob(f"*/bin/{name}"), key=lambda path: _number(path.parts[-3]))
    if not found:
        raise HostError(f"postgresql: has no {name} in {_FOLDER}; `apt-get install postgresql`")
    return found[-1]


def component(layout: Layout) -> Component:
    """Return the server as a component of a host."""
    run, target = SERVER.run(layout), f"{layout.node_address}:{SERVER.port}"
    config = run / "postgresql.conf"
    return Component(
        SERVER.name,
        ("postgres", "-D", str(SERVER.data(layout)), "-c", f"config_file={config}"),
        f"postgresql://{target}",
        (config, run / "pg_hba.conf", run / "server.crt"),
        user=SERVER.user,
        end=signal.SIGINT,  # SIGTERM would wait until the last client has gone
    )


def prepare(layout: Layout) -> None:
    """Make what is missing."""
    password = SERVER.password(layout)
    values = {"address": layout.node_address, "port": SERVER.port, "run": SERVER.run(layout)}
    config = _CONFIG.format(**values, connections=MAX_CONNECTIONS)
    files = {"postgresql.conf": config, "pg_hba.conf": _ACCESS, "pg_ident.conf": ""}
    SERVER.write(layout, files)

    def make(folder: Path) -> None:
        options = ("--locale=C.UTF-8", "--encoding=UTF8", "--data-checksums")
        initdb = [str(program("initdb")), f"--pgdata={folder}", f"--username={_OWNER}", *options]
        SERVER.call(layout, initdb)
        given = _ADMINISTRATOR.format(name=SERVER.administrator, password=password)
        single = [str(program("postgres")), "--single", "-c", "exit_on_error=on", "-D"]
        SERVER.call(layout, [*single, str(folder), "postgres"], given)

    SERVER.initialise(layout, make)


def _number(version: str) -> int:
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0
