"""The upkeep of the etcd pools: their alarms, and a defragmentation each night.

Not here: compaction (the members do it, core/flags.py), what single tenants have (usage.py).
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agent import metrics
from agent.etcdctl import Etcdctl, EtcdError

logger = logging.getLogger("agent")

_LOOK_SECONDS = 60.0
_DEFRAGMENT_SECONDS = 300.0
"""How long one member may take; it answers nobody meanwhile, and copies 100 MiB in a second."""
_WORTHWHILE_BYTES = 16 * 1024 * 1024
_WORTHWHILE_PART = 0.25
"""A member is defragmented when so much of its file, and so large a part of it, is free."""
_ALARMS = {1: "NOSPACE", 2: "CORRUPT"}


@dataclass(frozen=True)
class Member:
    """One member as its own status has it."""

    endpoint: str
    size: int
    """Bytes of its file."""
    used: int
    """Bytes of that in use."""
    leads: bool

    def is_worthwhile(self) -> bool:
        """Whether a defragmentation would give much back."""
        free = self.size - self.used
        return free >= _WORTHWHILE_BYTES and free >= self.size * _WORTHWHILE_PART


class Upkeep:
    """Looks after one pool."""

    def __init__(self, store: str, ctl: Etcdctl, hour: Callable[[], int]) -> None:
        """Start nothing yet.

        Args:
            store: Name of the pool.
            ctl: Commands to it.
            hour: Returns the hour of the day, UTC, in which it is defragmented.
        """
        self._store = store
        self._ctl = ctl
        self._hour = hour
        self._defragmented: dt.date | None = None
        self.alarms: tuple[str, ...] = ()
        """What is wrong with it as a whole: NOSPACE, CORRUPT."""

    async def run(self) -> None:
        """Look every minute until cancelled."""
        while True:
            try:
                await self.look(dt.datetime.now(dt.UTC))
            except EtcdError as error:
                logger.warning("%s", error)
            except Exception:
                logger.exception("store %s: its upkeep failed", self._store)
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self, now: dt.datetime) -> None:
        """Read the alarms; defragment if this is the hour and it was not done today.

        Raises:
            EtcdError: The pool doesn't answer.
        """
        await self._read_alarms()
        if now.hour == self._hour() and self._defragmented != now.date():
            self._defragmented = now.date()
            await self.defragment()

    async def _read_alarms(self) -> None:
        listed = (await self._ctl("alarm", "list")).get("alarms", [])
        found = {_ALARMS.get(int(one.get("alarm", 0)), "unknown") for one in listed}
        for alarm in _ALARMS.values():
            metrics.STORE_ALARM.labels(self._store, alarm).set(alarm in found)
        alarms = tuple(sorted(found))
        if alarms != self.alarms:
            logger.warning("store %s: alarms %s", self._store, ", ".join(alarms) or "cleared")
        self.alarms = alarms

    async def members(self) -> list[Member]:
        """Return the members, the leader last."""
        listed = (await self._ctl("member", "list"))["members"]
        endpoints = ",".join(member["clientURLs"][0] for member in listed)
        statuses = await self._ctl("endpoint", "status", endpoints=endpoints)
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
        leads=found["leader"] == found["header"]["member_id"],
    )
