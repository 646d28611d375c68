"""sql_servers: the SQL servers of a host, those that exist already and those that its stack makes.

Not here: what tenants have of them (handles.py), a tenant's database (components/_store_sql.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.cloud_sql import CloudSql, CloudSqlArgs
from components.host_agent import AgentSqlServer
from components.host_cluster import HostCluster
from core import stores
from core.settings import HostSettings
from core.store_settings import CloudSqlSettings, SqlSettings
from stacks import pem_files
from stacks.handles import SqlServer


@dataclass(frozen=True, kw_only=True)
class AdministeredServer:
    """A server with its administrator, who is the host agent's alone."""

    server: SqlServer
    user: pulumi.Input[str]
    password: pulumi.Input[str]

    def for_agent(self, name: str) -> AgentSqlServer:
        """Return what the host agent needs of it."""
        server = self.server
        args: AgentSqlServer = {
            "name": name,
            "engine": server.engine,
            "address": server.address,
            "port": server.port,
            "ca_pem": server.ca_pem,
            "user": self.user,
            "password": self.password,
        }
        if server.network is not None:
            args["network"] = server.network
        return args


def declare(
    servers: Mapping[str, SqlSettings], host: HostSettings, cluster: HostCluster
) -> dict[str, AdministeredServer]:
    """Return the servers by name; those that don't exist are made."""
    return {
        name: _existing(name, server)
        if server.cloud_sql is None
        else _made(name, server.engine, server.cloud_sql, host, cluster)
        for name, server in sorted(servers.items())
    }


def _existing(name: str, sql: SqlSettings) -> AdministeredServer:
    if (
        sql.address is None
        or sql.port is None
        or sql.ca is None
        or sql.admin_user is None
        or sql.admin_password is None
    ):  # core/cloud_sql.py has refused it before
        raise AssertionError(name)
    return AdministeredServer(
        server=SqlServer(
            engine=sql.engine,
            address=sql.address,
            port=sql.port,
            ca_pem=pem_files.certificates(sql.ca, f"sql.{name}.ca"),
            network=sql.network,
        ),
        user=sql.admin_user,
        password=sql.admin_password,
    )


def _made(
    name: str, engine: str, sql: CloudSqlSettings, host: HostSettings, cluster: HostCluster
) -> AdministeredServer:
    gke, place = host.gke, cluster.gke_network
    if gke is None or place is None:  # core/cloud_sql.py has refused it before
        raise AssertionError(name)
    args: CloudSqlArgs = {
        "host": host.name,
        "server": name,
        "engine": engine,
        "project": gke.project,
        "region": gke.region,
        "network": place.network,
        "subnetwork": place.subnetwork,
        "tier": sql.tier,
        "availability": sql.availability,
        "storage_gib": sql.storage_gib,
        "max_connections": sql.max_connections,
        "retained_backups": sql.retained_backups,
        "backup_hour": sql.backup_hour,
        "maintenance_day": sql.maintenance_day,
        "maintenance_hour": sql.maintenance_hour,
        "deletion_protection": sql.deletion_protection,
    }
    if sql.version is not None:
        args["version"] = sql.version
    made = CloudSql(f"sql-{name}", args)
    return AdministeredServer(
        server=SqlServer(
            engine=engine,
            address=made.address,
            port=stores.ENGINES[engine],
            ca_pem=made.ca_pem,
            network=made.network,
        ),
        user=made.admin_user,
        password=made.admin_password,
    )
