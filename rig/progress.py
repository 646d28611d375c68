"""progress: how the rig shows what it does: one line per step, with the seconds it took.

On a terminal the running steps share one live line; elsewhere each step has a line when it starts,
one every 15 seconds and one when it ends. Steps may run at the same time, in several threads.
Not here: what the steps are (build.py, images/, hosts/).
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

_HEARTBEAT_SECONDS = 15.0
_FRAME_SECONDS = 0.2
_ERASE_LINE = "\r\x1b[K"
_PERCENT = 100


class Step(Protocol):
    """One step that is running."""

    def update(self, detail: str, share: float | None = None) -> None:
        """Say what the step does now, and how much of it is done (0 to 1) if that is known."""


class Progress(Protocol):
    """What every function that takes time is given."""

    def step(self, name: str) -> AbstractContextManager[Step]:
        """Run a step: it ends with the block, well or, if the block raises, badly."""

    def say(self, text: str) -> None:
        """Print a line that stays."""


class _Running:
    """A step of a Console."""

    def __init__(self, name: str, started: float) -> None:
        self.name = name
        self.started = started
        self.last_shown = started
        self._detail = ""
        self._share: float | None = None

    def update(self, detail: str, share: float | None = None) -> None:
        self._detail, self._share = detail, share

    def text(self, now: float) -> str:
        percent = "" if self._share is None else f"{self._share * _PERCENT:.0f} %"
        state = ", ".join(part for part in (percent, self._detail) if part)
        return f"{self.name}{': ' if state else ''}{state} ({now - self.started:.0f} s)"


class Console:
    """Progress for a person, or for a log."""

    def __init__(
        self, stream: TextIO, *, live: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Show progress on a stream.

        Args:
            stream: Where to.
            live: Redraw one line (a terminal) instead of printing more of them.
            clock: Seconds; a test has its own.
        """
        self._stream = stream
        self._live = live
        self._clock = clock
        self._running: list[_Running] = []
        self._lock = threading.RLock()
        self._ticker: threading.Thread | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Run a step."""
        step = _Running(name, self._clock())
        with self._lock:
            self._running.append(step)
            if not self._live:
                self._print(f" • {name} ...")
            self._start_ticker()
        mark = "✗"
        try:
            yield step
            mark = "✓"
        finally:
            with self._lock:
                self._running.remove(step)
                self._print(f" {mark} {name} ({self._clock() - step.started:.0f} s)")

    def say(self, text: str) -> None:
        """Print a line that stays."""
        with self._lock:
            self._print(text)

    def tick(self) -> None:
        """Show the steps that are running, if it is time to."""
        with self._lock:
            now = self._clock()
            if self._live:
                self._draw(now)
                return
            for step in self._running:
                if now - step.last_shown >= _HEARTBEAT_SECONDS:
                    step.last_shown = now
                    self._print(f" • {step.text(now)}")

    def _print(self, line: str) -> None:
        erase = _ERASE_LINE if self._live else ""
        self._stream.write(f"{erase}{line}\n")
        if self._live:
            self._draw(self._clock())
        self._stream.flush()

    def _draw(self, now: float) -> None:
        if not self._running:
            return
        line = " • " + " | ".join(step.text(now) for step in self._running)
        width = shutil.get_terminal_size().columns - 1
        if len(line) > width:
            line = line[: width - 1] + "…"
        self._stream.write(_ERASE_LINE + line)
        self._stream.flush()

    def _start_ticker(self) -> None:
        if self._ticker is None:
            self._ticker = threading.Thread(target=self._tick_for_ever, daemon=True)
            self._ticker.start()

    def _tick_for_ever(self) -> None:
        while True:
            time.sleep(_FRAME_SECONDS)
            self.tick()


class Silent:
    """Progress for nobody; it remembers the steps, for tests and for callers that print nothing."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.updates: list[tuple[str, str, float | None]] = []
        self.said: list[str] = []

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Run a step."""
        self.started.append(name)
        yield _Recorded(name, self.updates)

    def say(self, text: str) -> None:
        """Remember a line."""
        self.said.append(text)


class _Recorded:
    """A step of Silent."""

    def __init__(self, name: str, updates: list[tuple[str, str, float | None]]) -> None:
        self._name = name
        self._updates = updates

    def update(self, detail: str, share: float | None = None) -> None:
        self._updates.append((self._name, detail, share))


def console(stream: TextIO | None = None) -> Console:
    """Return the Progress that fits a stream; standard error by default."""
    stream = stream or sys.stderr
    if stream.encoding.lower().replace("-", "") != "utf8" and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # a `?` instead of a tick is no reason to fail
    return Console(stream, live=stream.isatty())
