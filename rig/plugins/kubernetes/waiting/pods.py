"""pods: why a workload's pods don't run: which container, its reason, its last log lines.

Not here: whether the workload is ready (workloads.py).
"""

from collections.abc import Iterator

from rig.plugins.kubernetes.annotations import metadata, text
from rig.plugins.kubernetes.api import Api, ApiError, UnreachableError
from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.verdict import at, condition, said

_MOST_PODS = 3
_LOG_LINES = 10
_NORMAL_WAITS = ("ContainerCreating", "PodInitializing")
_BAD_CONDITIONS = {"Available": "False", "Progressing": "False", "ReplicaFailure": "True"}


def of_workload(api: Api, workload: Tree) -> list[str]:
    """Return what is wrong with a Deployment, StatefulSet or Job and its pods."""
    reasons = []
    pods = _pods(api, workload)
    # One that crashes again and again is ready in between: it is looked at if no other explains it.
    failing = [pod for pod in pods if not _is_fine(pod)] or [pod for pod in pods if _crashed(pod)]
    for pod in failing[:_MOST_PODS]:
        reasons += of_pod(api, pod)
    if len(failing) > _MOST_PODS:
        reasons.append(f"{len(failing) - _MOST_PODS} more pods are not ready")
    conditions = {kind: condition(workload, kind) for kind in _BAD_CONDITIONS}
    bad = (c for kind, c in conditions.items() if c.get("status") == _BAD_CONDITIONS[kind])
    return reasons + [said(found) for found in bad]


def of_pod(api: Api, pod: Tree) -> list[str]:
    """Return what is wrong with a pod: a line for each failing container, else for the pod."""
    name = f"pod {text(pod, 'metadata', 'namespace')}/{text(pod, 'metadata', 'name')}"
    found = []
    for container in _containers(pod):
        if state := _state(container):
            logs = _last_lines(api, pod, container)
            found.append(f"{name}: container {container['name']}: {state}{logs}")
    if found:
        return found
    for kind in ("PodScheduled", "Initialized", "Ready"):
        stage = condition(pod, kind)
        if stage.get("status") == "False" and stage.get("message"):
            return [f"{name}: {said(stage)}"]
    return [f"{name}: phase {at(pod, 'status', 'phase', default='unknown')}"]


def _pods(api: Api, workload: Tree) -> list[Tree]:
    """Return a workload's pods; those of other controllers with the same labels are left out."""
    labels = at(workload, "spec", "selector", "matchLabels", default={})
    namespace = text(workload, "metadata", "namespace") or "default"
    if not labels:
        return []
    selector = ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
    try:
        listed = api.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector=selector)
    except (ApiError, UnreachableError):
        return []  # saying why must not hide that it isn't ready
    items: list[Tree] = listed.get("items") or []
    return sorted(items, key=lambda pod: str(metadata(pod).get("creationTimestamp")), reverse=True)


def _is_fine(pod: Tree) -> bool:
    done = at(pod, "status", "phase") == "Succeeded"
    return _is_leaving(pod) or done or condition(pod, "Ready").get("status") == "True"


def _crashed(pod: Tree) -> bool:
    return not _is_leaving(pod) and any(map(_state, _containers(pod)))


def _is_leaving(pod: Tree) -> bool:
    return "deletionTimestamp" in metadata(pod)


def _containers(pod: Tree) -> Iterator[Tree]:
    for kind in ("initContainerStatuses", "containerStatuses"):
        yield from at(pod, "status", kind, default=[])


def _state(container: Tree) -> str:
    """Return what is wrong with a container, empty if nothing is."""
    if at(container, "state", "terminated", "reason", default="") == "Completed":
        return ""
    parts = []
    waiting = at(container, "state", "waiting", default={})
    if waiting and waiting.get("reason") not in _NORMAL_WAITS:
        parts.append(_reason(waiting))
    for when, what in (("state", "ended"), ("lastState", "ended last time")):
        ended = at(container, when, "terminated", default={})
        if ended and ended.get("reason") != "Completed":
            parts.append(f"{what} with exit code {ended.get('exitCode')}, {_reason(ended)}")
    if not parts and not container.get("ready") and "running" in at(container, "state", default={}):
        started = container.get("started")
        parts.append("runs, but isn't ready" if started else "runs, but hasn't started up")
    restarts = container.get("restartCount") or 0
    return "; ".join(parts) + (f"; restarted {restarts} times" if parts and restarts else "")


def _reason(state: Tree) -> str:
    message = f": {state['message'].strip()}" if state.get("message") else ""
    return f"{state.get('reason') or 'no reason given'}{message}"


def _last_lines(api: Api, pod: Tree, container: Tree) -> str:
    if not container.get("containerID") and not container.get("restartCount"):
        return ""  # it never ran
    namespace, name = text(pod, "metadata", "namespace"), text(pod, "metadata", "name")
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/log"
    query = {"container": str(container["name"]), "tailLines": str(_LOG_LINES)}
    if "waiting" in at(container, "state", default={}) or container.get("ready"):
        query["previous"] = "true"
    try:
        lines = api.text(path, **query).strip().splitlines()
    except (ApiError, UnreachableError):
        return "; its log can't be read"
    return "".join(f"\n      {line}" for line in lines) if lines else "; its log is empty"
