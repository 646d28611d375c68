"""The SQL servers beside the host of the tests, as a stack's config names them."""

import json
import os
from pathlib import Path

import psycopg
import pymysql

from agent import mysql, postgresql
from agent.stores import SqlStore
from rig.__main__ import local_sql

_ENGINES = {"postgresql": "postgresql", "mariadb": "mysql"}


_HOST = os.environ.get("TENANTPLANE_E2E_HOST", "e2e")


def sql_settings(host=_HOST):
    """The servers by name: `sql` of a stack's config; empty where the host has none."""
    file = local_sql(host)
    servers = json.loads(file.read_text()) if file.exists() else {}
    return {
        name: {
            "engine": _ENGINES[name],
            "address": one["address"],
            "port": one["port"],
            "ca": Path(one["caFile"]).read_text(),
            "adminUser": one["user"],
            "adminPassword": Path(one["passwordFile"]).read_text(),
        }
        for name, one in servers.items()
    }


class Server:
    """One SQL server: how to get in, as whom."""

    def __init__(self, name, folder):
        self.name, self.settings = name, sql_settings()[name]
        values = {
            "address": self.settings["address"],
            "ca.crt": self.settings["ca"],
            "engine": self.settings["engine"],
            "password": self.settings["adminPassword"],
            "port": str(self.settings["port"]),
            "user": self.settings["adminUser"],
        }
        folder.mkdir()
        for file, text in values.items():
            (folder / file).write_text(text)
        self.store = SqlStore(name, folder)
        self.agent = postgresql if values["engine"] == "postgresql" else mysql
        self.ca = folder / "ca.crt"

    def connect(self, user, password, database, *, tls=True):
        at = {"host": self.settings["address"], "port": self.settings["port"], "user": user}
        if self.agent is postgresql:
            mode = "verify-full" if tls else "disable"
            return psycopg.connect(
                **at, password=password, dbname=database, sslmode=mode, sslrootcert=str(self.ca),
                autocommit=True, connect_timeout=10,
            )  # fmt: skip
        ssl = {"ca": str(self.ca)} if tls else None
        return pymysql.connect(
            **at, password=password, database=database, ssl=ssl, ssl_disabled=not tls,
            autocommit=True, connect_timeout=10,
        )  # fmt: skip

    @property
    def admin(self):
        return self.settings["adminUser"], self.settings["adminPassword"]
