import pytest

from rig.plugins.kubernetes.immutable import replaces, rules
from rig.plugins.kubernetes.property_path import parse


def replacing(api_version, kind, path, value="x", **obj):
    found = rules(
        {"apiVersion": api_version, "kind": kind, **obj},
        mutable_secrets=True,
        mutable_config_maps=True,
    )
    return replaces(parse(path), value, found)


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("apps/v1", "Deployment", "spec.selector"),
        ("apps/v1", "Deployment", "spec.selector.matchLabels.app"),
        ("apps/v1", "StatefulSet", "spec.serviceName"),
        ("apps/v1", "StatefulSet", "spec.volumeClaimTemplates[0].metadata.name"),
        ("batch/v1", "Job", "spec.template.spec.containers[0].image"),
        ("batch/v1", "Job", "spec.parallelism"),
        ("v1", "Pod", "spec.containers[1].image"),
        ("v1", "Pod", "spec.initContainers[0].env[2].value"),
        ("v1", "Pod", "spec.nodeName"),
        ("v1", "Service", "spec.clusterIP"),
        ("v1", "PersistentVolumeClaim", "spec.storageClassName"),
        ("v1", "Secret", "type"),
        ("v1", "ResourceQuota", "spec.scopes[0]"),
        ("rbac.authorization.k8s.io/v1", "RoleBinding", "roleRef.name"),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "roleRef"),
        ("storage.k8s.io/v1", "StorageClass", "parameters.a"),
        ("a.test/v1", "Custom", "metadata.name"),
        ("a.test/v1", "Custom", "metadata.namespace"),
    ],
)
def test_fields_that_can_not_change_replace(api_version, kind, path):
    assert replacing(api_version, kind, path)


@pytest.mark.parametrize(
    ("api_version", "kind", "path"),
    [
        ("apps/v1", "Deployment", "spec.template.spec.containers[0].image"),
        ("apps/v1", "Deployment", "spec.selectors"),
        ("apps/v1", "StatefulSet", "spec.template"),
        ("v1", "Pod", "metadata.labels.a"),
        ("v1", "Pod", "spec.tolerations[0].key"),
        ("v1", "Service", "spec.ports[0].port"),
        ("v1", "Secret", "data.a"),
        ("v1", "ConfigMap", "data.a"),
        ("a.test/v1", "Deployment", "spec.selector"),
        ("a.test/v1", "Custom", "metadata.labels.name"),
    ],
)
def test_other_fields_change_in_place(api_version, kind, path):
    assert not replacing(api_version, kind, path)


def test_gaining_what_surrounds_such_a_field_replaces_too():
    """Losing it does not, as with the official plugin; the API server refuses that anyway."""
    assert not replacing("apps/v1", "Deployment", "spec", None)
    assert replacing("apps/v1", "Deployment", "spec.selector", None)
    assert replacing("v1", "Pod", "spec.containers", None)
    assert replacing("apps/v1", "Deployment", "spec", {"selector": {}})
    assert not replacing("apps/v1", "Deployment", "spec", {"replicas": 1})
    assert replacing("v1", "Pod", "spec.containers", [{"name": "a"}, {"image": "b"}])
    assert not replacing("v1", "Pod", "spec.containers", [{"name": "a"}])
