"""How much a tenant has in a shared etcd: its keys, and the bytes of keys and values.

Only what is there now: what etcd keeps of the past goes with its next compaction (upkeep.py).
Not here: what comes of it (share.py).
"""

import time
from dataclasses import dataclass

from agent.etcdctl import Etcdctl, TooLargeError, text
from core.names import etcd_range

LARGEST_BYTES = 1536 * 1024
"""No object has more: what etcd takes in one write (its default of --max-request-bytes)."""
_MOST_CHANGED = 1000
"""After so many changes sizes are read again, whatever the limit is."""
_TRUSTED_SECONDS = 600.0
_REST = 10
"""Reading sizes takes every value over the network: at most a tenth of the time is spent on it."""

_FIRST_PAGE, _MOST = 100, 500
"""Keys in a page; kubectl's own lists have 500."""
_PAGE_BYTES = 8 * 1024 * 1024
"""A larger page is not read, but asked for again with fewer keys."""
_NEW_LINES = 2  # after each key and each value
_PAGE_SECONDS = 20.0


@dataclass(frozen=True)
class Usage:
    """What a tenant has."""

    keys: int
    size: int
    """Bytes."""


@dataclass(frozen=True)
class _Look:
    """What was found when all sizes were read."""

    usage: Usage = Usage(0, 0)
    revision: int = 0
    """Of the store, just before."""
    at: float = float("-inf")
    seconds: float = 0.0
    """How long it took."""


class Meter:
    """Measures the tenants of one store."""

    def __init__(self, ctl: Etcdctl) -> None:
        self._ctl = ctl
        self._looks: dict[str, _Look] = {}

    async def read(self, tenant: str, near: float) -> Usage:
        """Return what the tenant has.

        The store tells from its index which keys were written since the sizes were read (etcd 3.6
        has to look at the values for it). If nothing changed, or not so much that the tenant could
        have come near its limit even with the largest objects, the sizes of then will do for ten
        minutes: what the tenant has is more than that by LARGEST_BYTES a change at most.

        Args:
            tenant: Its id.
            near: Bytes from which on it matters how many it has.

        Raises:
            agent.etcdctl.EtcdError: The store doesn't say.
        """
        before = self._looks.get(tenant, _Look())
        began = time.monotonic()
        room = int(min(_MOST_CHANGED, max(0.0, near - before.usage.size) // LARGEST_BYTES))
        found = await self._ctl(
            "get",
            *etcd_range(tenant),
            "--keys-only",
            f"--min-mod-rev={before.revision + 1}",
            f"--limit={room + 1}",
        )
        keys, changed = int(found.get("count", 0)), len(found.get("kvs", []))
        as_before = changed == 0 and keys == before.usage.keys
        far = before.usage.size < near and changed <= room
        resting = began - before.at < before.seconds * _REST
        if (as_before or far or resting) and began - before.at < _TRUSTED_SECONDS:
            return Usage(keys, before.usage.size)
        usage = await self._measure(tenant)
        revision = int(found["header"]["revision"])
        self._looks[tenant] = _Look(usage, revision, began, time.monotonic() - began)
        return usage

    def forget(self, tenant: str) -> None:
        """Keep nothing of a tenant that is gone."""
        self._looks.pop(tenant, None)

    async def _measure(self, tenant: str) -> Usage:
        start, end = etcd_range(tenant)
        keys = size = 0
        page = _FIRST_PAGE
        while True:
            found = await self._ctl("get", start, end, "--keys-only", f"--limit={page}")
            here = found.get("kvs", [])
            if not here:
                return Usage(keys, size)
            after = f"{text(here[-1]['key'])}\x01"
            try:
                printed = await self._ctl.count_bytes(
                    "get", start, after, seconds=_PAGE_SECONDS, most=_PAGE_BYTES
                )
            except TooLargeError:
                if len(here) == 1:
                    raise
                page = len(here) // 2
                continue
            size += max(0, printed - _NEW_LINES * len(here))
            keys += len(here)
            if len(here) == int(found.get("count", 0)):
                return Usage(keys, size)
            start = after
            fitting = _PAGE_BYTES // 2 * len(here) // max(printed, 1)
            page = min(_MOST, 2 * page, max(1, fitting))
