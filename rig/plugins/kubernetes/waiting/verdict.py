"""verdict: what looking at an object says about its being ready.

Not here: the looking (workloads.py, small.py, conditions.py, service.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

from rig.plugins.kubernetes.values import Data, Tree


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an object is ready."""

    ready: bool
    message: str = ""
    """What it waits for, for whoever watches."""

    failed: str = ""
    """Why it will never be ready; empty while it may be."""


Check = Callable[[Tree], Verdict]
READY = Verdict(ready=True)


class NotReadyError(Exception):
    """An object exists, but isn't ready: the state keeps it, with these reasons."""

    def __init__(self, summary: str, live: Tree, reasons: list[str]) -> None:
        super().__init__("\n".join([summary, *(f"  - {reason}" for reason in reasons)]))
        self.live = live
        self.reasons = [summary, *reasons]


def at(obj: Data, *path: str, default: Data = None) -> Data:
    """Return what stands at a path of an object."""
    for name in path:
        obj = obj.get(name) if isinstance(obj, dict) else None
    return default if obj is None else obj


def condition(obj: Tree, kind: str) -> Tree:
    """Return a condition of an object's status by its type, empty if it has none of it."""
    for found in at(obj, "status", "conditions", default=[]):
        if str(found.get("type")).lower() == kind.lower():
            return dict(found)
    return {}


def said(found: Tree) -> str:
    """Return what a condition says: `Ready=False (Reason): message`."""
    reason = f" ({found['reason']})" if found.get("reason") else ""
    message = f": {found['message']}" if found.get("message") else ""
    return f"{found.get('type')}={found.get('status')}{reason}{message}"


def is_observed(obj: Tree, observer: Data) -> bool:
    """Say whether a status is about the object as it is now, as far as it says so."""
    observed = at(observer, "observedGeneration", default=at(obj, "status", "observedGeneration"))
    return observed is None or observed >= at(obj, "metadata", "generation", default=0)
