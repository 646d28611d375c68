import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import admin_role
from core.manifests.base_rbac import ADMIN_ROLE, VERBS


@pytest.mark.parametrize(
    ("name", "group"),
    [("v1.", ""), ("v1.apps", "apps"), ("v1beta1.metrics.k8s.io", "metrics.k8s.io")],
)
def test_an_api_services_name_tells_its_group(name, group):
    assert admin_role.group_of(name) == group


@given(st.sets(st.sampled_from(["", "apps", "admissionregistration.k8s.io", "b.c", "a.b"])))
def test_the_role_names_each_group_once_sorted_and_never_core(groups):
    """An unstable order would be a write at every look."""
    (rule,) = admin_role.cluster_role(ADMIN_ROLE, groups)["rules"]
    assert rule["apiGroups"] == sorted(set(rule["apiGroups"]))
    assert not {"", "*", "admissionregistration.k8s.io"} & set(rule["apiGroups"])
    assert groups - {"", "admissionregistration.k8s.io"} <= set(rule["apiGroups"])
    assert tuple(rule["verbs"]) == VERBS


def test_the_role_has_the_labels_that_were_asked_for():
    role = admin_role.cluster_role({"name": "r", "labels": {"a": "b"}}, {"apps"})
    assert role["metadata"] == {"name": "r", "labels": {"a": "b"}}
