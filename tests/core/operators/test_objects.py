"""Small questions about one object of a chart."""

import pytest

from core.operators import objects, sides
from tests.support.operator_objects import definition, obj, template, workload


@pytest.mark.parametrize(
    ("given", "selector", "label"),
    [
        (obj("Secret"), "Secret", "Secret ops/demo"),
        (workload(), "Deployment.apps", "Deployment.apps ops/demo"),
        (
            definition(),
            "CustomResourceDefinition.apiextensions.k8s.io",
            "CustomResourceDefinition.apiextensions.k8s.io things.demo.test",
        ),
    ],
    ids=["core", "namespaced", "cluster-wide"],
)
def test_it_is_called_as_sides_call_it(given, selector, label):
    """Who reads an error copies the name from it into the config."""
    assert objects.selector(given) == selector
    assert objects.label(given) == label


@pytest.mark.parametrize("kind", [kind for _, kind in sides.TEMPLATES])
def test_the_part_that_describes_pods_is_found_in_every_workload(kind):
    pod = template({"app": "x"}, nodeName="n")
    found = objects.template(workload(kind, pod=pod))
    assert found["spec"]["nodeName"] == "n"
    assert found["metadata"]["labels"]["app"] == "x"


def test_a_workload_without_a_template_has_an_empty_one():
    found = objects.template(obj("Deployment", api_version="apps/v1"))
    assert found == {"spec": {}}


def test_a_selector_keeps_what_the_chart_says():
    expressions = [{"key": "a", "operator": "Exists"}]
    given = obj("PodDisruptionBudget", spec={"selector": {"matchExpressions": expressions}})
    objects.select(given, {"b": "c"})
    assert given["spec"]["selector"] == {
        "matchExpressions": expressions,
        "matchLabels": {"b": "c"},
    }


def test_a_label_of_ours_wins_in_a_selector():
    given = obj("PodDisruptionBudget", spec={"selector": {"matchLabels": {"b": "other"}}})
    objects.select(given, {"b": "c"})
    assert given["spec"]["selector"] == {"matchLabels": {"b": "c"}}


def test_namespaces_that_are_used_and_not_there_are_made_in_order():
    given = [obj("Namespace", "there", None), obj("Role", namespace="there"), obj("Secret")]
    made = objects.namespaces(given, {"used", "kube-system", "default"})
    assert [one["metadata"]["name"] for one in made] == ["ops", "used"]
