"""`make up` with a warm cache: from nothing running to two tenants that answer."""

import subprocess
import time

from benchmarks import rig_host
from benchmarks.figures import Result
from tests.support import newcomer

RUNS = 3


def run() -> Result:
    """Time `make up` RUNS times, each after `make down`.

    Raises:
        RuntimeError: it can't be run here without loss.
    """
    if why := newcomer.obstacle():
        raise RuntimeError(f"benchmark make_up: {why}")
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
