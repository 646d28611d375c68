"""Roles for API groups: what they say, from the groups that a tenant serves.

An API server registers an APIService for each group and version that it serves, those of CRDs
within milliseconds: their names alone (`v1.example.com`) tell all groups, so one watch on their
metadata is all that it takes.
Not here: the watch (tenant.py), which roles there are and what they say of the core group
(core/manifests/base_rbac.py, core/manifests/user_rbac.py).
"""

from collections.abc import Collection, Mapping
from typing import Any

_REGISTRATION = "apiregistration.k8s.io"
"""The one group without an APIService: the aggregator serves it by itself."""

API_SERVICES = f"/apis/{_REGISTRATION}/v1/apiservices"


def group_of(api_service: str) -> str:
    """Return the API group that an APIService's name tells: `v1.apps` -> `apps`."""
    return api_service.partition(".")[2]


def cluster_role(wanted: Mapping[str, Any], groups: Collection[str]) -> dict[str, Any]:
    """Return one role for the non-core groups among `groups`.

    Args:
        wanted: One of `spec.apiRoles` of a TenantManifests.
        groups: API groups that the tenant serves.
    """
    left_out = {"", *wanted.get("exceptGroups", [])}
    named = sorted({*groups, _REGISTRATION} - left_out)
    rule = {"apiGroups": named, "resources": ["*"], "verbs": list(wanted["verbs"])}
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": wanted["name"], "labels": dict(wanted.get("labels", {}))},
        "rules": [rule] if named else [],
    }
