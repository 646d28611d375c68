"""What every tenant has inside from its first second: the rights of its administrators.

Owns: the ClusterRoles and bindings of the group `tenant-admins`.
Not here: the admission rules that close what RBAC leaves open (platform_policy.py), the rules of
the role for API groups (agent/admin_role.py writes them from what the tenant serves).

RBAC only adds: `*` on the core group would include nodes, so the core resources are named. And
the right to grant more than one has is a verb, so verbs are named too, never `*`.
"""

from collections.abc import Sequence
from typing import Any

from core import names
from core.manifests import platform_invariants, platform_policy
from core.pki import TENANT_ADMINS

AGGREGATION_LABEL = f"{names.API_GROUP}/aggregate-to-tenant-admin"
"""A ClusterRole with this label, "true", becomes part of what tenant administrators may do."""

ADMIN = platform_invariants.ADMIN_ROLES
"""The whole of it, aggregated by the tenant's controller manager."""

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
"""Everything but escalate, bind, impersonate, approve, sign, attest: those lead to more rights."""

_ADMISSION_GROUP = "admissionregistration.k8s.io"

ADMIN_ROLE: dict[str, Any] = {
    "name": f"{ADMIN}:apis",
    "labels": {
        AGGREGATION_LABEL: "true",
        names.LABEL_PART_OF: names.PART_OF,
        names.LABEL_PLATFORM: "true",
    },
    "exceptGroups": [_ADMISSION_GROUP],
}
"""`adminRole` of a tenant's TenantManifests: every API group but core and the one named below."""

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


def base_objects(kubernetes_version: str) -> list[dict[str, Any]]:
    """Every object that the agent keeps in a tenant of this version."""
    objects = [
        _admin_role(),
        _core_role(kubernetes_version),
        *(_binding(role) for role in (ADMIN, f"{ADMIN}:core", f"{ADMIN}:apis")),
    ]
    if not platform_policy.has_static_policies(kubernetes_version):
        objects += platform_policy.policies_as_objects()
    return objects


def _admin_role() -> dict[str, Any]:
    """The role to hand on: `kubectl create clusterrolebinding --clusterrole=<this one>`."""
    return _cluster_role(
        ADMIN,
        aggregationRule={"clusterRoleSelectors": [{"matchLabels": {AGGREGATION_LABEL: "true"}}]},
    )


def _core_role(kubernetes_version: str) -> dict[str, Any]:
    rules = [
        _rule([""], _CORE_RESOURCES),
        _rule(_GROUPS_OF_VIEW, ["*"]),
        *_admission_rules(kubernetes_version),
    ]
    role = _cluster_role(f"{ADMIN}:core", rules=rules)
    role["metadata"]["labels"][AGGREGATION_LABEL] = "true"
    return role


def _admission_rules(kubernetes_version: str) -> list[dict[str, Any]]:
    """Policies are the tenant's own where ours are files; before that ours are among them.

    No admission policy or webhook is ever asked about such objects (k8s.io/apiserver
    IsExemptAdmissionConfigurationResource), so below 1.37 only RBAC can protect ours.
    """
    group = [_ADMISSION_GROUP]
    if platform_policy.has_static_policies(kubernetes_version):
        return [_rule(group, ["*"])]
    hooks = ("mutatingwebhookconfigurations", "validatingwebhookconfigurations")
    return [_rule(group, hooks), _rule(group, _POLICY_KINDS, ("get", "list", "watch"))]


def _rule(
    groups: Sequence[str], resources: Sequence[str], verbs: Sequence[str] = VERBS
) -> dict[str, Any]:
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}


def _cluster_role(name: str, **body: object) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": _labels()},
        **body,
    }


def _labels() -> dict[str, str]:
    return {names.LABEL_PART_OF: names.PART_OF, names.LABEL_PLATFORM: "true"}


def _binding(role: str) -> dict[str, Any]:
    """Bind one role to the group.

    The parts are bound as well as the whole, so that a new API is usable the moment the agent has
    written it, without waiting for the tenant's controller manager to aggregate.
    """
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": role, "labels": _labels()},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": TENANT_ADMINS}],
    }
