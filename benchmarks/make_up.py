"""`make up`: from nothing running to two tenants that answer, with a warm cache and with none."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks import rig_host
from benchmarks.figures import Result
from tests.support import newcomer

RUNS = 3
_CACHES = ("GOCACHE", "GOMODCACHE", "PIP_CACHE_DIR")


def run() -> Result:
    """Time `make up` RUNS times, each after `make down`, and one before that is not counted.

    Raises:
        RuntimeError: it can't be run here without loss.
    """
    _refuse_loss("make_up")
    result = Result("make_up")
    _seconds()  # fills the cache where it is empty
    result.add("make up, warm cache", "s", [_seconds() for _ in range(RUNS)], "<= 90")
    return result


def run_cold() -> Result:
    """Time one `make up` of a fresh clone of HEAD that finds nothing downloaded or compiled.

    Debian packages are the machine's: what is there stays.

    Raises:
        RuntimeError: it can't be run here without loss.
    """
    _refuse_loss("make_up_cold")
    result = Result("make_up_cold")
    with tempfile.TemporaryDirectory() as folder:
        clone, cache = Path(folder, "clone"), str(Path(folder, "cache"))
        subprocess.run(["git", "clone", "-q", rig_host.ROOT, clone], check=True)
        kept = {key: value for key, value in os.environ.items() if key not in _CACHES}
        cold = kept | {"TENANTPLANE_CACHE": cache, "XDG_CACHE_HOME": cache}
        result.add("make up, cold", "s", [_seconds(clone, cold)], "<= 1200")
    return result


def _refuse_loss(name: str) -> None:
    if why := newcomer.obstacle():
        raise RuntimeError(f"benchmark {name}: {why}")


def _seconds(checkout: Path = rig_host.ROOT, environment: Mapping[str, str] = os.environ) -> float:
    """Seconds of `make up`; `make down` has the last word."""

    def make(verb: str) -> None:
        subprocess.run(["make", verb], cwd=checkout, env=environment, check=True)

    start = time.monotonic()
    try:
        make("up")
        return rig_host.seconds(start)
    finally:
        make("down")
