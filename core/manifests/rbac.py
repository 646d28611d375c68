"""Pieces of RBAC inside a tenant: rules, roles and bindings of the platform.

Not here: which there are (base_rbac.py for administrators, user_rbac.py for editors and viewers).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from core import names

GROUP = "rbac.authorization.k8s.io"
API_VERSION = f"{GROUP}/v1"
LABELS = {names.LABEL_PART_OF: names.PART_OF, names.LABEL_PLATFORM: "true"}

READ = ("get", "list", "watch")
VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
"""Everything but escalate, bind, impersonate, approve, sign, attest: those lead to more rights."""


def rule(
    groups: Sequence[str], resources: Sequence[str], verbs: Sequence[str] = VERBS
) -> dict[str, Any]:
    """One rule of a role."""
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}


def cluster_role(name: str, **body: object) -> dict[str, Any]:
    """A ClusterRole of the platform."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": LABELS},
        **body,
    }


def gathering(name: str, label: str) -> dict[str, Any]:
    """A ClusterRole that the tenant's controller manager makes of all that have a label.

    It is the one to hand on: `kubectl create clusterrolebinding --clusterrole=<this one>`.
    """
    selector = {"matchLabels": {label: "true"}}
    return cluster_role(name, aggregationRule={"clusterRoleSelectors": [selector]})


def part(name: str, label: str, rules: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A ClusterRole that becomes part of the one that gathers a label."""
    role = cluster_role(name, rules=list(rules))
    role["metadata"]["labels"] = {**LABELS, label: "true"}
    return role


def api_role(
    name: str, label: str, except_groups: Iterable[str], verbs: Sequence[str] = VERBS
) -> dict[str, Any]:
    """One of `apiRoles` of a TenantManifests: a part that covers API groups that come and go."""
    return {
        "name": name,
        "labels": {**LABELS, label: "true"},
        "exceptGroups": list(except_groups),
        "verbs": list(verbs),
    }


def bindings(role: str, subjects: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
    """Bind a role that gathers, and its parts.

    The parts are bound as well as the whole, so that a new API is usable the moment the agent has
    written it, without waiting for the tenant's controller manager to aggregate.
    """
    return [
        {
            "apiVersion": API_VERSION,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name, "labels": LABELS},
            "roleRef": {"apiGroup": GROUP, "kind": "ClusterRole", "name": name},
            "subjects": list(subjects),
        }
        for name in (role, f"{role}:core", f"{role}:apis")
    ]


def subject(kind: str, name: str) -> dict[str, str]:
    """A User or a Group, to whom a role is bound."""
    return {"apiGroup": GROUP, "kind": kind, "name": name}


def account(name: str, namespace: str) -> dict[str, str]:
    """A ServiceAccount, to whom a role is bound."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
