"""sides: on which side of a tenant each kind of object belongs.

Not here: single objects (split.py).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Side(StrEnum):
    """Where an object of a chart goes."""

    HOST = "host"
    """Into the tenant's namespace on the host, where pods run."""
    TENANT = "tenant"
    """Into the tenant, where the operator and the tenant's users see it."""
    BOTH = "both"
    """Into the tenant, and from there to the host."""
    NOWHERE = "nowhere"
    """The platform has its own in the place of it."""


SAID = (Side.HOST, Side.TENANT, Side.NOWHERE)
"""What a user can say of an object."""

_RBAC, _ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"
DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")

_WORKLOADS = {
    ("", "Pod"): Side.HOST,
    ("apps", "Deployment"): Side.HOST,
    ("apps", "StatefulSet"): Side.HOST,
    ("batch", "CronJob"): Side.HOST,
    ("batch", "Job"): Side.HOST,
}
TEMPLATES = {
    ("", "Pod"): (),
    ("apps", "Deployment"): ("spec", "template"),
    ("apps", "StatefulSet"): ("spec", "template"),
    ("batch", "CronJob"): ("spec", "jobTemplate", "spec", "template"),
    ("batch", "Job"): ("spec", "template"),
}
"""Where the pods of each workload are described."""

BY_KIND = {
    **_WORKLOADS,
    ("", "ConfigMap"): Side.TENANT,  # both, if a pod reads it
    ("", "Namespace"): Side.TENANT,
    ("", "PersistentVolumeClaim"): Side.HOST,
    ("", "Secret"): Side.TENANT,  # both, if a pod reads it
    ("", "Service"): Side.BOTH,
    ("", "ServiceAccount"): Side.TENANT,
    (_ADMISSION, "MutatingAdmissionPolicy"): Side.TENANT,
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): Side.TENANT,
    (_ADMISSION, "MutatingWebhookConfiguration"): Side.TENANT,
    (_ADMISSION, "ValidatingAdmissionPolicy"): Side.TENANT,
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): Side.TENANT,
    (_ADMISSION, "ValidatingWebhookConfiguration"): Side.TENANT,
    DEFINITION: Side.TENANT,
    ("apiregistration.k8s.io", "APIService"): Side.TENANT,
    ("autoscaling", "HorizontalPodAutoscaler"): Side.HOST,
    ("coordination.k8s.io", "Lease"): Side.TENANT,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): Side.TENANT,
    ("networking.k8s.io", "NetworkPolicy"): Side.NOWHERE,
    ("policy", "PodDisruptionBudget"): Side.HOST,
    (_RBAC, "ClusterRole"): Side.TENANT,
    (_RBAC, "ClusterRoleBinding"): Side.TENANT,
    (_RBAC, "Role"): Side.TENANT,
    (_RBAC, "RoleBinding"): Side.TENANT,
    ("scheduling.k8s.io", "PriorityClass"): Side.NOWHERE,
}
"""By API group and kind. Custom resources go into the tenant when their definition does."""

WHY_NOWHERE = {
    "NetworkPolicy": "the platform's own say what its pods reach, and policies only add",
    "PriorityClass": "the platform's own says what comes first on a full node",
}

ON_HOST = frozenset(kind for kind, side in BY_KIND.items() if side is Side.HOST) | {
    ("", "ConfigMap"),
    ("", "Secret"),
    ("", "Service"),
}
"""What may be declared on the host at all; nothing that gives rights there."""

VERSIONS = {("autoscaling", "HorizontalPodAutoscaler"): "autoscaling/v2"}
"""API versions on the host, where it isn't the group's v1."""

SELECTING = ("Deployment", "PodDisruptionBudget", "StatefulSet")
"""Kinds of the host that choose pods by their labels."""

KEPT = frozenset({("", "Namespace"), DEFINITION})
"""What takes others' data with it when it goes."""

SERVED_BY_PODS = frozenset(
    {
        (_ADMISSION, "MutatingWebhookConfiguration"),
        (_ADMISSION, "ValidatingWebhookConfiguration"),
        ("apiregistration.k8s.io", "APIService"),
    }
)
"""What has the tenant's API server call the operator: in force once that is about to answer."""


def version(manifest: dict[str, Any]) -> str:
    """Return the API version in which an object of this kind is declared on the host."""
    group, _ = of_kind = kind(manifest)
    return VERSIONS.get(of_kind, f"{group}/v1" if group else "v1")


def kind(manifest: Mapping[str, Any]) -> tuple[str, str]:
    """Return the API group and the kind of an object."""
    group, slash, _ = str(manifest.get("apiVersion", "")).partition("/")
    return (group if slash else ""), str(manifest.get("kind", ""))
