"""An operator's objects on the host: workloads, Services, and what goes with them.

Owns: which resource type declares which kind.
Not here: what they say (core/operators/), the order (tenant_operator.py).
"""

import copy
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment, StatefulSet
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.batch.v1 import CronJob, Job
from pulumi_kubernetes.core.v1 import ConfigMap, PersistentVolumeClaim, Pod, Secret, Service
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components._operator_place import OperatorPlace
from core.operators import objects, pods, sides

_TYPES: dict[tuple[str, str], Any] = {
    ("", "ConfigMap"): ConfigMap,
    ("", "PersistentVolumeClaim"): PersistentVolumeClaim,
    ("", "Pod"): Pod,
    ("", "Secret"): Secret,
    ("", "Service"): Service,
    ("apps", "Deployment"): Deployment,
    ("apps", "StatefulSet"): StatefulSet,
    ("autoscaling", "HorizontalPodAutoscaler"): HorizontalPodAutoscaler,
    ("batch", "CronJob"): CronJob,
    ("batch", "Job"): Job,
    ("policy", "PodDisruptionBudget"): PodDisruptionBudget,
}
_BODIES = {
    "binaryData": "binary_data",
    "data": "data",
    "immutable": "immutable",
    "spec": "spec",
    "stringData": "string_data",
    "type": "type",
}
_HIDDEN = {"data", "string_data"}
_ROLLING = ("Deployment", "StatefulSet")
_SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""A Service is there at once; the provider would wait until it has endpoints."""


def declare(
    place: OperatorPlace,
    manifest: dict[str, Any],
    *,
    ca_hash: pulumi.Input[str],
    volumes_go: bool,
    after: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    """Declare one object; a workload is ready when its pods are, a Job when it is done.

    Args:
        place: Of the operator.
        manifest: As core/operators/split.py gives it.
        ca_hash: Of the tenant's authority: another one rolls pods.
        volumes_go: A StatefulSet's volumes go with it, and their data.
        after: What has to be there before.
    """
    kind = sides.kind(manifest)
    manifest = copy.deepcopy(manifest)
    if kind[1] in _ROLLING:
        pods.roll_with(objects.template(manifest), ca_hash)
    if kind[1] == "StatefulSet" and volumes_go:
        objects.let_volumes_go(manifest)
    metadata = manifest["metadata"]
    wait = _SKIP_AWAIT if kind[1] == "Service" else place.timeout
    metadata["annotations"] = {**(metadata.get("annotations") or {}), **wait}
    metadata["namespace"] = place.namespace
    body = {_BODIES[key]: value for key, value in manifest.items() if key in _BODIES}
    if kind[1] == "Secret":
        body |= {key: pulumi.Output.secret(body[key]) for key in _HIDDEN & body.keys()}
    declared: pulumi.Resource = _TYPES[kind](
        f"{place.name}-{kind[1].lower()}-{metadata['name']}",
        metadata=metadata,
        **body,
        opts=place.opts(after),
    )
    return declared
