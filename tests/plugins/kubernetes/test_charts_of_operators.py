"""The charts of real operators render, each to as many objects as its release has."""

from collections import Counter

import pytest

from core import kubernetes_yaml, versions
from tests.support import charts

pytestmark = pytest.mark.processes


def counted(objects):
    return dict(Counter(one["kind"] for one in objects))


def images(objects):
    pods = [one["spec"]["template"]["spec"] for one in objects if one["kind"] == "Deployment"]
    return {
        container["image"].rpartition(":")[2] for pod in pods for container in pod["containers"]
    }


@pytest.mark.parametrize("version", versions.KUBERNETES.values())
def test_crossplane(version):
    """Its definitions and webhooks are none of the chart's: its core makes them."""
    found = charts.rendered(
        charts.crossplane(), release="crossplane", namespace="ops", version=version
    )
    assert counted(found) == {
        "ClusterRole": 12,
        "ClusterRoleBinding": 3,
        "Deployment": 2,
        "Secret": 3,
        "Service": 1,
        "ServiceAccount": 2,
    }
    assert images(found) == {"v2.3.4"}


def test_cert_manager():
    found = charts.rendered(
        charts.cert_manager(),
        {"crds": {"enabled": True}},
        release="cert-manager",
        namespace="ops",
    )
    assert counted(found) == {
        "ClusterRole": 13,
        "ClusterRoleBinding": 10,
        "CustomResourceDefinition": 6,
        "Deployment": 3,
        "Job": 1,
        "MutatingWebhookConfiguration": 1,
        "Role": 4,
        "RoleBinding": 4,
        "Service": 3,
        "ServiceAccount": 4,
        "ValidatingWebhookConfiguration": 1,
    }
    assert images(found) == {"v1.21.2"}


def test_external_secrets():
    found = charts.rendered(charts.external_secrets(), release="external-secrets", namespace="ops")
    assert counted(found) == {
        "ClusterRole": 5,
        "ClusterRoleBinding": 2,
        "CustomResourceDefinition": 23,
        "Deployment": 3,
        "Role": 1,
        "RoleBinding": 1,
        "Secret": 1,
        "Service": 1,
        "ServiceAccount": 3,
        "ValidatingWebhookConfiguration": 2,
    }
    assert images(found) == {"v1.3.2"}


def test_the_manifests_of_argo_cd():
    text = charts.argo_cd_manifests().read_text()
    found = [one.value for one in kubernetes_yaml.documents(text, "install.yaml") if one.value]
    assert counted(found) == {
        "ClusterRole": 3,
        "ClusterRoleBinding": 3,
        "ConfigMap": 7,
        "CustomResourceDefinition": 3,
        "Deployment": 6,
        "NetworkPolicy": 7,
        "Role": 6,
        "RoleBinding": 6,
        "Secret": 2,
        "Service": 9,
        "ServiceAccount": 7,
        "StatefulSet": 1,
    }
