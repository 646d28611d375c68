"""What the agent does on an SQL server: one database and one user per tenant, with no other rights.

Each call opens one connection and closes it: tenants come and go rarely, and connections are what
such a server has few of.
Not here: the statements (postgresql.py, mysql.py), where a server's files are (stores.py), when any
of this happens (handlers/sql_tenant.py).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from agent import mysql, postgresql
from agent.stores import SqlStore
from core import names, stores
from core.errors import TenantplaneError

_T = TypeVar("_T")


class SqlError(TenantplaneError):
    """The server refused something, or can't be reached."""


@dataclass(frozen=True)
class _Engine:
    """The statements of one kind of server."""

    ensure: Callable[[SqlStore, str, str, int], None]
    look: Callable[[SqlStore, str], tuple[bool, int | None, bool]]
    remove: Callable[[SqlStore, str], int]
    errors: tuple[type[Exception], ...]


_ENGINES = {
    stores.POSTGRESQL: _Engine(
        postgresql.ensure, postgresql.look, postgresql.remove, postgresql.ERRORS
    ),
    stores.MYSQL: _Engine(mysql.ensure, mysql.look, mysql.remove, mysql.ERRORS),
}


@dataclass(frozen=True)
class Found:
    """What a server has of a tenant."""

    user: bool
    """Its user is there."""

    size: int | None
    """Of its database in bytes, with all that was deleted and not yet used again; None: no such."""

    table: bool
    """kine's table is in it."""


class SqlServer:
    """One server, as its administrator."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    @property
    def address(self) -> str:
        """Where it answers."""
        return self._store.read("address")

    async def ensure_tenant(self, tenant: str, password: str, connections: int) -> None:
        """Make the tenant's database and user, or give an existing user these again.

        Args:
            tenant: The id.
            password: Of the user.
            connections: Most that the user may have.

        Raises:
            SqlError: It can't be done.
        """
        await self._call(
            lambda engine, name: engine.ensure(self._store, name, password, connections), tenant
        )

    async def look(self, tenant: str) -> Found:
        """Return what there is; raises SqlError if the server doesn't say."""
        return Found(*await self._call(lambda engine, name: engine.look(self._store, name), tenant))

    async def remove_tenant(self, tenant: str) -> int:
        """Lock the user out, end its connections, drop both. Can be repeated at any point.

        Returns:
            Size in bytes of the database that was dropped.

        Raises:
            SqlError: It can't be done.
        """
        return await self._call(lambda engine, name: engine.remove(self._store, name), tenant)

    async def _call(self, work: Callable[[_Engine, str], _T], tenant: str) -> _T:
        engine = _ENGINES[self._store.engine]
        try:
            return await asyncio.to_thread(work, engine, names.sql_database(tenant))
        except engine.errors as error:
            said = " ".join(str(error).split())
            raise SqlError(
                f"store {self._store.name}: {self._store.engine} at {self.address} "
                f"failed, got {said}; see that it answers, and that its administrator "
                f"{self._store.read('user')} has the rights that docs/stores.md lists"
            ) from error
