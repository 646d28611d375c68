"""ready: picks how to wait for an object: by what its user asks for, else by its kind.

Not here: the judgements (workloads.py, small.py, conditions.py, service.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rig.plugins.kubernetes.annotations import (
    SKIP_AWAIT,
    WAIT_FOR,
    annotation,
    is_true,
    text,
    timeout_seconds,
)
from rig.plugins.kubernetes.api import Api, ApiError
from rig.plugins.kubernetes.kinds import builtin
from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting import conditions, pods, service, small, workloads
from rig.plugins.kubernetes.waiting.loop import Troubles, Watcher, no_troubles, until_ready
from rig.plugins.kubernetes.waiting.verdict import Check, NotReadyError, Verdict

_TEN_MINUTES, _FIVE_MINUTES, _MINUTE, _TOKEN_SECONDS = 600.0, 300.0, 60.0, 5.0


@dataclass(frozen=True)
class _Rule:
    """How objects of one kind are waited for."""

    check: Check
    seconds: float = _TEN_MINUTES
    troubles: Callable[[Api, Tree], list[str]] | None = None
    on_refresh: bool = True


_RULES = {
    ("apps/v1", "Deployment"): _Rule(workloads.deployment, troubles=pods.of_workload),
    ("apps/v1", "StatefulSet"): _Rule(workloads.stateful_set, troubles=pods.of_workload),
    ("batch/v1", "Job"): _Rule(workloads.job, troubles=pods.of_workload),
    ("v1", "Pod"): _Rule(workloads.pod, troubles=pods.of_pod),
    ("v1", "ResourceQuota"): _Rule(small.quota, _MINUTE, on_refresh=False),
}


def wait(
    watcher: Watcher, obj: Tree, inputs: Tree, *, custom_timeout: float, updating: bool
) -> Tree:
    """Return an object that was created or updated, once it is ready.

    Raises:
        NotReadyError: it doesn't become ready in time, or never will.
        InvalidInputError: its annotation waitFor can't be understood.
    """
    if is_true(inputs, SKIP_AWAIT):
        return obj
    seconds = partial(timeout_seconds, custom_timeout, inputs)
    if asked := annotation(obj, WAIT_FOR):
        return until_ready(watcher, obj, conditions.parse(asked), seconds(_TEN_MINUTES))
    key = text(obj, "apiVersion"), text(obj, "kind")
    if key == ("v1", "Service"):
        return service.until_served(watcher, obj, seconds(_TEN_MINUTES))
    rule = _RULES.get(key) or _conditional(watcher.api, obj, updating=updating)
    if rule is None:
        return obj
    return until_ready(
        watcher, obj, rule.check, seconds(rule.seconds), _troubles(watcher.api, rule)
    )


def check_now(watcher: Watcher, obj: Tree, inputs: Tree) -> None:
    """Look at an object that was read for a refresh.

    Raises:
        NotReadyError: it isn't ready.
    """
    if is_true(inputs, SKIP_AWAIT):
        return
    key = text(obj, "apiVersion"), text(obj, "kind")
    if key == ("v1", "Service"):
        verdicts = [service.address(obj), service.endpoints_now(watcher, obj)]
        _refuse(next((v for v in verdicts if not v.ready), None), obj, no_troubles)
        return
    rule = _RULES.get(key)
    if rule is not None and rule.on_refresh:
        verdict = rule.check(obj)
        _refuse(None if verdict.ready else verdict, obj, _troubles(watcher.api, rule))


def _refuse(verdict: Verdict | None, obj: Tree, troubles: Troubles) -> None:
    if verdict is not None:
        waiting = verdict.message[:1].lower() + verdict.message[1:]
        raise NotReadyError(verdict.failed or f"not ready: {waiting}", obj, troubles(obj))


def _troubles(api: Api, rule: _Rule) -> Troubles:
    return partial(rule.troubles, api) if rule.troubles else no_troubles


def _conditional(api: Api, obj: Tree, *, updating: bool) -> _Rule | None:
    """Return the rule of a kind of which only some objects are waited for."""
    key = text(obj, "apiVersion"), text(obj, "kind")
    if key == ("v1", "PersistentVolumeClaim"):
        check = small.claim(bind_mode=_bind_mode(api, obj), updating=updating)
        return _Rule(check, _FIVE_MINUTES)
    if key == ("v1", "Secret") and obj.get("type") == small.TOKEN_SECRET:
        return _Rule(small.token, _TOKEN_SECONDS)
    return None


def _bind_mode(api: Api, claim: Tree) -> str:
    """Return when volumes of a claim's storage class are bound, empty if it has no such class."""
    resource = builtin("storage.k8s.io/v1", "StorageClass")
    name = text(claim, "spec", "storageClassName")
    if resource is None or not name:
        return ""
    try:
        return text(api.get(resource.path("", name)), "volumeBindingMode")
    except ApiError as error:
        if error.not_found:
            return ""
        raise
