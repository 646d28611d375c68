"""store_settings: what a config may say of the stores that tenants' objects are in.

Not here: which one a tenant has (settings.py), what they must be together (settings_rules.py).
"""

from dataclasses import dataclass

from core import checks, cloud_sql, generations, stores, versions
from core.manifests import etcd
from core.schema import setting


@dataclass(frozen=True, kw_only=True)
class EtcdSettings:
    """One etcd that many tenants share."""

    members: int | None = setting(default=None, choices=etcd.MEMBERS, example="1")
    """Members of the cluster: 3 go on when one is lost, and need 3 nodes. Fixed at creation.

    Default: 3 in a stack of kind host, 1 in one of kind dev.
    """

    quota_gib: int = setting(default=etcd.DEFAULT_QUOTA_GIB, minimum=1, maximum=8)
    """Size in GiB at which etcd refuses writes, of all its tenants. It only goes up. Rolling."""

    storage_gib: int = setting(default=etcd.DEFAULT_STORAGE_GIB, minimum=2, maximum=1024)
    """Size in GiB of each member's volume: twice the quota or more, for defragmentation.

    Fixed at creation; it bounds what quotaGib can become.
    """

    version: str = setting(default=versions.DEFAULT_ETCD, check=versions.check_etcd)
    """Version of etcd: at least 3.7.1, or 3.6.14 within 3.6. Rolling."""

    defragmentation_hour: int = setting(
        default=etcd.DEFAULT_DEFRAGMENTATION_HOUR, minimum=0, maximum=23
    )
    """Hour of the day, UTC, in which members with much free space are defragmented.

    One at a time, the leader last; a member answers nobody while it is, about a second for 100 MiB.
    """

    keys: tuple[int, ...] = setting(default=generations.FIRST, minimum=1, example="[1, 2]")
    """Generations of the pool's authorities, replaced as those of a tenant. Rolling.

    Before each step run `pulumi up` in all stacks whose tenants are in the pool.
    """

    deletion_protection: bool | None = setting(default=None, example="false")
    """Refuse to remove the pool with all its tenants' data; false, then `pulumi up`, allows it.

    Default: true in a stack of kind host, false in one of kind dev.
    """


@dataclass(frozen=True, kw_only=True)
class DedicatedEtcdSettings:
    """The etcd of a tenant whose `datastore` is `dedicated`, in the tenant's own namespace."""

    members: int = setting(default=etcd.MEMBERS[0], choices=etcd.MEMBERS)
    """Members of the cluster: 3 go on when one is lost, and need 3 nodes. Fixed at creation."""

    quota_gib: int = setting(default=etcd.DEFAULT_QUOTA_GIB, minimum=1, maximum=8)
    """Size in GiB at which etcd refuses the tenant's writes. It only goes up. Rolling."""

    storage_gib: int = setting(default=etcd.DEFAULT_STORAGE_GIB, minimum=2, maximum=1024)
    """Size in GiB of each member's volume: twice the quota or more. Fixed at creation."""

    version: str = setting(default=versions.DEFAULT_ETCD, check=versions.check_etcd)
    """Version of etcd, as for pools. Rolling."""


@dataclass(frozen=True, kw_only=True)
class CloudSqlSettings:
    """A Cloud SQL instance that the stack of a GKE host makes, reached from its network alone.

    docs/stores.md says how it is kept, and what it takes to remove it.
    """

    tier: str = setting(default=cloud_sql.DEFAULT_TIER, example=cloud_sql.DEFAULT_TIER)
    """Machine type, of edition Enterprise. Changing it restarts the instance."""

    version: str | None = setting(
        default=None, choices=cloud_sql.EVERY_VERSION, example="POSTGRES_17"
    )
    """Google's name of what runs. Up alone, and the instance is down while it is upgraded.

    Default: POSTGRES_17 or MYSQL_8_4.
    """

    availability: str = setting(
        default=cloud_sql.AVAILABILITIES[0], choices=cloud_sql.AVAILABILITIES
    )
    """REGIONAL: a second zone takes over if the first fails. Changing it restarts the instance."""

    storage_gib: int = setting(default=cloud_sql.DEFAULT_STORAGE_GIB, minimum=10, maximum=65536)
    """Size of its disk in GiB at creation. It grows by itself, and nothing makes it smaller."""

    max_connections: int = setting(
        default=cloud_sql.DEFAULT_MAX_CONNECTIONS, minimum=50, maximum=10000
    )
    """Most connections: an idle tenant has 4 per pod, a busy one 8. Restarts the instance."""

    retained_backups: int = setting(
        default=cloud_sql.DEFAULT_RETAINED_BACKUPS, minimum=1, maximum=365
    )
    """Daily backups that are kept, besides 7 days to any point of which it can be restored."""

    backup_hour: int = setting(default=cloud_sql.DEFAULT_BACKUP_HOUR, minimum=0, maximum=23)
    """Hour of the day, UTC, in which it is backed up."""

    maintenance_day: int = setting(default=cloud_sql.DEFAULT_MAINTENANCE_DAY, minimum=1, maximum=7)
    """Day on which Google may restart it for maintenance; 1 is Monday."""

    maintenance_hour: int = setting(
        default=cloud_sql.DEFAULT_MAINTENANCE_HOUR, minimum=0, maximum=23
    )
    """Hour of that day, UTC."""

    deletion_protection: bool = setting(default=True)
    """Refuse to remove it with all its tenants' data; false, then `pulumi up`, allows it."""


@dataclass(frozen=True, kw_only=True)
class SqlSettings:
    """An SQL server on which each of its tenants has a database of its own.

    It exists already, and the other keys say how it is reached, or the stack makes it by `cloudSql`
    and they are left out. Tenants reach it through kine, a proxy in their pods, and by TLS alone:
    the server's certificate must have its `address`.
    """

    engine: str = setting(choices=tuple(stores.ENGINES))
    """What it is: PostgreSQL 15 or newer, or MySQL 8 (MariaDB 10.6) or newer."""

    cloud_sql: CloudSqlSettings | None = setting(default=None)
    """Make it: a Cloud SQL instance on the network of `host.gke`. Kind host."""

    address: str | None = setting(default=None, check=checks.server, example="10.20.0.3")
    """Its IP address or DNS name, as pods of the host reach it. Changing it rolls the tenants.

    Their databases must be there already: the host agent makes none for a tenant that had one.
    """

    network: str | None = setting(default=None, check=checks.way_out, example="10.20.0.0/24")
    """Network that pods reach it in, for an address that is a name. Changed in place.

    Default: the address; of a name, everywhere but link-local addresses.
    """

    port: int | None = setting(default=None, minimum=1, maximum=65535, example="5432")
    """Its port. Default: 5432 for PostgreSQL, 3306 for MySQL. Changing it rolls the tenants."""

    ca: str | None = setting(default=None, example="sql-ca.pem")
    """Authority of its certificate: path of a PEM file (relative to the project) or its content.

    Belongs to every address, as the next two do.
    """

    admin_user: str | None = setting(default=None, example="tenantplane")
    r"""Who makes databases and users there: the host agent, and no tenant.

    PostgreSQL: a role with CREATEDB and CREATEROLE. MySQL: a user with CREATE USER, PROCESS,
    CONNECTION_ADMIN, SELECT (user, host) on mysql.user and all privileges on databases `t\_%`
    (docs/stores.md has the statements).
    """

    admin_password: str | None = setting(default=None, secret=True, example="...")
    """Its password: `pulumi config set --secret --path 'sql.<name>.adminPassword'`."""
