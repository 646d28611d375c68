"""service: when a Service is ready: it has an address where it needs one, and pods behind it.

The official plugin waits 10 s after the last change of the endpoints. Here a Service is ready at
once when at least one endpoint is ready and none is coming up; the 10 s are for one without any.
Not here: pods (pods.py).
"""

import math
import time

from rig.plugins.kubernetes.annotations import metadata, text
from rig.plugins.kubernetes.kinds import builtin
from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.loop import Watcher, until_ready
from rig.plugins.kubernetes.waiting.verdict import NotReadyError, Verdict, at

_SETTLE_SECONDS = 10.0
_LABEL = "kubernetes.io/service-name"


def address(obj: Tree) -> Verdict:
    """Judge whether a Service has its address: only a load balancer has to wait for one."""
    balanced = at(obj, "spec", "type") == "LoadBalancer"
    ready = not balanced or bool(at(obj, "status", "loadBalancer", "ingress"))
    message = "Waiting for the load balancer's address; the cluster has to provide load balancers"
    return Verdict(ready=ready, message=message)


def needs_pods(obj: Tree) -> bool:
    """Say whether a Service leads to pods that it selects, through an address of its own."""
    spec = at(obj, "spec", default={})
    plain = spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None"
    return plain and bool(spec.get("selector"))


def until_served(watcher: Watcher, obj: Tree, seconds: float) -> Tree:
    """Return a Service once it is ready.

    Raises:
        NotReadyError: the time is up.
    """
    deadline = time.monotonic() + seconds
    obj = until_ready(watcher, obj, address, seconds)
    if not needs_pods(obj):
        return obj
    endpoints = _Endpoints(watcher, obj)
    if not endpoints.settle(deadline):
        reason = f"{endpoints.pending} of the pods that it selects are not ready"
        raise NotReadyError(f"not ready after {seconds:g} s", obj, [reason])
    watcher.status("")
    return obj


def endpoints_now(watcher: Watcher, obj: Tree) -> Verdict:
    """Judge a Service by the endpoints that it has at this moment."""
    if not needs_pods(obj):
        return Verdict(ready=True)
    endpoints = _Endpoints(watcher, obj)
    endpoints.read()
    message = f"{endpoints.pending} of the pods that it selects are not ready"
    return Verdict(ready=not endpoints.pending, message=message)


class _Endpoints:
    """The EndpointSlices of a Service."""

    def __init__(self, watcher: Watcher, service: Tree) -> None:
        self._watcher = watcher
        resource = builtin("discovery.k8s.io/v1", "EndpointSlice")
        if resource is None:
            raise LookupError("EndpointSlice")
        self._path = resource.path(text(service, "metadata", "namespace"))
        self._selector = f"{_LABEL}={text(service, 'metadata', 'name')}"
        self._slices: dict[str, Tree] = {}

    @property
    def ready(self) -> int:
        """How many pods take requests."""
        return self._count(ready=True)

    @property
    def pending(self) -> int:
        """How many pods are selected but don't take requests."""
        return self._count(ready=False)

    def read(self) -> str:
        """Read all; return the resourceVersion to watch from."""
        listed = self._watcher.api.get(self._path, labelSelector=self._selector)
        self._slices = {metadata(s)["name"]: s for s in listed.get("items") or []}
        return str(metadata(listed).get("resourceVersion") or "")

    def settle(self, deadline: float) -> bool:
        """Wait for endpoints; say whether none is pending in the end."""
        version = self.read()
        changed = time.monotonic()
        self._watcher.status("Waiting for Pods to direct traffic to")
        while not (self.ready and not self.pending):
            now = time.monotonic()
            settled = changed + _SETTLE_SECONDS
            if (now >= settled and not self.pending) or now >= deadline:
                break
            if self._watcher.cancelled.is_set():
                return False
            until = deadline if self.pending else min(settled, deadline)
            seconds = max(1, math.ceil(until - now))
            query = {"labelSelector": self._selector, "resourceVersion": version}
            for kind, seen in self._watcher.api.watch(self._path, seconds, query):
                version = str(metadata(seen).get("resourceVersion") or version)
                if kind == "BOOKMARK":
                    continue
                changed = time.monotonic()
                self._slices[metadata(seen)["name"]] = {} if kind == "DELETED" else seen
                if self.ready and not self.pending:
                    break
        return not self.pending

    def _count(self, *, ready: bool) -> int:
        endpoints = (e for each in self._slices.values() for e in each.get("endpoints") or [])
        return sum(at(e, "conditions", "ready", default=True) is ready for e in endpoints)
