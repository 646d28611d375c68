import pytest

from core.errors import InvalidInputError
from rig.plugins.kubernetes import kinds


@pytest.mark.parametrize(
    ("token", "api_version", "kind"),
    [
        ("kubernetes:core/v1:Secret", "v1", "Secret"),
        ("kubernetes:apps/v1:Deployment", "apps/v1", "Deployment"),
        ("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", kinds.CRD_API, kinds.CRD),
        ("kubernetes:gateway.networking.k8s.io/v1:TLSRoute", "gateway.networking.k8s.io/v1", None),
        ("kubernetes:tenantplane.dev/v1alpha1:EtcdTenant", "tenantplane.dev/v1alpha1", None),
        ("kubernetes:a.test/v1:ShoppingList", "a.test/v1", None),
    ],
)
def test_a_token_says_what_it_is(token, api_version, kind):
    found = kinds.supported(token)
    assert found.api_version == api_version
    assert found.kind == kind or not found.is_builtin


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("kubernetes:core/v1:ConfigMapList", "has no lists"),
        ("kubernetes:core/v1:ConfigMapPatch", "has no patch resources"),
        ("kubernetes:helm.sh/v3:Release", "has no charts"),
        ("kubernetes:helm.sh/v4:Chart", "has no charts"),
        ("kubernetes:yaml:ConfigFile", "has no manifests as a whole"),
        ("kubernetes:yaml/v2:ConfigGroup", "has no manifests as a whole"),
        ("kubernetes:kustomize/v2:Directory", "has no kustomizations"),
        ("kubernetes:core/v1:Node", "is not supported by the offline"),
        ("kubernetes:apps/v1beta1:Deployment", "is not supported by the offline"),
        ("kubernetes:networking.k8s.io/v1:Ingress", "is not supported by the offline"),
        ("kubernetes:index:Thing", "is not supported by the offline"),
        ("random:index:RandomId", "is not a type of this plugin"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(token, problem):
    with pytest.raises(InvalidInputError, match=problem) as raised:
        kinds.supported(token)
    assert token in str(raised.value)


def test_an_object_must_be_what_its_token_says():
    token = "kubernetes:a.test/v1:Thing"
    kinds.check_object(token, {"apiVersion": "a.test/v1", "kind": "Thing"})
    with pytest.raises(InvalidInputError, match=r"its object says a\.test/v2 Thing"):
        kinds.check_object(token, {"apiVersion": "a.test/v2", "kind": "Thing"})
    with pytest.raises(InvalidInputError, match="has no patch resources"):
        kinds.check_object(f"{token}Patch", {"apiVersion": "a.test/v1", "kind": "Thing"})


def test_paths_are_those_of_the_api():
    assert kinds.builtin("v1", "Secret").path("ns", "a") == "/api/v1/namespaces/ns/secrets/a"
    assert kinds.builtin("v1", "Secret").path("") == "/api/v1/namespaces/default/secrets"
    assert kinds.builtin("v1", "Namespace").path("x", "a") == "/api/v1/namespaces/a"
    deployment = kinds.builtin("apps/v1", "Deployment")
    assert deployment.path("ns") == "/apis/apps/v1/namespaces/ns/deployments"


def test_inputs_are_everything_but_the_status():
    assert set(kinds.input_names("apps/v1", "Deployment")) == {
        "apiVersion",
        "kind",
        "metadata",
        "spec",
    }
    assert "roleRef" in kinds.input_names("rbac.authorization.k8s.io/v1", "RoleBinding")
    assert kinds.input_names("a.test/v1", "Thing") == []
