"""One loop per object: it brings the object to what its spec says, again and again.

Owns: when an object is looked at (a change, a failure's back-off, now and then), its Ready
condition, its events, and that one object's trouble stays its own.
Not here: what is done to an object (handlers/), how the host is watched (kopf).

kopf's own change handlers would keep the last spec and each failure in annotations: an object with
a list of manifests would double, and a tenant that is down would cost a write on the host's API
every second. A loop that only looks at the present needs neither.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

import kopf

from agent import host, metrics
from agent.kube import ApiError, Client, Json
from agent.outcome import NotReadyError, Outcome
from core.errors import TenantplaneError

logger = logging.getLogger("agent")

_FIRST_MINUTE = 60.0
_FIRST_MINUTE_SECONDS = 1.0
_LONGEST_SECONDS = 30.0
_EAGER_SECONDS = 15.0
_EAGER_DELAY_SECONDS = 0.2
_SPREAD_SECONDS = 0.02
"""After a start, the look at each object that was ready already waits this much longer."""


class Reconciler(Protocol):
    """What a kind of object needs done."""

    kind: str
    plural: str
    eager: bool
    """A new object is looked at five times a second at first: what it waits for comes soon."""

    async def reconcile(self, body: Json, wake: Callable[[], None]) -> Outcome:
        """Bring the object to its spec; raise NotReadyError if that can't be done now.

        Args:
            body: The object as it was seen last.
            wake: Asks for another look, now.
        """

    async def forget(self, uid: str) -> None:
        """Let go of whatever is held for an object that is gone."""


class Loops:
    """The loops of all objects of one kind."""

    def __init__(self, reconciler: Reconciler, client: Client, *, resync_seconds: float) -> None:
        """Start nothing yet; an object that is ready is looked at every `resync_seconds`."""
        self._reconciler = reconciler
        self._client = client
        self._resync_seconds = resync_seconds
        self._loops: dict[str, _Loop] = {}
        self._endings: set[asyncio.Task[None]] = set()

    def observe(self, body: Json, *, listed: bool) -> None:
        """Take note of an object that appeared or changed; `listed`: it was there at the start."""
        uid = body["metadata"]["uid"]
        loop = self._loops.get(uid)
        if loop is None:
            wait = listed and host.is_ready(body) and "deletionTimestamp" not in body["metadata"]
            delay = len(self._loops) * _SPREAD_SECONDS if wait else 0.0
            loop = _Loop(self._reconciler, self._client, self._resync_seconds)
            self._loops[uid] = loop
            loop.start(body, delay, self._count)
        else:
            loop.offer(body)
        self._count()

    def forget(self, uid: str) -> None:
        """Stop looking at an object that is gone."""
        loop = self._loops.pop(uid, None)
        if loop is not None:
            ending = asyncio.create_task(self._end(uid, loop))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
        self._count()

    async def _end(self, uid: str, loop: "_Loop") -> None:
        await loop.stop()
        await self._reconciler.forget(uid)

    async def stop(self) -> None:
        """Stop all loops; what was begun is finished after the next start."""
        loops, self._loops = self._loops, {}
        await asyncio.gather(*(self._end(uid, loop) for uid, loop in loops.items()), *self._endings)

    def _count(self) -> None:
        ready = sum(loop.ready for loop in self._loops.values())
        kind = self._reconciler.kind
        metrics.OBJECTS.labels(kind, "true").set(ready)
        metrics.OBJECTS.labels(kind, "false").set(len(self._loops) - ready)


class _Loop:
    """Looks at one object."""

    def __init__(self, reconciler: Reconciler, client: Client, resync_seconds: float) -> None:
        self._reconciler = reconciler
        self._client = client
        self._resync_seconds = resync_seconds
        self._body: Json = {}
        self._awake = asyncio.Event()
        self._failing_since: float | None = None
        self._was_ready = False
        self._said: _Verdict | None = None
        self._task: asyncio.Task[None] | None = None
        self._over = False
        self.ready = False

    def start(self, body: Json, delay: float, changed: Callable[[], None]) -> None:
        """Look at the object after a delay, then whenever it is due; tell `changed` each time."""
        self._body = body
        self.ready = self._was_ready = host.is_ready(body)
        self._task = asyncio.create_task(self._run(delay, changed))
        self._task.add_done_callback(lambda _: self._revive(changed))

    def _revive(self, changed: Callable[[], None]) -> None:
        """A loop ends when its object is finished or gone; anything else must not go unnoticed."""
        if not self._over:
            logger.error("%s: its loop ended by itself; starting it again", _name(self._body))
            self.start(self._body, _FIRST_MINUTE_SECONDS, changed)

    def offer(self, body: Json) -> None:
        """Remember the object's newest form; look at it if its spec changed or it is to go."""
        before, self._body = self._body, body
        if _mark(before) != _mark(body):
            self._awake.set()

    async def stop(self) -> None:
        """End in the middle of whatever is being done; all of it can be repeated."""
        self._over = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self, delay: float, changed: Callable[[], None]) -> None:
        wait: float | None = delay
        while wait is not None:
            await self._sleep(wait)
            wait = await self._look()
            changed()
        self._over = True

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), seconds)
        self._awake.clear()

    async def _look(self) -> float | None:
        """Look once; returns the seconds until the next look, None if there is none."""
        kind, body, began = self._reconciler.kind, self._body, time.monotonic()
        try:
            outcome = await self._reconciler.reconcile(body, self._awake.set)
            if outcome.finished:
                return None
            verdict = _Verdict(True, outcome.reason, outcome.message, outcome.warns)
            await self._report(body, verdict, outcome.fields)
        except Exception as error:  # noqa: BLE001 -- no object's trouble ends its loop
            return await self._failed(body, error)
        finally:
            metrics.RECONCILE_SECONDS.labels(kind).observe(time.monotonic() - began)
        self._failing_since = None
        usual = self._resync_seconds
        seconds = min(usual, outcome.again_seconds or usual)
        return seconds * random.uniform(0.9, 1.1)  # noqa: S311 -- spreads load

    async def _failed(self, body: Json, error: Exception) -> float:
        """Report a failure; returns the seconds until the next look."""
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        age = now - self._failing_since
        eager = self._reconciler.eager and not self._was_ready and age < _EAGER_SECONDS
        verdict, fields = _Verdict(False, "Failed", str(error)), {}
        if isinstance(error, NotReadyError):
            verdict, fields = _Verdict(False, error.reason, str(error)), error.fields
        elif not isinstance(error, TenantplaneError):
            verdict = _Verdict(False, "Failed", f"unexpected {type(error).__name__}")
            logger.error("%s: %s", _name(body), verdict.message, exc_info=error)
        metrics.RECONCILE_FAILURES.labels(self._reconciler.kind, verdict.reason).inc()
        try:
            await self._report(body, verdict, fields, quiet=eager)
        except TenantplaneError as unwritten:
            logger.warning("%s: status not written: %s", _name(body), unwritten)
        if eager:
            return _EAGER_DELAY_SECONDS
        if age < _FIRST_MINUTE:
            return _FIRST_MINUTE_SECONDS
        return min(_LONGEST_SECONDS, age / 10) * random.uniform(0.8, 1.0)  # noqa: S311

    async def _report(
        self, body: Json, verdict: "_Verdict", fields: Json, *, quiet: bool = False
    ) -> None:
        """Write the status if it says something new, and post an event if that is news."""
        self.ready = verdict.ready
        seen = {**body, "status": self._body.get("status", {})}
        patch = host.status_patch(
            seen,
            ready=verdict.ready,
            reason=verdict.reason,
            message=verdict.message,
            fields=fields,
        )
        if _differs(seen["status"], patch["status"]):
            path = f"{host.path_of(body, self._reconciler.plural)}/status"
            try:
                written = await self._client.merge(path, patch)
                self._body = {**self._body, "status": written.get("status", {})}
            except ApiError as error:
                if not error.not_found:
                    raise
        if verdict != self._said and not quiet:
            self._say(body, verdict)
        self._was_ready = self._was_ready or verdict.ready

    def _say(self, body: Json, verdict: "_Verdict") -> None:
        """Log what is new about the object; an event where its readiness or the reason changed."""
        before, self._said = self._said, verdict
        fine = verdict.ready and not verdict.warns
        level = logging.INFO if fine else logging.WARNING
        logger.log(level, "%s: %s %s", _name(body), verdict.reason, verdict.message)
        if before is None and fine and self._was_ready:
            return  # as it was before the agent started
        if before is None or (before.ready, before.reason) != (verdict.ready, verdict.reason):
            post = kopf.info if fine else kopf.warn
            host.event(body, post, verdict.reason, verdict.message)


class _Verdict(NamedTuple):
    ready: bool
    reason: str
    message: str
    warns: bool = False


def _mark(body: Json) -> tuple[object, object]:
    metadata = body.get("metadata", {})
    return metadata.get("generation"), metadata.get("deletionTimestamp")


def _differs(status: Json, wanted: Json) -> bool:
    return any(status.get(key) != value for key, value in wanted.items())


def _name(body: Json) -> str:
    metadata = body["metadata"]
    return f"{body['kind']} {metadata['namespace']}/{metadata['name']}"
