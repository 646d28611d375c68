"""kinds: which kinds Kubernetes itself has, where their objects live, and who serves them.

Not here: what a tenant's API server leaves out (flags.py), what the offline plugin supports
(rig/plugins/kubernetes/kinds.py).
"""

from collections.abc import Collection
from typing import NamedTuple

from core import flags, versions


class _Kinds(NamedTuple):
    """Kinds of one API version."""

    api_version: str
    names: str
    cluster: bool = False
    """Their objects live in no namespace."""
    since: tuple[int, int] = (0, 0)
    """Minor version of Kubernetes that serves them first, if tenants may have older ones."""


# api/discovery/aggregated_v2.json of Kubernetes 1.34.9, 1.35.5, 1.36.3 and 1.37.2: what is stable.
_KINDS = (
    _Kinds("v1", "ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodTemplate"),
    _Kinds("v1", "ReplicationController ResourceQuota Secret Service ServiceAccount"),
    _Kinds("v1", "ComponentStatus Namespace Node PersistentVolume", cluster=True),
    _Kinds(
        "admissionregistration.k8s.io/v1",
        "MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding "
        "ValidatingWebhookConfiguration",
        cluster=True,
    ),
    _Kinds(
        "admissionregistration.k8s.io/v1",
        "MutatingAdmissionPolicy MutatingAdmissionPolicyBinding",
        cluster=True,
        since=(1, 36),
    ),
    _Kinds("apiextensions.k8s.io/v1", "CustomResourceDefinition", cluster=True),
    _Kinds("apiregistration.k8s.io/v1", "APIService", cluster=True),
    _Kinds("apps/v1", "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet"),
    _Kinds("authentication.k8s.io/v1", "SelfSubjectReview TokenReview", cluster=True),
    _Kinds("authorization.k8s.io/v1", "LocalSubjectAccessReview"),
    _Kinds(
        "authorization.k8s.io/v1",
        "SelfSubjectAccessReview SelfSubjectRulesReview SubjectAccessReview",
        cluster=True,
    ),
    _Kinds("autoscaling/v1", "HorizontalPodAutoscaler"),
    _Kinds("autoscaling/v2", "HorizontalPodAutoscaler"),
    _Kinds("batch/v1", "CronJob Job"),
    _Kinds("certificates.k8s.io/v1", "CertificateSigningRequest", cluster=True),
    _Kinds("certificates.k8s.io/v1", "ClusterTrustBundle", cluster=True, since=(1, 37)),
    _Kinds("certificates.k8s.io/v1", "PodCertificateRequest", since=(1, 37)),
    _Kinds("coordination.k8s.io/v1", "Lease"),
    _Kinds("discovery.k8s.io/v1", "EndpointSlice"),
    _Kinds("events.k8s.io/v1", "Event"),
    _Kinds(
        "flowcontrol.apiserver.k8s.io/v1", "FlowSchema PriorityLevelConfiguration", cluster=True
    ),
    _Kinds("networking.k8s.io/v1", "Ingress NetworkPolicy"),
    _Kinds("networking.k8s.io/v1", "IPAddress IngressClass ServiceCIDR", cluster=True),
    _Kinds("node.k8s.io/v1", "RuntimeClass", cluster=True),
    _Kinds("policy/v1", "PodDisruptionBudget"),
    _Kinds("rbac.authorization.k8s.io/v1", "Role RoleBinding"),
    _Kinds("rbac.authorization.k8s.io/v1", "ClusterRole ClusterRoleBinding", cluster=True),
    _Kinds("resource.k8s.io/v1", "ResourceClaim ResourceClaimTemplate"),
    _Kinds("resource.k8s.io/v1", "DeviceClass ResourceSlice", cluster=True),
    _Kinds("resource.k8s.io/v1", "DeviceTaintRule", cluster=True, since=(1, 37)),
    _Kinds("scheduling.k8s.io/v1", "PriorityClass", cluster=True),
    _Kinds("storage.k8s.io/v1", "CSIStorageCapacity"),
    _Kinds(
        "storage.k8s.io/v1",
        "CSIDriver CSINode StorageClass VolumeAttachment VolumeAttributesClass",
        cluster=True,
    ),
    _Kinds("storagemigration.k8s.io/v1", "StorageVersionMigration", cluster=True, since=(1, 37)),
)

_FOR_WORKLOADS = ("autoscaling/v1", "autoscaling/v2", "batch/v1", "policy/v1")
"""What tenants don't serve and every host does (1.31), for objects beside an operator's pods."""

_CLUSTER_WIDE = frozenset(
    (kinds.api_version.rpartition("/")[0], name)
    for kinds in _KINDS
    if kinds.cluster
    for name in kinds.names.split()
)


def is_cluster_wide(api_version: str, kind: str) -> bool:
    """Say whether objects of one of Kubernetes' own kinds live in no namespace.

    Of a kind that isn't Kubernetes' own, its CustomResourceDefinition says it.
    """
    return (api_version.rpartition("/")[0], kind) in _CLUSTER_WIDE


def of_tenants(version: str) -> list[str]:
    """Return what a tenant of this version serves by itself: `group/version/Kind`, sorted."""
    return sorted(_names(version, without=flags.DISABLED_APIS))


def of_charts(version: str) -> list[str]:
    """Return what the chart of an operator may count on: `group/version` and `group/version/Kind`.

    It is made for one cluster, and lands on two: what the tenant serves, and what its host serves
    for the pods, as a PodDisruptionBudget goes there. Kinds that neither takes from a chart, like
    PriorityClass, aren't in it, nor what CustomResourceDefinitions add to the host.
    """
    left_out = set(flags.DISABLED_APIS) - set(_FOR_WORKLOADS)
    found = _names(version, without=left_out)
    return sorted({name.rpartition("/")[0] for name in found} | set(found))


def _names(version: str, *, without: Collection[str]) -> list[str]:
    minor = versions.minor(version)
    return [
        f"{kinds.api_version}/{name}"
        for kinds in _KINDS
        if kinds.since <= minor and kinds.api_version not in without
        for name in kinds.names.split()
    ]
