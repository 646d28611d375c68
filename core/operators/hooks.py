"""hooks: a chart's hooks, in Helm's terms: when each runs, in which order, and what is a test.

https://helm.sh/docs/topics/charts_hooks/
Not here: who runs them (components/tenant_operator.py, and the host agent when an operator goes).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

HOOK = "helm.sh/hook"
_WEIGHT = "helm.sh/hook-weight"
_DELETE_POLICY = "helm.sh/hook-delete-policy"
_HELM = (HOOK, _WEIGHT, _DELETE_POLICY, "helm.sh/hook-output-log-policy")

_TESTS = {"test", "test-success", "test-failure"}

_BEFORE = frozenset({"pre-install", "pre-upgrade"})
_AFTER = frozenset({"post-install", "post-upgrade"})
_INSTALLING = frozenset({"pre-install", "post-install"})
_UPGRADING = frozenset({"pre-upgrade", "post-upgrade"})
BEFORE_REMOVAL = frozenset({"pre-delete"})
AFTER_REMOVAL = frozenset({"post-delete"})


@dataclass(frozen=True)
class Hook:
    """A Job that runs at times."""

    events: frozenset[str]
    weight: int
    job: dict[str, Any]


def before(known: Iterable[Hook]) -> list[Hook]:
    """Return those that run before what the chart has, each once."""
    return [hook for hook in known if _first(hook) & _BEFORE]


def after(known: Iterable[Hook]) -> list[Hook]:
    """Return those that run after it, each once."""
    return [hook for hook in known if _first(hook) & _AFTER and not _first(hook) & _BEFORE]


def _first(hook: Hook) -> frozenset[str]:
    """Return the events that say when a Job runs; of install and upgrade, install does.

    One of `post-install,pre-upgrade` needs what the chart has: at first that isn't there before.
    """
    return hook.events & _INSTALLING or hook.events


def order(hook: Hook) -> tuple[int, str]:
    """Return what hooks of one event are sorted by, as Helm does it."""
    return hook.weight, str(hook.job["metadata"]["name"])


def events(manifest: dict[str, Any]) -> set[str]:
    """Return when an object's hook runs; empty for what is no hook."""
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    return {one.strip() for one in str(annotations.get(HOOK, "")).split(",") if one.strip()}


def is_test(manifest: dict[str, Any]) -> bool:
    """Whether an object is there for `helm test` alone."""
    found = events(manifest)
    return bool(found) and found <= _TESTS


def is_for_upgrades(manifest: dict[str, Any]) -> bool:
    """Whether an object is there for upgrades and not for the first time, as Helm tells them apart.

    Here nothing tells them apart: what is declared is what shall be, whatever was.
    """
    found = events(manifest)
    return bool(found & _UPGRADING) and not found & _INSTALLING


def weight(manifest: dict[str, Any]) -> int:
    """Return a hook's place among those of its event; the lowest runs first."""
    annotations = (manifest.get("metadata") or {}).get("annotations") or {}
    try:
        return int(annotations.get(_WEIGHT, "0"))
    except ValueError:
        return 0  # as Helm has it


def forget(metadata: dict[str, Any]) -> None:
    """Take Helm's annotations away: an object that we put in place is no hook of a release."""
    annotations = {k: v for k, v in (metadata.get("annotations") or {}).items() if k not in _HELM}
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
