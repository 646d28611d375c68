"""Objects come in one form, whichever plugin rendered them and whatever the host knows."""

import pytest

from core import object_lists
from core.errors import InvalidInputError


def obj(kind="ConfigMap", api_version="v1", **metadata):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", **metadata}}


def crd(scope):
    spec = {"group": "b.test", "scope": scope, "names": {"kind": "Thing"}}
    return obj("CustomResourceDefinition", "apiextensions.k8s.io/v1") | {"spec": spec}


def uniform(*given):
    return object_lists.uniform(given, "ops", "chart demo")


def namespaces(*given):
    return [one["metadata"].get("namespace") for one in uniform(*given)]


def test_an_object_that_names_no_namespace_gets_the_releases():
    assert namespaces(obj(), obj(namespace="kube-system"), obj(namespace="")) == [
        "ops",
        "kube-system",
        "ops",
    ]


def test_what_lives_in_no_namespace_gets_none():
    """A plugin that doesn't know the kind has filled one in."""
    cluster_role = obj("ClusterRole", "rbac.authorization.k8s.io/v1", namespace="ops")
    assert namespaces(obj("Namespace"), cluster_role) == [None, None]


def test_a_custom_resource_lives_where_its_definition_beside_it_says():
    thing = obj("Thing", "b.test/v1alpha1", namespace="ops")
    assert namespaces(thing, crd("Cluster")) == [None, None]
    assert namespaces(thing, crd("Namespaced")) == ["ops", None]
    assert namespaces(thing) == ["ops"]


@pytest.mark.parametrize("spec", [None, "x", {"scope": "Cluster", "names": ["Thing"]}], ids=str)
def test_a_definition_that_defines_nothing_is_an_object_like_others(spec):
    """Who takes the objects says what is wrong with it, by its name."""
    assert namespaces(crd("Cluster") | {"spec": spec}) == [None]


def test_lists_are_taken_apart():
    inner = {"apiVersion": "v1", "kind": "ConfigMapList", "items": [obj(), obj(namespace="x")]}
    outer = {"apiVersion": "v1", "kind": "List", "items": [inner, obj("Namespace")]}
    assert [one["kind"] for one in uniform(outer)] == ["ConfigMap", "ConfigMap", "Namespace"]
    assert namespaces(outer) == ["ops", "x", None]


def test_what_was_given_stays_as_it_is():
    given = obj()
    uniform(given)
    assert "namespace" not in given["metadata"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": "ConfigMap", "metadata": {"name": "a"}}, "ConfigMap a has no apiVersion"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "an object a has no kind"),
        ({"apiVersion": "v1", "kind": "ConfigMap"}, "ConfigMap has no metadata.name"),
        (obj(name="") | {"spec": {}}, "ConfigMap has no metadata.name"),
        ({"apiVersion": "v1", "kind": "List", "items": ["a"]}, "an object has no apiVersion"),
        (obj(namespace=5), "the namespace of ConfigMap a is not a text, got 5; put it in quotes"),
    ],
)
def test_what_is_no_object_is_refused(given, says):
    with pytest.raises(InvalidInputError, match=f"^chart demo: {says}"):
        uniform(given)
