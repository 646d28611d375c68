"""cloud_sql: what a Cloud SQL instance for tenants can be, and where a config may ask for one.

Not here: its settings (store_settings.py), what it is made of (components/cloud_sql.py).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core import stores
from core.errors import InvalidInputError

if TYPE_CHECKING:
    from core.settings import Settings
    from core.store_settings import SqlSettings

VERSIONS = {
    stores.POSTGRESQL: ("POSTGRES_17", "POSTGRES_15", "POSTGRES_16", "POSTGRES_18"),
    stores.MYSQL: ("MYSQL_8_4", "MYSQL_8_0"),
}
"""Google's names of what runs, by engine: those that the host agent can use, the default first.

The default stays: another one would upgrade whoever said nothing.
"""

EVERY_VERSION = tuple(sorted(name for names in VERSIONS.values() for name in names))

AVAILABILITIES = ("REGIONAL", "ZONAL")
"""The default first."""

DEFAULT_TIER = "db-custom-2-7680"
"""Two CPUs and 7.5 GiB."""

DEFAULT_STORAGE_GIB = 20
DEFAULT_MAX_CONNECTIONS = 400
"""Enough for a hundred idle tenants, or fifty busy ones."""

DEFAULT_RETAINED_BACKUPS = 14
DEFAULT_BACKUP_HOUR = 1
DEFAULT_MAINTENANCE_DAY = 7
DEFAULT_MAINTENANCE_HOUR = 3

_REACHED_BY = ("address", "network", "port", "ca", "admin_user", "admin_password")
"""Settings of a server that exists already."""

_NEEDED = {
    "address": ("address", "write it like 10.20.0.3"),
    "ca": ("ca", "write it like sql-ca.pem"),
    "admin_user": ("adminUser", "write it like tenantplane"),
    "admin_password": ("adminPassword", "`pulumi config set --secret --path '{path}'` sets it"),
}
"""Those without which none is reached: key, and what to do when it is missing."""


def check_version(engine: str, version: str | None, thing: str) -> str:
    """Return what runs, the engine's default for None, or raise InvalidInputError."""
    known = VERSIONS[engine]
    if version is None:
        return known[0]
    if version not in known:
        remedy = f"use one of {', '.join(sorted(known))}, or leave it out"
        raise InvalidInputError(thing, f"is no version of {engine}", version, remedy)
    return version


def problems(settings: "Settings") -> Iterator[InvalidInputError]:
    """Yield what is wrong with the SQL servers of a stack that has a host."""
    host = settings.host
    makes_its_host = settings.kind == "host" and host is not None and host.gke is not None
    for name, server in sorted(settings.sql.items()):
        path = f"sql.{name}"
        if server.cloud_sql is None:
            yield from _reached(path, server)
            continue
        yield from _made(path, server)
        if not makes_its_host:
            yield InvalidInputError(
                f"{path}.cloudSql",
                "is made on the network of a GKE host, and this stack makes none",
                remedy="set host.gke in a stack of kind host, or name a server that exists already "
                "by its address",
            )


def _reached(path: str, server: "SqlSettings") -> Iterator[InvalidInputError]:
    """What must be said of a server that exists already."""
    missing = [name for name in _NEEDED if getattr(server, name) is None]
    if len(missing) == len(_NEEDED):
        remedy = "name a server that exists already, or make one with `cloudSql: {}`"
        yield InvalidInputError(path, "neither address nor cloudSql is given", remedy=remedy)
        return
    for name in missing:
        key, remedy = _NEEDED[name]
        here = f"{path}.{key}"
        yield InvalidInputError(here, "is missing", remedy=remedy.format(path=here))


def _made(path: str, server: "SqlSettings") -> Iterator[InvalidInputError]:
    """What must be said of a server that the stack makes."""
    given = [name for name in _REACHED_BY if getattr(server, name) is not None]
    if given:
        keys = ", ".join(_NEEDED[name][0] if name in _NEEDED else name for name in given)
        yield InvalidInputError(
            path,
            f"both cloudSql and {keys} are given",
            remedy="leave cloudSql out if the server exists already, else the others: what Cloud "
            "SQL makes has them",
        )
    version = server.cloud_sql.version if server.cloud_sql else None
    try:
        check_version(server.engine, version, f"{path}.cloudSql.version")
    except InvalidInputError as error:
        yield error
