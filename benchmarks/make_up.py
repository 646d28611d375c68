"""`make up` with a warm cache: from nothing running to two tenants that answer."""

import subprocess
import time

from benchmarks import rig_host
from benchmarks.figures import Result

RUNS = 3


def run() -> Result:
    """Time `make up` RUNS times, each after `make down`.

    Raises:
        RuntimeError: host dev is up; its tenants would be lost.
    """
    if (rig_host.HOSTS / "dev").exists():
        raise RuntimeError("benchmark make_up: host dev is up, which it would remove; make down")
    result = Result("make_up")
    values = []
    for _ in range(RUNS):
        _make("down")
        start = time.monotonic()
        _make("up")
        values.append(rig_host.seconds(start))
    _make("down")
    result.add("make up, warm cache", "s", values, "<= 90")
    return result


def _make(verb: str) -> None:
    subprocess.run(["make", verb], cwd=rig_host.ROOT, check=True)
