"""pools: which change of an etcd that runs, a shared pool or a tenant's own, is safe.

Not here: which run (running.py), what one may be (store_settings.py).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core import stores
from core.errors import InvalidInputError

if TYPE_CHECKING:
    from core.running import RunningEtcd, RunningHost
    from core.settings import Settings
    from core.store_settings import DedicatedEtcdSettings, EtcdSettings


def problems(settings: "Settings", running: "RunningHost") -> Iterator[InvalidInputError]:
    """Yield a problem for each change that an etcd would not survive.

    A member joins or leaves by etcd's own API, which nothing here calls: two more pods with a new
    `--initial-cluster` are strangers to the first, and two fewer take the quorum with them. Another
    size of volume replaces the StatefulSet, and its pods come back on the volumes of before. How
    much an etcd keeps is not known here, so a lower quota could be one that is used up.

    Args:
        settings: Of the stack.
        running: What the host has.
    """
    if settings.has_host:  # the pools of other stacks are their host stack's
        for pool, etcd in settings.etcd.items():
            instead = "make another pool for new tenants"
            yield from _of_one(f"etcd.{pool}", etcd, running.pool(pool), instead)
    for number, tenant in enumerate(settings.tenants):
        if tenant.datastore == stores.DEDICATED:
            path, known = f"tenants[{number}].dedicatedEtcd", running.own_etcd(tenant.name)
            yield from _of_one(path, tenant.dedicated_etcd, known, "make another tenant")


def _of_one(
    path: str,
    etcd: "EtcdSettings | DedicatedEtcdSettings",
    known: "RunningEtcd | None",
    instead: str,
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
    if etcd.quota_gib < known.quota_gib:
        yield InvalidInputError(
            f"{path}.quotaGib",
            f"can't be lowered from {known.quota_gib}: an etcd that keeps more than its quota "
            "refuses every write",
            etcd.quota_gib,
            f"set it back to {known.quota_gib}, and {instead}",
        )


def overcommitted(settings: "Settings", running: "RunningHost") -> Iterator[str]:
    """Say which pools could fill although each of their tenants keeps to its limit.

    Args:
        settings: Of the stack; one without a host looks at the pools of its tenants.
        running: What the host has, tenants of other stacks too.
    """
    limits = {name: (one.store, one.limit_mib) for name, one in running.shares.items()}
    limits |= {one.name: (one.datastore, one.store_limit_mib) for one in settings.tenants}
    for pool, quota_gib in _quotas_gib(settings, running).items():
        most = quota_gib * 1024 * 2 // 3  # the rest is for what etcd keeps of the past
        total = sum(limit_mib for store, limit_mib in limits.values() if store == pool)
        if total > most:
            yield (
                f"etcd pool {pool}: the storeLimitMib of its tenants are more than two thirds of "
                f"its quotaGib together, which is {most} MiB, got {total}; raise quotaGib, lower "
                "storeLimitMib, or make another pool for new tenants"
            )


def _quotas_gib(settings: "Settings", running: "RunningHost") -> dict[str, int]:
    if settings.has_host:
        return {pool: etcd.quota_gib for pool, etcd in settings.etcd.items()}
    pools = {one.datastore: running.pool(one.datastore) for one in settings.tenants}
    return {pool: etcd.quota_gib for pool, etcd in pools.items() if etcd}
