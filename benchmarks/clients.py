"""Clients of a tenant, in a program of their own (load/): one that measures, many that flood.

Not here: what is compared with what (noisy_neighbour.py, overheads.py).
"""

import contextlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rig import build
from tests.support.probe import Target

_SOURCES = Path(__file__).parent / "load"
# Only what nobody else wants of the machine: a flood stands for clients that have their own.
_IDLE = ("chrt", "--idle", "0")


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


def measuring(
    path: Path, kubeconfig: str, *, prefix: str, seconds: int, hertz: float = 0, rounds: int = 0
) -> Clients:
    """Start one client that reads and creates Secrets in turn; `end` has latencies in ms.

    Args:
        path: Of the program.
        kubeconfig: Of the tenant's user.
        prefix: In front of the names of what it creates; another one each time.
        seconds: After which it ends.
        hertz: Rounds per second; 0 is one after another.
        rounds: After which it ends, lists among what it does; 0 is as many as there is time for.
    """
    argv = [str(path), "measure", f"-prefix={prefix}", f"-for={seconds}s", f"-hertz={hertz}"]
    if rounds:
        argv += [f"-rounds={rounds}", "-lists"]
    return Clients(argv, kubeconfig)


def flooding(path: Path, kubeconfig: str, *, clients: int, seconds: int) -> Clients:
    """Start many clients that write, list and watch without a pause; `end` has answers by code."""
    argv = [str(path), "flood", f"-clients={clients}", f"-for={seconds}s"]
    return Clients([*_IDLE, *argv], kubeconfig)
