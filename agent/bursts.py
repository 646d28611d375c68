"""Burst: many events are told as one, soon after the first, and not without a pause.

Not here: whose events (watches.py, tenant.py), what is done then (handlers/).
"""

import asyncio
from collections.abc import Callable

_TOGETHER_SECONDS = 0.05
"""What belongs together happens within this: operators install CRDs by the dozen."""


class Burst:
    """Tells of events, at most once in some time."""

    def __init__(self, tell: Callable[[], None], *, pause_seconds: float = 0.0) -> None:
        """Tell nothing yet; what goes on without end is told every `pause_seconds`."""
        self._tell = tell
        self._pause_seconds = pause_seconds
        self._not_before = 0.0
        self._due: asyncio.TimerHandle | None = None

    def note(self) -> None:
        """Take note of an event; it is told soon, with those that follow until then."""
        if self._due is None:
            loop = asyncio.get_running_loop()
            when = max(loop.time() + _TOGETHER_SECONDS, self._not_before)
            self._due = loop.call_at(when, self._now)

    def close(self) -> None:
        """Tell nothing any more."""
        if self._due is not None:
            self._due.cancel()

    def _now(self) -> None:
        self._due = None
        self._not_before = asyncio.get_running_loop().time() + self._pause_seconds
        self._tell()
