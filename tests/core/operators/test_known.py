"""Some operators need no more than their name, and what a user says of them wins."""

from core import charts, versions
from core.operators import known, kubedebug
from core.operators.known import merged


def test_of_most_nothing_is_known():
    usual = known.known("kueue")
    assert not usual.is_known
    assert usual == known.Known()


def test_crossplane_is_known_with_its_chart_its_namespace_and_that_it_installs_programs():
    usual = known.known(known.CROSSPLANE)
    assert usual.is_known
    assert (usual.namespace, usual.packages) == ("crossplane-system", True)
    assert usual.chart.version == versions.CROSSPLANE
    assert list(charts.problems(usual.chart, "chart")) == []


def test_crossplane_defines_no_managed_resource_that_nobody_asked_for():
    """Each definition costs memory on both sides; the chart's own default is all of them."""
    assert known.known(known.CROSSPLANE).values["provider"]["defaultActivations"] == []


def test_what_a_user_says_of_crossplanes_resources_wins():
    usual = known.known(known.CROSSPLANE).values
    found = merged(usual, {"resourcesCrossplane": {"requests": {"cpu": "200m"}}})
    assert found["resourcesCrossplane"]["requests"] == {"cpu": "200m", "memory": "64Mi"}
    assert found["resourcesCrossplane"]["limits"] == {"cpu": "1", "memory": "1024Mi"}


def test_kubedebug_is_known_with_its_objects_in_the_place_of_a_chart():
    usual = known.known(kubedebug.NAME)
    assert usual.is_known
    assert usual.chart is None
    assert usual.objects is not None
    assert versions.image(usual.image)


def test_values_are_merged_as_helm_does_it():
    usual = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}
    given = {"a": {"c": [3]}, "d": None, "f": {"g": 1}}
    assert merged(usual, given) == {"a": {"b": 1, "c": [3]}, "d": None, "f": {"g": 1}}
    assert usual["a"]["c"] == [1, 2]
