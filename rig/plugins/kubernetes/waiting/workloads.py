"""workloads: when a Deployment, StatefulSet, Job or Pod is ready.

The rules for roll-outs are those of `kubectl rollout status`, which end where the official
plugin's end: every replica is of the new revision and available.
Not here: why one is not (pods.py).
"""

from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.verdict import Verdict, at, condition, said


def deployment(obj: Tree) -> Verdict:
    """Judge a Deployment."""
    if at(obj, "status", "observedGeneration", default=0) < at(obj, "metadata", "generation"):
        return Verdict(ready=False, message="Waiting for the Deployment controller")
    wanted = at(obj, "spec", "replicas", default=1)
    status = at(obj, "status", default={})
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    available = status.get("availableReplicas", 0)
    if updated < wanted or total > updated or available < updated:
        return Verdict(ready=False, message=f"Waiting for Pods ({available}/{wanted} available)")
    if condition(obj, "Available").get("status") != "True":
        return Verdict(ready=False, message="Waiting for the Deployment to become available")
    return Verdict(ready=True)


def stateful_set(obj: Tree) -> Verdict:
    """Judge a StatefulSet."""
    generation = at(obj, "metadata", "generation", default=0)
    status = at(obj, "status", default={})
    if status.get("observedGeneration", 0) < generation:
        return Verdict(ready=False, message="Waiting for the StatefulSet controller")
    wanted = at(obj, "spec", "replicas", default=0)
    ready = status.get("readyReplicas", 0)
    counts = {status.get("replicas", 0), ready}
    by_hand = at(obj, "spec", "updateStrategy", "type") == "OnDelete" and generation > 1
    if not by_hand:
        counts.add(status.get("currentReplicas", 0))
    if counts != {wanted}:
        return Verdict(ready=False, message=f"Waiting for Pods ({ready}/{wanted} ready)")
    old, new = status.get("currentRevision"), status.get("updateRevision")
    if not by_hand and (not old or old != new):
        message = f"Waiting for the roll-out from revision {old} to {new}"
        return Verdict(ready=False, message=message)
    return Verdict(ready=True)


def job(obj: Tree) -> Verdict:
    """Judge a Job: it is ready when it is complete."""
    failed = condition(obj, "Failed")
    if failed.get("status") == "True":
        return Verdict(ready=False, failed=f"[{failed.get('reason')}] {failed.get('message')}")
    if condition(obj, "Complete").get("status") == "True":
        return Verdict(ready=True)
    counts = (f"{at(obj, 'status', name, default=0)} {name}" for name in _JOB_COUNTS)
    return Verdict(ready=False, message=f"Waiting for the Job to succeed ({', '.join(counts)})")


def pod(obj: Tree) -> Verdict:
    """Judge a Pod: it is ready when it is ready, or has succeeded."""
    if at(obj, "status", "phase") == "Succeeded":
        return Verdict(ready=True)
    for kind, what in _POD_STAGES.items():
        found = condition(obj, kind)
        if found.get("status") != "True":
            detail = f": {said(found)}" if found.get("message") else ""
            return Verdict(ready=False, message=f"Waiting for the Pod to be {what}{detail}")
    return Verdict(ready=True)


_JOB_COUNTS = ("active", "succeeded", "failed")
_POD_STAGES = {"PodScheduled": "scheduled", "Initialized": "initialized", "Ready": "ready"}
