"""The upkeep of the etcd pools: authentication, alarms, history, a defragmentation each night.

Not here: the usual compaction (the members do it, core/flags.py), what single tenants have
(usage.py).
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent import metrics
from agent.etcd import Etcd
from agent.etcdctl import EtcdError

logger = logging.getLogger("agent")

_LOOK_SECONDS = 60.0
_DEFRAGMENT_SECONDS = 300.0
"""How long one member may take; it answers nobody meanwhile, and copies 100 MiB in a second."""
_WORTHWHILE_BYTES = 16 * 1024 * 1024
_WORTHWHILE_PART = 0.25
"""A member is defragmented when so much of its file, and so large a part of it, is free."""
_FULL_PART = 0.7
"""From so much of its quota on, a pool keeps a minute of its past instead of five to ten."""
_COMPACTED = "required revision has been compacted"
CORRUPT = "CORRUPT"
_ALARMS = {1: "NOSPACE", 2: CORRUPT}


@dataclass(frozen=True)
class Member:
    """One member as its own status has it."""

    endpoint: str
    size: int
    """Bytes of its file."""
    used: int
    """Bytes of that in use: what is there now, and what is kept of the past."""
    quota: int
    """Bytes of its file at which it refuses writes."""
    revision: int
    leads: bool

    def is_worthwhile(self) -> bool:
        """Whether a defragmentation would give much back."""
        free = self.size - self.used
        return free >= _WORTHWHILE_BYTES and free >= self.size * _WORTHWHILE_PART


class Upkeep:
    """Looks after one pool."""

    def __init__(self, store: str, etcd: Etcd, hour: Callable[[], int]) -> None:
        """Start nothing yet.

        Args:
            store: Name of the pool.
            etcd: The pool.
            hour: Returns the hour of the day, UTC, in which it is defragmented.
        """
        self._store = store
        self._etcd = etcd
        self._ctl = etcd.ctl
        self._hour = hour
        self._revision = 0
        self._endpoints: str | None = None
        self._defragmented: dt.date | None = None
        self.alarms: tuple[str, ...] = ()
        """What is wrong with it as a whole: NOSPACE, CORRUPT."""

    async def run(self) -> None:
        """Look every minute until cancelled, whatever happens."""
        while True:
            try:
                await self.look(dt.datetime.now(dt.UTC))
            except Exception as error:
                metrics.UPKEEP_FAILURES.labels(self._store).inc()
                if isinstance(error, EtcdError):
                    logger.warning("%s", error)
                else:
                    logger.exception("store %s: its upkeep failed", self._store)
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self, now: dt.datetime) -> None:
        """Do what is due: authentication, alarms, and unless it is corrupt, the rest.

        Raises:
            EtcdError: The pool doesn't answer.
        """
        await self._read_alarms()
        if CORRUPT in self.alarms:
            return  # whoever repairs it needs it as it is
        await self._etcd.start()
        await self._read_endpoints()
        await self._compact_early()
        if now.hour == self._hour() and self._defragmented != now.date():
            self._defragmented = now.date()
            await self.defragment()

    async def _read_alarms(self) -> None:
        """Ask the members themselves, once known: corrupt, they are not ready, and no Service's."""
        answer = await self._ctl("alarm", "list", endpoints=self._endpoints)
        listed = answer.get("alarms", [])
        found = {_ALARMS.get(int(one.get("alarm", 0)), "unknown") for one in listed}
        for alarm in _ALARMS.values():
            metrics.STORE_ALARM.labels(self._store, alarm).set(alarm in found)
        alarms = tuple(sorted(found))
        if alarms != self.alarms:
            logger.warning("store %s: alarms %s", self._store, ", ".join(alarms) or "cleared")
        self.alarms = alarms

    async def _compact_early(self) -> None:
        """Forget all but the past minute when the pool is nearly full: overwriting fills it too.

        The file does not shrink by that, but what is freed is used again. Any member's word will
        do: one of them may be down.
        """
        members = [_member(one) for one in await self._ctl("endpoint", "status")]
        used, quota = max(one.used for one in members), members[0].quota
        metrics.STORE_USED_BYTES.labels(self._store).set(used)
        metrics.STORE_QUOTA_BYTES.labels(self._store).set(quota)
        before, self._revision = self._revision, max(one.revision for one in members)
        if used < quota * _FULL_PART or not before:
            return
        await self._ctl("compact", str(before), parse=False, accept=(_COMPACTED,))
        metrics.EARLY_COMPACTIONS.labels(self._store).inc()
        logger.warning(
            "store %s: %d of %d MiB are used; compacted up to a minute ago (revision %d)",
            self._store, used // 1024**2, quota // 1024**2, before,
        )  # fmt: skip

    async def _read_endpoints(self) -> str:
        """Return the members' own URLs; one that was added and has not started has none."""
        listed = (await self._ctl("member", "list"))["members"]
        self._endpoints = ",".join(url for one in listed for url in one.get("clientURLs", [])[:1])
        return self._endpoints

    async def members(self) -> list[Member]:
        """Return the members, the leader last."""
        statuses = await self._ctl("endpoint", "status", endpoints=await self._read_endpoints())
        return sorted((_member(one) for one in statuses), key=lambda member: member.leads)

    async def defragment(self) -> list[str]:
        """Defragment what is worth it, one member after another, the leader last.

        A member that fails ends it: the next ones are the quorum.

        Returns:
            The endpoints that were defragmented.
        """
        done = []
        for member in await self.members():
            if member.is_worthwhile():
                await self._ctl(
                    "defrag",
                    parse=False,
                    endpoints=member.endpoint,
                    seconds=_DEFRAGMENT_SECONDS,
                )
                await self._ctl("endpoint", "status", endpoints=member.endpoint)
                done.append(member.endpoint)
                logger.info(
                    "store %s: %s defragmented, %d MiB were free",
                    self._store, member.endpoint, (member.size - member.used) // 1024**2,
                )  # fmt: skip
        return done


def _member(status: dict[str, Any]) -> Member:
    found = status["Status"]
    return Member(
        endpoint=status["Endpoint"],
        size=int(found.get("dbSize", 0)),
        used=int(found.get("dbSizeInUse", 0)),
        quota=int(found["dbSizeQuota"]),
        revision=int(found["header"]["revision"]),
        leads=found["leader"] == found["header"]["member_id"],
    )
