"""CloudSql: a Cloud SQL instance that is reached from the network of one GKE host.

Owns: the instance, its endpoint and name in the host's network, its administrator.
Not here: the resources (_cloud_sql.py), the host's network (_gke.py), a tenant's database and user
(the host agent makes them).
"""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_random import RandomPassword

from core import checks, cloud_sql, names, stores
from core.errors import InvalidInputError

_PASSWORD_LENGTH = 40  # letters and digits: 238 bits


class CloudSqlArgs(TypedDict):
    """Inputs of CloudSql."""

    host: str
    """What the host is called. Changing it replaces the endpoint."""

    server: str
    """What the server is called on its host; tenants name it as their datastore."""

    engine: str
    """postgresql or mysql. Changing it replaces the instance, which its protection refuses."""

    project: str
    """Google Cloud project, that of the host. Changing it replaces the instance."""

    region: str
    """Region, that of the host. Changing it replaces the instance."""

    network: pulumi.Input[str]
    """Id of the host's network. Changing it replaces the endpoint."""

    subnetwork: pulumi.Input[str]
    """Id of the subnetwork that the endpoint's address is taken from. Replaces the endpoint."""

    version: NotRequired[str]
    """Google's name of what runs. Default POSTGRES_17 or MYSQL_8_4. In place, down meanwhile."""

    tier: NotRequired[str]
    """Machine type, of edition Enterprise. Default db-custom-2-7680. Restarts the instance."""

    availability: NotRequired[str]
    """REGIONAL or ZONAL. Default REGIONAL. Changing it restarts the instance."""

    storage_gib: NotRequired[int]
    """Size of its disk in GiB at creation; it grows by itself. Default 20. Then ignored."""

    max_connections: NotRequired[int]
    """Most connections. Default 400. Changing it restarts the instance."""

    retained_backups: NotRequired[int]
    """Daily backups that are kept. Default 14. Changed in place."""

    backup_hour: NotRequired[int]
    """Hour of the day, UTC, of the backup. Default 1. Changed in place."""

    maintenance_day: NotRequired[int]
    """Day on which Google may restart it; 1 is Monday. Default 7. Changed in place."""

    maintenance_hour: NotRequired[int]
    """Hour of that day, UTC. Default 3. Changed in place."""

    deletion_protection: NotRequired[bool]
    """Have Pulumi, its provider and Google refuse to delete it. Default true."""


class CloudSql(pulumi.ComponentResource):
    """A Cloud SQL instance for tenants: private, by TLS alone, backed up."""

    address: pulumi.Output[str]
    """Its name, as it stands in its certificate; known once pods reach the instance by it."""

    network: pulumi.Output[str]
    """Where pods reach it, in CIDR notation: one address of the host's subnetwork."""

    ca_pem: pulumi.Output[str]
    """Authority that its certificate is checked against, PEM."""

    admin_user: pulumi.Output[str]
    """Who makes databases and users there: the host agent alone. Known once it can."""

    admin_password: pulumi.Output[str]
    """Its password; secret."""

    def __init__(
        self, name: str, args: CloudSqlArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the instance.

        Raises:
            InvalidInputError: it is of no engine, version or availability that there is.
        """
        host = checks.label(args["host"], "host")
        server = names.check_pool_name(args["server"], "server")
        thing = f"cloud sql {server}"
        engine, version = _checked(args, thing)
        super().__init__("tenantplane:index:CloudSql", name, {}, opts)
        # pulumi_gcp takes 0.8 s to import: only who makes an instance pays for it.
        from components import _cloud_sql  # noqa: PLC0415

        protect = bool(args.get("deletion_protection", True))
        kept = pulumi.ResourceOptions(parent=self, protect=protect)
        password = RandomPassword(
            f"{name}-admin-password", length=_PASSWORD_LENGTH, special=False, opts=kept
        )
        self.admin_password = pulumi.Output.secret(password.result)
        made = _cloud_sql.declare(
            name,
            args,
            _cloud_sql.Kind(engine=engine, version=version, protect=protect),
            cloud_name=f"tenantplane-{host}-sql-{server}",
            password=self.admin_password,
            kept=kept,
        )
        self.address = made.address
        self.network = made.network
        self.ca_pem = made.ca_pem
        self.admin_user = made.admin_user
        self.register_outputs(
            {
                "address": self.address,
                "network": self.network,
                "caPem": self.ca_pem,
                "adminUser": self.admin_user,
                "adminPassword": self.admin_password,
            }
        )


def _checked(args: CloudSqlArgs, thing: str) -> tuple[str, str]:
    """Return engine and version."""
    engine = args["engine"]
    if engine not in stores.ENGINES:
        remedy = f"use {' or '.join(stores.ENGINES)}"
        raise InvalidInputError(thing, "is of an unknown engine", engine, remedy)
    availability = args.get("availability", cloud_sql.AVAILABILITIES[0])
    if availability not in cloud_sql.AVAILABILITIES:
        remedy = f"use {' or '.join(cloud_sql.AVAILABILITIES)}"
        raise InvalidInputError(thing, "availability is unknown", availability, remedy)
    return engine, cloud_sql.check_version(engine, args.get("version"), f"{thing}: version")
