"""Roles of a tenant's editors and viewers, and the accounts of users with tokens.

Owns: their ClusterRoles, who is bound to them, the namespace of the accounts.
Not here: administrators (base_rbac.py), who the users are (core/users.py), the rules for API groups
(agent/api_roles.py writes them from what the tenant serves).

Both work with what operators bring. Of Kubernetes' own kinds they have those alone that carry an
operator's input and output. Left out are RBAC, CRDs, webhooks and admission policies, and what
these stand on: who changes the Service of a webhook, or the labels of a namespace, is past it.
Deployments are left out because an operator's may be run on the host.
"""

from collections.abc import Sequence
from typing import Any

from core import names, users
from core.manifests import platform_invariants, rbac

EDITORS = f"{platform_invariants.TENANT_ROLES}{users.EDITOR}"
VIEWERS = f"{platform_invariants.TENANT_ROLES}{users.VIEWER}"
EDITOR_LABEL = f"{names.API_GROUP}/aggregate-to-tenant-editor"
VIEWER_LABEL = f"{names.API_GROUP}/aggregate-to-tenant-viewer"
"""A ClusterRole with one of these, "true", becomes part of what editors or viewers may do."""

_WORKED_WITH = ("configmaps", "secrets")
_SEEN = ("events", "namespaces")
_SEEN_BY_VIEWERS = ("configmaps", *_SEEN)

API_ROLES = (
    rbac.api_role(f"{EDITORS}:apis", EDITOR_LABEL, platform_invariants.BUILT_IN_GROUPS),
    rbac.api_role(f"{VIEWERS}:apis", VIEWER_LABEL, platform_invariants.BUILT_IN_GROUPS, rbac.READ),
)
"""Their part of `apiRoles`: every API group that is not Kubernetes' own."""


def objects(people: Sequence[users.UserSettings]) -> list[dict[str, Any]]:
    """The roles, for whomever they are handed to, and what the given people need beside them."""
    core = {
        EDITORS: [rbac.rule([""], _WORKED_WITH), rbac.rule([""], _SEEN, rbac.READ)],
        VIEWERS: [rbac.rule([""], _SEEN_BY_VIEWERS, rbac.READ)],
    }
    found = []
    having = ((EDITORS, EDITOR_LABEL, users.EDITOR), (VIEWERS, VIEWER_LABEL, users.VIEWER))
    for name, label, role in having:
        found += [rbac.gathering(name, label), rbac.part(f"{name}:core", label, core[name])]
        if bound := subjects(people, role):
            found += rbac.bindings(name, bound)
    return found + _accounts(people)


def subjects(people: Sequence[users.UserSettings], role: str) -> list[dict[str, str]]:
    """Those who have a role; in one order, whatever that of the settings is."""
    having = [_subject(one) for one in people if one.role == role]
    return sorted(having, key=lambda one: (one["kind"], one["name"]))


def _subject(one: users.UserSettings) -> dict[str, str]:
    if one.has_token:
        return rbac.account(str(one.name), names.USERS_NAMESPACE)
    if one.group is not None:
        return rbac.subject("Group", one.group)
    return rbac.subject("User", str(one.name or one.user))


def _accounts(people: Sequence[users.UserSettings]) -> list[dict[str, Any]]:
    """A ServiceAccount for each user with a token: its token ends when it goes.

    In a namespace of the platform, where no other user of the tenant gets a token
    (platform_policy.py); not in kube-system, whose accounts are the platform itself.
    """
    accounts = [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": one.name,
                "namespace": names.USERS_NAMESPACE,
                "labels": rbac.LABELS,
            },
            "automountServiceAccountToken": False,
        }
        for one in people
        if one.has_token
    ]
    if not accounts:
        return []
    metadata = {"name": names.USERS_NAMESPACE, "labels": rbac.LABELS}
    return [{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, *accounts]
