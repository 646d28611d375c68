"""A chart counts on what its tenant serves, and on what any host serves for its pods."""

import pytest

from core import kinds, versions


@pytest.mark.parametrize("version", versions.KUBERNETES.values())
def test_a_chart_may_make_what_hosts_serve_beside_pods(version):
    """A PodDisruptionBudget lands on the host; the tenant serves no such kind."""
    found = kinds.of_charts(version)
    assert {"policy/v1", "policy/v1/PodDisruptionBudget", "batch/v1/Job"} <= set(found)
    assert "policy/v1/PodDisruptionBudget" not in kinds.of_tenants(version)


def test_a_chart_is_not_told_of_what_neither_side_takes_from_it():
    """A PriorityClass or a StorageClass would be the whole host's."""
    found = kinds.of_charts("1.37.2")
    for absent in ("scheduling.k8s.io/v1", "storage.k8s.io/v1", "node.k8s.io/v1"):
        assert not [name for name in found if name.startswith(absent)]


def test_kinds_come_with_their_version():
    policy = "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy"
    assert policy not in kinds.of_charts("1.35.5")
    assert policy in kinds.of_charts("1.36.3")
    assert "certificates.k8s.io/v1/ClusterTrustBundle" not in kinds.of_charts("1.36.3")
    assert "certificates.k8s.io/v1/ClusterTrustBundle" in kinds.of_charts("1.37.2")


def test_versions_and_kinds_are_sorted_and_there_once():
    """An unstable order would be a permanent diff, if a chart writes it down."""
    found = kinds.of_charts("1.37.2")
    assert found == sorted(set(found))
    assert found.count("apps/v1") == 1
    assert "apps/v1/Deployment" in found


@pytest.mark.parametrize(
    ("api_version", "kind", "cluster_wide"),
    [
        ("v1", "Namespace", True),
        ("v1", "Secret", False),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", True),
        ("rbac.authorization.k8s.io/v1beta1", "ClusterRole", True),  # an older version of it
        ("rbac.authorization.k8s.io/v1", "Role", False),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition", True),
        ("example.test/v1", "Namespace", False),  # another group's kind of that name
    ],
)
def test_a_kind_lives_in_namespaces_or_not(api_version, kind, cluster_wide):
    assert kinds.is_cluster_wide(api_version, kind) is cluster_wide
