"""Figures: what a series of measurements says, and the file that it is written to."""

import json
import math
import platform
import statistics
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core import versions

RESULTS = Path(__file__).parent / "results"
_LISTED = 100
"""Most values of a series that a result lists one by one."""


@dataclass(frozen=True)
class Series:
    """Measurements of one thing, in the order in which they were taken."""

    unit: str
    values: list[float]
    target: str = ""
    """What the issue asks for, in words."""

    def percentile(self, share: float) -> float:
        """Nearest-rank percentile: with 20 runs, p99 is the slowest."""
        ranked = sorted(self.values)
        return ranked[max(0, math.ceil(share * len(ranked)) - 1)]

    def summary(self) -> dict[str, Any]:
        """Minimum, median, p99 and maximum, beside the values themselves where they are few."""
        few = self.values if len(self.values) <= _LISTED else []
        return {
            "unit": self.unit,
            "target": self.target,
            "runs": len(self.values),
            "min": round(min(self.values), 3),
            "p50": round(statistics.median(self.values), 3),
            "p99": round(self.percentile(0.99), 3),
            "max": round(max(self.values), 3),
            "values": [round(value, 3) for value in few],
        }


@dataclass
class Result:
    """One benchmark's figures, ready to be written."""

    name: str
    figures: dict[str, Series] = field(default_factory=dict)

    def add(self, name: str, unit: str, values: Sequence[float], target: str = "") -> None:
        """Add a series and print its line.

        Raises:
            ValueError: nothing was measured.
        """
        if not values:
            raise ValueError(f"{self.name}: {name}: nothing was measured")
        series = Series(unit, list(values), target)
        self.figures[name] = series
        shown = series.summary()
        print(
            f"{self.name}: {name}: p50 {shown['p50']} {unit}, p99 {shown['p99']} {unit}, "
            f"{shown['runs']} runs" + (f" (target {target})" if target else ""),
            flush=True,
        )

    def write(self) -> Path:
        """Write results/<name>.json and return its path."""
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{self.name}.json"
        document = {
            "benchmark": self.name,
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "machine": asdict(machine()),
            "versions": {
                "tenantplane": versions.PROJECT,
                "kubernetes": versions.DEFAULT_KUBERNETES,
                "etcd": versions.DEFAULT_ETCD,
                "traefik": versions.TRAEFIK,
                "python": platform.python_version(),
            },
            "figures": {name: series.summary() for name, series in self.figures.items()},
        }
        path.write_text(json.dumps(document, indent=2) + "\n")
        return path


@dataclass(frozen=True)
class Machine:
    """What the figures were measured on."""

    processor: str
    cores: int
    memory_gib: float
    kernel: str


def machine() -> Machine:
    """Read /proc for the machine that this runs on."""
    cpuinfo = Path("/proc/cpuinfo").read_text()
    models = [
        line.partition(":")[2].strip() for line in cpuinfo.splitlines() if "model name" in line
    ]
    memory_kib = int(Path("/proc/meminfo").read_text().split()[1])
    return Machine(
        processor=models[0] if models else platform.processor(),
        cores=len(models),
        memory_gib=round(memory_kib / 1024**2, 1),
        kernel=platform.release(),
    )
