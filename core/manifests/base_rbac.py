"""What every tenant has inside from its first second, above all the rights of its administrators.

Owns: the ClusterRoles and bindings of the group `tenant-admins` and of users with the role admin.
Not here: the other users' (user_rbac.py), the admission rules that close what RBAC leaves open
(platform_policy.py), the rules of the roles for API groups (agent/api_roles.py writes them from
what the tenant serves).

RBAC only adds: `*` on the core group would include nodes, so the core resources are named. And
the right to grant more than one has is a verb, so verbs are named too, never `*`.
"""

from collections.abc import Sequence
from typing import Any

from core import names, users
from core.manifests import platform_invariants, platform_policy, rbac, user_rbac
from core.pki import TENANT_ADMINS

AGGREGATION_LABEL = f"{names.API_GROUP}/aggregate-to-tenant-admin"
"""A ClusterRole with this label, "true", becomes part of what tenant administrators may do."""

ADMIN = f"{platform_invariants.TENANT_ROLES}{users.ADMIN}"
"""The whole of it, aggregated by the tenant's controller manager."""

_ADMISSION_GROUP = "admissionregistration.k8s.io"

API_ROLES = [
    rbac.api_role(f"{ADMIN}:apis", AGGREGATION_LABEL, [_ADMISSION_GROUP]),
    *user_rbac.API_ROLES,
]
"""`apiRoles` of a tenant's TenantManifests; the administrators': all groups but core and one."""

_CORE_RESOURCES = (
    "bindings",
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "namespaces",
    "namespaces/finalize",
    "namespaces/status",
    "persistentvolumeclaims",
    "persistentvolumeclaims/status",
    "persistentvolumes",
    "persistentvolumes/status",
    "pods",
    "pods/ephemeralcontainers",
    "pods/eviction",
    "pods/log",
    "pods/resize",
    "pods/status",
    "podtemplates",
    "replicationcontrollers",
    "replicationcontrollers/scale",
    "replicationcontrollers/status",
    "resourcequotas",
    "resourcequotas/status",
    "secrets",
    "serviceaccounts",
    "serviceaccounts/token",
    "services",
    "services/status",
)
"""The core group without nodes, and without */proxy, exec, attach, portforward: their user would
make the API server dial an address of the user's choice, and there is no kubelet to answer."""

_GROUPS_OF_VIEW = ("autoscaling", "batch", "extensions", "policy")
"""Not served here, but named by Kubernetes' own role `view`: one can only hand out what one has."""

_POLICY_KINDS = (
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
)


def base_objects(
    kubernetes_version: str, people: Sequence[users.UserSettings] = ()
) -> list[dict[str, Any]]:
    """Every object that the agent keeps in a tenant of this version, with these people."""
    administrators = [
        rbac.subject("Group", TENANT_ADMINS),
        *user_rbac.subjects(people, users.ADMIN),
    ]
    objects = [
        rbac.gathering(ADMIN, AGGREGATION_LABEL),
        rbac.part(f"{ADMIN}:core", AGGREGATION_LABEL, _core_rules(kubernetes_version)),
        *rbac.bindings(ADMIN, administrators),
        *user_rbac.objects(people),
    ]
    if not platform_policy.has_static_policies(kubernetes_version):
        objects += platform_policy.policies_as_objects()
    return objects


def _core_rules(kubernetes_version: str) -> list[dict[str, Any]]:
    return [
        rbac.rule([""], _CORE_RESOURCES),
        rbac.rule(_GROUPS_OF_VIEW, ["*"]),
        *_admission_rules(kubernetes_version),
    ]


def _admission_rules(kubernetes_version: str) -> list[dict[str, Any]]:
    """Policies are the tenant's own where ours are files; before that ours are among them.

    No admission policy or webhook is ever asked about such objects (k8s.io/apiserver
    IsExemptAdmissionConfigurationResource), so below 1.37 only RBAC can protect ours.
    """
    group = [_ADMISSION_GROUP]
    if platform_policy.has_static_policies(kubernetes_version):
        return [rbac.rule(group, ["*"])]
    hooks = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
    return [rbac.rule(group, hooks), rbac.rule(group, _POLICY_KINDS, rbac.READ)]
