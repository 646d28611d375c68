"""Clients of a tenant, in a program of their own (load/): one that measures, many that flood.

Not here: what is compared with what (noisy_neighbour.py, overheads.py).
"""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from benchmarks import priorities
from rig import build
from tests.support.probe import Target

_SOURCES = Path(__file__).parent / "load"
_FIRST = ("chrt", "--rr", str(priorities.CLIENTS))
"""Before everything else: on a machine of its own, a client would not wait for a core."""


@contextlib.contextmanager
def program() -> Iterator[Path]:
    """The program, compiled."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "load")
        command = ["go", "build", "-o", str(path), "."]
        subprocess.run(command, cwd=_SOURCES, env=build.go_environment(), check=True)
        yield path


class Clients:
    """Clients that run until their time is over."""

    def __init__(self, argv: Sequence[str], kubeconfig: str) -> None:
        """Start them as the user of a kubeconfig."""
        target = Target(kubeconfig)
        tenant = {
            "server": f"https://{target.host}:{target.port}",
            "name": target.name,
            "ca": target.ca_pem,
            "certificate": target.certificate_pem,
            "key": target.key_pem,
        }
        with tempfile.TemporaryFile("w+") as given:
            json.dump(tenant, given)
            given.seek(0)
            self._process = subprocess.Popen(argv, stdin=given, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        """Leave them running."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop those that still run."""
        self._process.kill()
        self._process.wait()

    def end(self) -> dict[str, Any]:
        """Wait for their end and return what they found.

        Raises:
            RuntimeError: they failed.
        """
        text, _ = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(f"{self._process.args}: ended with {self._process.returncode}")
        found: dict[str, Any] = json.loads(text)
        return found


def rounds(path: Path, kubeconfig: str, *, prefix: str, count: int) -> Clients:
    """Start a client that gets, lists, creates and watches, one after another.

    Args:
        path: Of the program.
        kubeconfig: Of the tenant's user.
        prefix: In front of the names of what it creates; another one each time.
        count: Requests of each kind.

    Returns:
        `end` has latencies in ms: get, list (of 100), create, and watch, from the sending of the
        create to the event.
    """
    return Clients([str(path), "rounds", f"-prefix={prefix}", f"-rounds={count}"], kubeconfig)


def probing(path: Path, kubeconfig: str, *, prefix: str, seconds: int, hertz: int) -> Clients:
    """Start a client that gets and creates by the clock, whether it was answered or not.

    Args:
        path: Of the program.
        kubeconfig: Of the tenant's user.
        prefix: In front of the names of what it creates; another one each time.
        seconds: How long.
        hertz: Requests of each kind per second.

    Returns:
        `end` has latencies in ms, from when each was to leave: get, create, and failed, which are
        10 s each and among the others, too.
    """
    argv = [str(path), "probe", f"-prefix={prefix}", f"-for={seconds}s", f"-hertz={hertz}"]
    return Clients([*_FIRST, *argv], kubeconfig)


def burning(path: Path, kubeconfig: str, *, seconds: int) -> Clients:
    """Start what keeps all cores busy, and asks nobody for anything.

    Args:
        path: Of the program.
        kubeconfig: Of any tenant.
        seconds: How long.
    """
    return Clients([str(path), "burn", f"-for={seconds}s"], kubeconfig)


def flooding(path: Path, kubeconfig: str, *, prefix: str, clients: int, seconds: int) -> Clients:
    """Start many clients that write, list and watch without a pause.

    Args:
        path: Of the program.
        kubeconfig: Of the tenant's user.
        prefix: In front of the names of what they create; another one each time.
        clients: How many, each with a connection of its own.
        seconds: How long.

    Returns:
        `end` has how many answers of each status code there were, by what was asked.
    """
    argv = [str(path), "flood", f"-prefix={prefix}", f"-clients={clients}", f"-for={seconds}s"]
    return Clients(argv, kubeconfig)
