"""small: when a claim, a quota or a token is ready: one look at one field.

Not here: workloads (workloads.py), services (service.py).
"""

from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.verdict import Check, Verdict, at

TOKEN_SECRET = "kubernetes.io/service-account-token"  # noqa: S105  a type of Secret


def claim(*, bind_mode: str, updating: bool) -> Check:
    """Return how to judge a PersistentVolumeClaim.

    Args:
        bind_mode: Of its storage class: one that waits for a consumer has none yet.
        updating: A bound claim that changes stays bound.
    """
    waits_for_pod = bind_mode == "WaitForFirstConsumer"

    def check(obj: Tree) -> Verdict:
        phase = at(obj, "status", "phase", default="")
        bound = phase == "Bound" and (updating or not waits_for_pod)
        ready = bound or (waits_for_pod and phase in ("Pending", "Bound"))
        return Verdict(ready=ready, message=f"Waiting for a volume (phase {phase or 'unknown'})")

    return check


def quota(obj: Tree) -> Verdict:
    """Judge a ResourceQuota: it counts once its controller has taken over its limits."""
    ready = at(obj, "spec", "hard") == at(obj, "status", "hard")
    return Verdict(ready=ready, message="Waiting for the quota to be counted")


def token(obj: Tree) -> Verdict:
    """Judge a Secret that Kubernetes fills with a token."""
    return Verdict(ready=bool(obj.get("data")), message="Waiting for the token")
