"""Processes that a test starts: found, started, waited for, and gone when the test run is."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

_DIE_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"]
"""Not a preexec_fn: a fork that runs Python has gRPC's threads start anew before the exec, and they
abort the child when its files are closed. "Epoll1Poller encountered epoll_wait error: Bad file
descriptor" was all that 17 of 600 processes said (grpcio 1.85, 2026-11)."""

BINARIES = "TENANTPLANE_TEST_BINARIES"
"""A folder with binaries that are used as they are, instead of those that the rig builds."""


def binary(name, of=None):
    """The path of a binary; `of` is the multi-call binary that it is a name of."""
    ready = os.environ.get(BINARIES)
    if ready:
        return Path(ready) / name
    from rig import build  # noqa: PLC0415 -- with ready binaries no rig is needed
    from rig.progress import Silent  # noqa: PLC0415

    return build.binary(of or name, Silent()).parent / name


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One process with its log; stopped by its id, and by the kernel if the test run dies."""

    def __init__(self, command, log, environment=None):
        self.command = [str(part) for part in command]
        self.log = Path(log)
        self._environment = environment
        self._popen = None
        self.start()

    def start(self):
        with self.log.open("ab") as out:
            self._popen = subprocess.Popen(
                [*_DIE_WITH_PARENT, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self._environment,
            )

    @property
    def pid(self):
        return self._popen.pid

    @property
    def running(self):
        return self._popen.poll() is None

    @property
    def exit_code(self):
        """None while it runs; negative, a signal's number, if that ended it."""
        return self._popen.poll()

    def text(self):
        return self.log.read_text(errors="replace")

    def kill(self, sig=signal.SIGKILL):
        """Send a signal and wait for the end."""
        if self.running:
            self._popen.send_signal(sig)
        self._popen.wait(timeout=30)

    def wait_until(self, condition, what, seconds=30):
        """Wait for a condition; the end of the process or of the time fails with its last lines."""
        deadline = time.monotonic() + seconds
        while not condition():
            if not self.running or time.monotonic() > deadline:
                tail = "\n".join(self.text().splitlines()[-20:])
                raise AssertionError(f"{self.command[0]}: not {what}\n{tail}")
            time.sleep(0.02)
