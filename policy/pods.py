"""pods: the pods that a resource declares, itself or by a template.

Not here: what is wrong with one (rules/).
"""

from collections.abc import Iterator
from typing import Any

from policy.declared import Declared, at, items

_TEMPLATE = ("spec", "template")
_PODS = {
    "Pod": (),
    "PodTemplate": ("template",),
    "CronJob": ("spec", "jobTemplate", *_TEMPLATE),
    "DaemonSet": _TEMPLATE,
    "Deployment": _TEMPLATE,
    "Job": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
}
"""Where each kind of workload has its pod."""

_CONTAINERS = ("initContainers", "containers", "ephemeralContainers")


def pod(resource: Declared) -> Any:  # noqa: ANN401  an object of JSON
    """Return the pod (metadata and spec) that a resource declares; None for one without."""
    path = _PODS.get(resource.kind)
    return None if path is None else resource.at(*path)


def containers(pod: Any) -> Iterator[Any]:  # noqa: ANN401  an object of JSON
    """Yield every container of a pod, as far as they are known."""
    for kind in _CONTAINERS:
        yield from (one for one in items(at(pod, "spec", kind)) if isinstance(one, dict))
