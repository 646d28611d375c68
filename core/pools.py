"""pools: which change of an etcd pool that runs is safe.

Not here: which pools run (components/running_host.py), what a pool may be (settings.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import InvalidInputError

if TYPE_CHECKING:
    from core.settings import EtcdSettings


@dataclass(frozen=True)
class RunningPool:
    """What a host has of an etcd pool."""

    members: int
    """Pods that its StatefulSet asks for; 0 when it was scaled to nothing."""

    storage_gib: int
    """Size of each member's volume, as its StatefulSet asks for it."""


def problems(
    pools: Mapping[str, "EtcdSettings"], running: Mapping[str, RunningPool]
) -> Iterator[InvalidInputError]:
    """Yield a problem for each change that a pool would not survive.

    A member joins or leaves by etcd's own API, which nothing here calls: two more pods with a new
    `--initial-cluster` are strangers to the first, and two fewer take the quorum with them. Another
    size of volume replaces the StatefulSet, and its pods come back on the volumes of before.

    Args:
        pools: As the settings list them.
        running: Those that exist.
    """
    for pool, etcd in pools.items():
        known = running.get(pool)
        if known is None:
            continue
        if known.members not in (0, etcd.members):
            yield InvalidInputError(
                f"etcd.{pool}.members",
                f"can't be changed from {known.members}: the members of a pool are fixed once it "
                "exists",
                etcd.members,
                f"set it back to {known.members}, and make another pool for new tenants",
            )
        if known.storage_gib != etcd.storage_gib:
            yield InvalidInputError(
                f"etcd.{pool}.storageGib",
                f"can't be changed from {known.storage_gib}: the volumes of a pool are fixed once "
                "it exists",
                etcd.storage_gib,
                f"set it back to {known.storage_gib}, and make another pool for new tenants",
            )
