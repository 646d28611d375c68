import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import api_roles
from core.manifests import base_rbac, platform_invariants, rbac

ADMINS, EDITORS, VIEWERS = base_rbac.API_ROLES


@pytest.mark.parametrize(
    ("name", "group"),
    [("v1.", ""), ("v1.apps", "apps"), ("v1beta1.metrics.k8s.io", "metrics.k8s.io")],
)
def test_an_api_services_name_tells_its_group(name, group):
    assert api_roles.group_of(name) == group


@given(st.sets(st.sampled_from(["", "apps", "admissionregistration.k8s.io", "b.c", "a.b"])))
def test_the_role_names_each_group_once_sorted_and_never_core(groups):
    """An unstable order would be a write at every look."""
    (rule,) = api_roles.cluster_role(ADMINS, groups)["rules"]
    assert rule["apiGroups"] == sorted(set(rule["apiGroups"]))
    assert not {"", "*", "admissionregistration.k8s.io"} & set(rule["apiGroups"])
    assert groups - {"", "admissionregistration.k8s.io"} <= set(rule["apiGroups"])
    assert tuple(rule["verbs"]) == rbac.VERBS


@pytest.mark.parametrize("role", [EDITORS, VIEWERS], ids=["editors", "viewers"])
def test_of_kubernetes_own_groups_none_is_for_editors_and_viewers(role):
    """RBAC, CRDs and webhooks are among them, and Deployments, which may be run on the host."""
    own = set(platform_invariants.BUILT_IN_GROUPS)
    assert {"apps", "rbac.authorization.k8s.io", "apiextensions.k8s.io"} <= own
    assert api_roles.cluster_role(role, own)["rules"] == []
    (rule,) = api_roles.cluster_role(role, own | {"example.com"})["rules"]
    assert rule["apiGroups"] == ["example.com"]


def test_what_a_role_allows_is_what_was_asked_for():
    (rule,) = api_roles.cluster_role(VIEWERS, {"example.com"})["rules"]
    assert rule["verbs"] == ["get", "list", "watch"]


def test_the_role_has_the_labels_that_were_asked_for():
    role = api_roles.cluster_role({"name": "r", "labels": {"a": "b"}, "verbs": ["get"]}, {"apps"})
    assert role["metadata"] == {"name": "r", "labels": {"a": "b"}}
