"""known: operators that need no more than their name.

Not here: what a config says of any operator (core/operator_settings.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core import versions
from core.charts import ChartSource
from core.operators import budget, kubedebug

CROSSPLANE = "crossplane"


@dataclass(frozen=True, kw_only=True)
class Known:
    """What goes without saying."""

    chart: ChartSource | None = None
    namespace: str | None = None
    packages: bool = False
    """It installs programs inside the tenant that have to run somewhere."""
    values: Mapping[str, Any] = field(default_factory=dict)
    memory_mib: int = budget.DEFAULT_MEMORY_MIB
    """What its containers may use together, and those of what it installs."""
    objects: Callable[[str], list[dict[str, Any]]] | None = None
    """What it is made of in the place of a chart, given its image."""
    image: str = ""
    """Which of the platform's images that is (core/versions.py)."""

    @property
    def is_known(self) -> bool:
        """Whether its name is all that is needed."""
        return self.chart is not None or self.objects is not None


def _resources(*, memory_mib: int, limit_mib: int) -> dict[str, Any]:
    """Return the resources of a program that has little to do most of the time."""
    return {
        "requests": {"cpu": "10m", "memory": f"{memory_mib}Mi"},
        "limits": {"cpu": "1", "memory": f"{limit_mib}Mi"},
    }


_BY_NAME = {
    CROSSPLANE: Known(
        chart=ChartSource(
            repository="https://charts.crossplane.io/stable",
            name="crossplane",
            version=versions.CROSSPLANE,
        ),
        namespace="crossplane-system",
        packages=True,
        memory_mib=6144,  # a half is its own while it is rolled, and six programs have the other
        values={
            # Definitions of managed resources that nobody asked for cost memory on both sides.
            "provider": {"defaultActivations": []},
            # One pod each: a lease would only be written.
            "leaderElection": False,
            "rbacManager": {"leaderElection": False},
            # Idle it takes 2m of CPU and 33 MiB; the chart asks for 100m for each of its two pods,
            # so that ten tenants would fill a node of two cores. Memory's limits are the chart's.
            "resourcesCrossplane": _resources(memory_mib=64, limit_mib=1024),
            "resourcesRBACManager": _resources(memory_mib=32, limit_mib=512),
        },
    ),
    kubedebug.NAME: Known(objects=kubedebug.objects, image="kubectl"),
}


def known(name: str) -> Known:
    """Return what is known of an operator of this name; nothing of most."""
    return _BY_NAME.get(name, Known())


def merged(usual: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a chart's values: the usual ones with the given ones over them, as Helm merges."""
    both = dict(usual)
    for key, value in given.items():
        before = both.get(key)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            both[key] = merged(before, value)
        else:
            both[key] = value
    return both
