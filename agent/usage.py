"""How much a tenant has in a shared etcd: its keys, and the bytes of keys and values.

Only what is there now: what etcd keeps of the past goes with its next compaction.
Not here: what comes of it (handlers/etcd_tenant.py).
"""

import time
from dataclasses import dataclass

from agent.etcdctl import Etcdctl, text
from core.names import etcd_range

_FIRST_PAGE = 100
_FEWEST, _MOST = 20, 2000
_PAGE_BYTES = 8 * 1024 * 1024
"""What one page should have; a page of the largest objects (1.5 MiB) is 30 MiB."""
_NEW_LINES = 2  # after each key and each value
_PAGE_SECONDS = 20.0

_TRUSTED_SECONDS = 600.0
_TRUSTED_CHANGE = 0.02
"""The sizes of before are believed for ten minutes, while the number of keys stays about the same:
counting is a look at etcd's index, reading sizes takes every value over the network."""


@dataclass(frozen=True)
class Usage:
    """What a tenant has."""

    keys: int
    size: int
    """Bytes."""


class Meter:
    """Measures the tenants of one store."""

    def __init__(self, ctl: Etcdctl) -> None:
        self._ctl = ctl
        self._known: dict[str, tuple[float, Usage]] = {}

    async def read(self, tenant: str) -> Usage:
        """Return what the tenant has.

        Raises:
            agent.etcdctl.EtcdError: The store doesn't say.
        """
        counted = await self._ctl("get", *etcd_range(tenant), "--keys-only", "--limit=1")
        keys = int(counted.get("count", 0))
        measured, known = self._known.get(tenant, (float("-inf"), Usage(0, 0)))
        about_the_same = abs(keys - known.keys) <= known.keys * _TRUSTED_CHANGE
        if about_the_same and time.monotonic() - measured < _TRUSTED_SECONDS:
            return known
        usage = await self._measure(tenant)
        self._known[tenant] = (time.monotonic(), usage)
        return usage

    def forget(self, tenant: str) -> None:
        """Keep nothing of a tenant that is gone."""
        self._known.pop(tenant, None)

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
            printed = await self._ctl.count_bytes("get", start, after, seconds=_PAGE_SECONDS)
            size += max(0, printed - _NEW_LINES * len(here))
            keys += len(here)
            if len(here) == int(found.get("count", 0)):
                return Usage(keys, size)
            start = after
            page = min(_MOST, max(_FEWEST, _PAGE_BYTES * keys // max(size, 1)))
