"""PostgreSQL and MariaDB as processes, with TLS and the administrator that docs/stores.md makes.

Its superuser comes in through a socket, which no administrator of a managed server has.
"""

import contextlib
import os
import re
import secrets
import shutil
import tempfile
from pathlib import Path

import psycopg
import pymysql

from agent.stores import SqlStore
from rig.hosts.native.sql import mariadb, postgresql
from tests.support.certificates import Authority
from tests.support.processes import Process, free_port

ADDRESS = "127.0.0.1"
ERRORS = (psycopg.Error, pymysql.Error)
_STATEMENTS = Path(__file__).parents[2] / "docs" / "stores.md"
_ADMINISTRATOR = "tenantplane"


def _documented(server, password):
    """The statements that make an administrator, as they stand under the name of a server."""
    block = re.compile(r"^(\w+)[^\n]*:\n\n```sql\n(.*?)```", re.MULTILINE | re.DOTALL)
    text = dict(block.findall(_STATEMENTS.read_text()))[server].replace("'...'", f"'{password}'")
    return [statement.strip() for statement in text.split(";") if statement.strip()]


class SqlServer:
    """One server, ready; `stop` ends it and removes its data."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tenantplane-sql-"))
        self.port, self.password = free_port(), secrets.token_hex(16)
        self.authority = Authority("sql")
        certificate, key = self.authority.issue(self.engine, names=[ADDRESS])
        for name, text in {"server.crt": certificate, "server.key": key}.items():
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o600)
        self.process = Process(self._prepare(), self.folder.with_suffix(".log"))
        self.wait()
        for statement in _documented(self.documented, self.password):
            self.ask(statement)

    def wait(self):
        """Return once it answers."""

        def answers():
            with contextlib.suppress(*ERRORS):
                return self.ask("SELECT 1")

        self.process.wait_until(answers, "answering")

    def stop(self):
        self.process.kill()
        shutil.rmtree(self.folder)
        self.process.log.unlink()

    def files(self, **changes):
        """What the host agent has of it."""
        return {
            "address": ADDRESS,
            "ca.crt": self.authority.pem,
            "engine": self.engine,
            "password": self.password,
            "port": str(self.port),
            "user": _ADMINISTRATOR,
        } | changes

    def store(self, folder, **changes):
        """It as the agent has it, in a folder."""
        folder.mkdir(parents=True)
        for name, text in self.files(**changes).items():
            (folder / name).write_text(text)
        return SqlStore("pg", folder)

    def ask(self, statement, values=(), **where):
        """The rows of a statement, as the superuser or whoever `where` says."""
        connection = self.connect(**where)
        try:
            cursor = connection.cursor()
            cursor.execute(statement, values or None)
            return [*cursor.fetchall()] if cursor.description else []
        finally:
            connection.close()


class PostgreSql(SqlServer):
    engine = "postgresql"
    documented = "PostgreSQL"

    def _prepare(self):
        data, drop = self.folder / "data", []
        data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            user, group = postgresql.SERVER.user()
            drop = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, user, group)
        options = ("--username=rig", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        initdb = [*drop, postgresql.program("initdb"), "-D", data, *options]
        made = Process(initdb, self.folder.with_suffix(".log"))
        assert made._popen.wait(60) == 0, made.text()
        (data / "pg_hba.conf").write_text(
            "local all rig trust\nhostssl all all all scram-sha-256\n"
        )
        settings = {
            "listen_addresses": ADDRESS,
            "port": self.port,
            "unix_socket_directories": self.folder,
            "ssl": "on",
            "ssl_cert_file": self.folder / "server.crt",
            "ssl_key_file": self.folder / "server.key",
            "fsync": "off",
        }
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        dies = [drop[0], "--pdeathsig=KILL", *drop[1:]] if drop else []
        return [*dies, postgresql.program("postgres"), "-D", data, *flags]

    def connect(self, user="rig", password=None, database="postgres"):
        if user == "rig":
            return psycopg.connect(
                host=str(self.folder), port=self.port, user=user, dbname=database, autocommit=True
            )
        ca = self.folder / "ca.crt"
        ca.write_text(self.authority.pem)
        return psycopg.connect(
            host=ADDRESS, port=self.port, user=user, password=password, dbname=database,
            sslmode="verify-full", sslrootcert=str(ca), autocommit=True,
        )  # fmt: skip


class MariaDb(SqlServer):
    engine = "mysql"
    documented = "MariaDB"

    def _prepare(self):
        data = self.folder / "data"
        options = ("--auth-root-authentication-method=normal", "--skip-test-db")
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", *options]
        made = Process([*install, "--user=root"], self.folder.with_suffix(".log"))
        assert made._popen.wait(60) == 0, made.text()
        return [
            mariadb.program(),
            "--no-defaults",
            "--user=root",
            f"--datadir={data}",
            f"--bind-address={ADDRESS}",
            f"--port={self.port}",
            f"--socket={self.folder / 'socket'}",
            "--skip-name-resolve",
            "--require-secure-transport=ON",
            f"--ssl-cert={self.folder / 'server.crt'}",
            f"--ssl-key={self.folder / 'server.key'}",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M",
        ]

    def connect(self, user="root", password="", database=None):
        if user == "root":
            where = {"unix_socket": str(self.folder / "socket")}
        else:
            ca = self.folder / "ca.crt"
            ca.write_text(self.authority.pem)
            where = {"host": ADDRESS, "port": self.port, "ssl": {"ca": str(ca)}}
        return pymysql.connect(
            **where, user=user, password=password, database=database, autocommit=True
        )
