"""The resources of CloudSql: instance, administrator, endpoint, name.

The endpoint is one of Private Service Connect, Google's own choice for new projects
(https://cloud.google.com/sql/docs/postgres/about-private-service-connect): an address that is ours,
so that NetworkPolicies can name it. Private services access would peer a whole range, by a
connection that a network has one of, whatever number of instances is in it.
Not here: inputs and outputs (cloud_sql.py).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
from pulumi_gcp import compute, dns, sql

from core import cloud_sql, stores
from core.errors import HostError, describe

if TYPE_CHECKING:
    from components.cloud_sql import CloudSqlArgs

_ADMIN = "tenantplane"
_LOG_DAYS = 7  # most that edition Enterprise has (transactionLogRetentionDays)
_FINAL_BACKUP_DAYS = 30
_TTL_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is made, after it was checked."""

    engine: str
    version: str
    protect: bool


@dataclass(frozen=True, kw_only=True)
class Made:
    """What CloudSql hands out."""

    address: pulumi.Output[str]
    network: pulumi.Output[str]
    ca_pem: pulumi.Output[str]
    admin_user: pulumi.Output[str]


def declare(
    name: str,
    args: "CloudSqlArgs",
    kind: Kind,
    *,
    cloud_name: str,
    password: pulumi.Output[str],
    kept: pulumi.ResourceOptions,
) -> Made:
    """Declare all of it; the address is known once pods can use it."""
    instance = sql.DatabaseInstance(
        f"{name}-instance",
        # No name: Pulumi makes one up, as Google keeps that of a deleted instance for a week.
        project=args["project"],
        region=args["region"],
        database_version=kind.version,
        deletion_protection=kind.protect,
        settings=_settings(args, kind),
        # The disk grows by itself; what it was at first is no drift.
        opts=pulumi.ResourceOptions.merge(
            kept, pulumi.ResourceOptions(ignore_changes=["settings.diskSize"])
        ),
    )
    dns_name = pulumi.Output.all(instance.dns_names.apply(_endpoint_name), instance.dns_name).apply(
        lambda known: _dns_name(args["server"], known)
    )
    address, endpoint = _endpoint(name, args, instance, cloud_name, kept)
    record = _record(name, args, dns_name, address, kept)
    return Made(
        # A dot at the end is DNS's, no certificate has it.
        address=pulumi.Output.all(dns_name, endpoint.id, record.id).apply(
            lambda known: known[0].rstrip(".")
        ),
        network=pulumi.Output.format("{}/32", address.address),
        # The provider calls it secret; an authority's certificate is for everybody.
        ca_pem=pulumi.Output.unsecret(instance.server_ca_certs.apply(_joined)),
        admin_user=_administrator(name, kind, instance, password, kept),
    )


