"""SqlTenant: a tenant's database and user on an SQL server; the data goes with the object.

Not here: the statements (agent/postgresql.py, agent/mysql.py), when an object is looked at
(agent/loops.py).
"""

import base64
import binascii
from collections.abc import Callable

import kopf

from agent import host, metrics
from agent.kube import ApiError, Client, Json
from agent.outcome import NotReadyError, Outcome
from agent.sql import SqlError, SqlServer
from agent.stores import Stores, UnknownStoreError
from core import names
from core.manifests import crds

_MIB = 1024 * 1024
_UNUSED_SECONDS = 15.0
"""How soon a database is looked at again that nothing is in yet: from then on it is never made."""


class SqlTenants:
    """Reconciles SqlTenant objects."""

    kind = "SqlTenant"
    plural = crds.SQL_TENANTS
    eager = False

    def __init__(self, client: Client, stores: Stores) -> None:
        self._client = client
        self._stores = stores

    async def reconcile(self, body: Json, wake: Callable[[], None]) -> Outcome:  # noqa: ARG002
        """Make the tenant's place on its server, or remove it with all data."""
        leaving = "deletionTimestamp" in body["metadata"]
        if leaving and crds.SQL_TENANT_FINALIZER not in body["metadata"].get("finalizers", []):
            return Outcome("Removed", finished=True)
        host.check_namespace(body)
        try:
            server = SqlServer(self._stores.get_sql(body["spec"]["store"]))
            return await (self._remove(body, server) if leaving else self._ensure(body, server))
        except UnknownStoreError as error:
            raise NotReadyError("UnknownStore", str(error)) from error
        except SqlError as error:
            message = f"data not removed yet: {error}" if leaving else str(error)
            raise NotReadyError("StoreRefused", message) from error

    async def forget(self, uid: str) -> None:
        """Nothing is held for an object."""

    async def _ensure(self, body: Json, server: SqlServer) -> Outcome:
        tenant, connections = body["spec"]["tenant"], body["spec"]["connections"]
        database, found = names.sql_database(tenant), await server.look(tenant)
        if not found.table and body.get("status", {}).get("database"):
            what = "is not" if found.size is None else "has no table kine"
            message = (
                f"tenant {tenant}: its database {database} {what} on the server of store "
                f"{body['spec']['store']}, got {server.address}; restore it there, or set the "
                "server's address back (docs/agent.md)"
            )
            raise NotReadyError("DatabaseMissing", message)
        if not (host.is_ready(body) and found.user and found.size is not None):
            await self._set_finalizer(body, present=True)
            await server.ensure_tenant(tenant, await self._password(body), connections)
        metrics.STORE_BYTES.labels(body["spec"]["store"], tenant).set(found.size or 0)
        message = f"{tenant} may use database {database}, with {connections} connections"
        fields: Json = {"usedMib": -(-(found.size or 0) // _MIB)}
        if not found.table:  # kine makes it when its API server starts
            return Outcome("Granted", message, fields, again_seconds=_UNUSED_SECONDS)
        return Outcome("Granted", message, fields | {"database": database})

    async def _remove(self, body: Json, server: SqlServer) -> Outcome:
        store, database = body["spec"]["store"], names.sql_database(body["spec"]["tenant"])
        size = await server.remove_tenant(body["spec"]["tenant"])
        metrics.forget(store, body["spec"]["tenant"])
        message = f"database {database} of {size / _MIB:.0f} MiB and its user removed from {store}"
        host.event(body, kopf.info, "DatabaseRemoved", message)
        await self._set_finalizer(body, present=False)
        return Outcome("Removed", message, finished=True)

    async def _password(self, body: Json) -> str:
        namespace, name = body["metadata"]["namespace"], body["spec"]["passwordSecret"]
        try:
            secret = await self._client.get(f"/api/v1/namespaces/{namespace}/secrets/{name}")
            return base64.b64decode(secret.get("data", {})["password"], validate=True).decode()
        except (ApiError, KeyError, binascii.Error, UnicodeDecodeError) as error:
            message = (
                f"Secret {namespace}/{name}: has no password that the agent can read, got {error}; "
                "create it, and the RoleBinding that lets the agent read it"
            )
            raise NotReadyError("NoCredentials", message) from error

    async def _set_finalizer(self, body: Json, *, present: bool) -> None:
        finalizer = crds.SQL_TENANT_FINALIZER
        await host.set_finalizer(self._client, body, self.plural, finalizer, present=present)
