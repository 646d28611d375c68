"""The SQL servers beside the host of the tests, as a stack's config names them."""

import json
import os
from pathlib import Path

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
