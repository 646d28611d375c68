"""pools: which change of an etcd that runs, a shared pool or a tenant's own, is safe.

Not here: which run (components/running_host.py), what one may be (store_settings.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from core import names, stores
from core.errors import InvalidInputError
from core.generations import InUse

if TYPE_CHECKING:
    from core.settings import Settings
    from core.store_settings import DedicatedEtcdSettings, EtcdSettings


@dataclass(frozen=True)
class RunningEtcd:
    """What a host has of an etcd."""

    members: int
    """Pods that its StatefulSet asks for; 0 when it was scaled to nothing."""

    storage_gib: int
    """Size of each member's volume, as its StatefulSet asks for it."""

    quota_gib: int | None = None
    """Size at which it refuses writes, as its StatefulSet asks for it."""

    keys: InUse = field(default_factory=InUse)
    """Of its authorities."""

    certificates: Mapping[str, str] = field(default_factory=dict)
    """When each of its certificates ends, RFC 3339, by its name."""


def problems(
    settings: "Settings", running: Mapping[str, RunningEtcd]
) -> Iterator[InvalidInputError]:
    """Yield a problem for each change that an etcd would not survive.

    A member joins or leaves by etcd's own API, which nothing here calls: two more pods with a new
    `--initial-cluster` are strangers to the first, and two fewer take the quorum with them. Another
    size of volume replaces the StatefulSet, and its pods come back on the volumes of before.

    Args:
        settings: Of the stack.
        running: The etcds that exist, by namespace.
    """
    if settings.has_host:  # the pools of other stacks are their host stack's
        for pool, etcd in settings.etcd.items():
            known = running.get(names.etcd_namespace(pool))
            instead = "make another pool for new tenants"
            yield from _of_one(f"etcd.{pool}", etcd, known, instead)
    for number, tenant in enumerate(settings.tenants):
        if tenant.datastore == stores.DEDICATED:
            known = running.get(names.namespace(tenant.name))
            path = f"tenants[{number}].dedicatedEtcd"
            yield from _of_one(path, tenant.dedicated_etcd, known, "make another tenant")


def _of_one(
    path: str, etcd: "EtcdSettings | DedicatedEtcdSettings", known: RunningEtcd | None, instead: str
) -> Iterator[InvalidInputError]:
    if known is None:
        return
    if known.members not in (0, etcd.members):
        yield InvalidInputError(
            f"{path}.members",
            f"can't be changed from {known.members}: the members of an etcd are fixed once it "
            "exists",
            etcd.members,
            f"set it back to {known.members}, and {instead}",
        )
    if known.storage_gib != etcd.storage_gib:
        yield InvalidInputError(
            f"{path}.storageGib",
            f"can't be changed from {known.storage_gib}: the volumes of an etcd are fixed once "
            "it exists",
            etcd.storage_gib,
            f"set it back to {known.storage_gib}, and {instead}",
        )


def overcommitted(
    quotas_gib: Mapping[str, int], limits_mib: Mapping[str, Mapping[str, int]]
) -> Iterator[str]:
    """Say which pools could fill although each of their tenants keeps to its limit.

    Args:
        quotas_gib: Of the pools, by name.
        limits_mib: Of the tenants, by pool and name.
    """
    for pool, quota_gib in quotas_gib.items():
        most = quota_gib * 1024 * 2 // 3  # the rest is for what etcd keeps of the past
        total = sum(limits_mib.get(pool, {}).values())
        if total > most:
            yield (
                f"etcd pool {pool}: the storeLimitMib of its tenants are more than two thirds of "
                f"its quotaGib together, which is {most} MiB, got {total}; raise quotaGib, lower "
                "storeLimitMib, or make another pool for new tenants"
            )