def _administrator(
    name: str,
    kind: Kind,
    instance: sql.DatabaseInstance,
    password: pulumi.Output[str],
    kept: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    admin = sql.User(
        f"{name}-admin",
        name=_ADMIN,
        project=instance.project,
        instance=instance.name,
        password=password,
        # The tenants' databases are its own: it goes with the instance, never before.
        deletion_policy="ABANDON",
        **({"host": "%"} if kind.engine == stores.MYSQL else {}),
        opts=kept,
    )
    return pulumi.Output.from_input(admin.name)


def _settings(args: "CloudSqlArgs", kind: Kind) -> dict[str, object]:
    """What the instance is, but for its engine."""
    # Cross-language callers send 400.0.
    connections = int(args.get("max_connections", cloud_sql.DEFAULT_MAX_CONNECTIONS))
    return {
        "tier": args.get("tier", cloud_sql.DEFAULT_TIER),
        "edition": "ENTERPRISE",  # PostgreSQL's default is Enterprise Plus, with other tiers
        "availability_type": args.get("availability", cloud_sql.AVAILABILITIES[0]),
        "disk_size": int(args.get("storage_gib", cloud_sql.DEFAULT_STORAGE_GIB)),
        "disk_autoresize": True,
        "deletion_protection_enabled": kind.protect,
        "retain_backups_on_delete": True,
        "final_backup_config": {"enabled": True, "retention_days": _FINAL_BACKUP_DAYS},
        "backup_configuration": _backups(args, kind),
        "ip_configuration": _connections_to_it(args),
        "maintenance_window": {
            "day": int(args.get("maintenance_day", cloud_sql.DEFAULT_MAINTENANCE_DAY)),
            "hour": int(args.get("maintenance_hour", cloud_sql.DEFAULT_MAINTENANCE_HOUR)),
            "update_track": "stable",
        },
        "database_flags": [{"name": "max_connections", "value": str(connections)}],
        "user_labels": {"tenantplane": "sql"},
    }


def _backups(args: "CloudSqlArgs", kind: Kind) -> dict[str, object]:
    """Daily ones, and the logs that lead from one to any point of time; each engine has its own."""
    hour = int(args.get("backup_hour", cloud_sql.DEFAULT_BACKUP_HOUR))
    kept = int(args.get("retained_backups", cloud_sql.DEFAULT_RETAINED_BACKUPS))
    logs = "binary_log_enabled" if kind.engine == stores.MYSQL else "point_in_time_recovery_enabled"
    return {
        "enabled": True,
        logs: True,
        "start_time": f"{hour:02}:00",
        "transaction_log_retention_days": _LOG_DAYS,
        "backup_retention_settings": {"retained_backups": kept, "retention_unit": "COUNT"},
    }


def _connections_to_it(args: "CloudSqlArgs") -> dict[str, object]:
    """By TLS alone, from the host's project alone, with a certificate that has the name.

    Of Google's own authorities the shared one always puts the instance's DNS names into the
    certificate (https://cloud.google.com/sql/docs/postgres/configure-ssl-instance); that of the
    default, one per instance, may have `project:instance` alone, which verify-full refuses
    (cloud-sql-go-connector#979). The last setting has Google renew it: else that is left to us.
    """
    return {
        "ipv4_enabled": False,
        "psc_configs": [{"psc_enabled": True, "allowed_consumer_projects": [args["project"]]}],
        "ssl_mode": "ENCRYPTED_ONLY",
        "server_ca_mode": "GOOGLE_MANAGED_CAS_CA",
        "server_certificate_rotation_mode": "AUTOMATIC_ROTATION_DURING_MAINTENANCE",
    }


def _endpoint(
    name: str,
    args: "CloudSqlArgs",
    instance: sql.DatabaseInstance,
    cloud_name: str,
    kept: pulumi.ResourceOptions,
) -> tuple[compute.Address, compute.ForwardingRule]:
    """The instance's address in the host's network, and what leads from there to it."""
    place = {"project": args["project"], "region": args["region"]}
    address = compute.Address(
        f"{name}-address",
        name=cloud_name,
        address_type="INTERNAL",
        subnetwork=args["subnetwork"],
        description="Where pods of this host reach their SQL server",
        **place,
        opts=kept,
    )
    endpoint = compute.ForwardingRule(
        f"{name}-endpoint",
        name=cloud_name,
        load_balancing_scheme="",  # an endpoint of Private Service Connect has none
        network=args["network"],
        ip_address=address.id,
        target=instance.psc_service_attachment_link,
        **place,
        opts=kept,
    )
    return address, endpoint


def _record(
    name: str,
    args: "CloudSqlArgs",
    dns_name: pulumi.Output[str],
    address: compute.Address,
    kept: pulumi.ResourceOptions,
) -> dns.RecordSet:
    """What leads from the name in the certificate to the endpoint: nobody else makes it.

    Its zone is that one name: any other of Google's keeps leading where it did.
    """
    zone = dns.ManagedZone(
        f"{name}-zone",
        name=address.name,
        project=args["project"],
        dns_name=dns_name,
        description="The one name of an SQL server's certificate",
        visibility="private",
        private_visibility_config={"networks": [{"network_url": args["network"]}]},
        opts=kept,
    )
    return dns.RecordSet(
        f"{name}-record",
        project=args["project"],
        managed_zone=zone.name,
        name=dns_name,
        type="A",
        ttl=_TTL_SECONDS,
        rrdatas=[address.address],
        opts=kept,
    )


def _endpoint_name(known: "list[sql.outputs.DatabaseInstanceDnsName] | None") -> str:
    """Return the name that the endpoint is to have, or nothing where the instance has one alone.

    As Google's own connectors choose it (cloud-sql-go-connector#954).
    """
    for one in known or []:
        if one.connection_type == "PRIVATE_SERVICE_CONNECT" and one.dns_scope == "INSTANCE":
            return one.name or ""
    return ""


def _dns_name(server: str, known: list[str | None]) -> str:
    """Return the first that is a name, as DNS writes it.

    Raises:
        HostError: none is. A zone of no name would be the root's, and hide every other name.
    """
    name = next(filter(None, known), "").rstrip(".")
    if not name:
        remedy = (
            "run `pulumi up --refresh`; if that doesn't help, see what `gcloud sql instances "
            "describe` says of dnsNames"
        )
        problem = "has no DNS name, by which pods would find it and know its certificate"
        raise HostError(describe(f"cloud sql {server}", problem, remedy=remedy))
    return f"{name}."


def _joined(authorities: "list[sql.outputs.DatabaseInstanceServerCaCert]") -> str:
    return "".join(f"{(one.cert or '').strip()}\n" for one in authorities)
