"""A chart is named once and for good, and Helm is asked for it in the official plugin's words."""

import json

import pytest

from core import charts, schema
from core.charts import ChartSource
from core.errors import InvalidInputError

REMOTE = {
    "repository": "https://charts.crossplane.io/stable",
    "name": "crossplane",
    "version": "2.3.4",
}


def read(**given):
    source = schema.read(ChartSource, given, "chart")
    errors = list(charts.problems(source, "chart"))
    if errors:
        raise InvalidInputError.together(errors)
    return source


def asked(source, values=None, **more):
    given = {
        "path": "",
        "release": "crossplane",
        "namespace": "crossplane-system",
        "kube_version": "1.37.2",
        "api_versions": ["apps/v1"],
        **more,
    }
    return json.loads(charts.options(source, values or {}, **given))


def test_a_chart_with_a_path_is_asked_for_by_its_absolute_path():
    """Also an archive: the official plugin loads either from `path`, with no name beside it."""
    found = asked(read(path="charts/crossplane.tgz"), path="/project/charts/crossplane.tgz")
    assert found["path"] == "/project/charts/crossplane.tgz"
    assert "chart" not in found


def test_a_chart_of_a_repository_is_asked_for_by_name_and_version():
    found = asked(read(**REMOTE))
    assert (found["chart"], found["version"]) == ("crossplane", "2.3.4")
    assert found["fetch_opts"] == {"repo": "https://charts.crossplane.io/stable"}
    assert "path" not in found


def test_a_chart_of_a_registry_is_asked_for_by_one_reference():
    found = asked(read(**REMOTE | {"repository": "oci://registry.example.com/charts/"}))
    assert found["chart"] == "oci://registry.example.com/charts/crossplane"
    assert found["version"] == "2.3.4"
    assert "fetch_opts" not in found


def test_the_tenants_version_is_always_said():
    """Else the plugin would ask the host for its own."""
    found = asked(read(**REMOTE), {"replicas": 2})
    assert (found["kube_version"], found["api_versions"]) == ("1.37.2", ["apps/v1"])
    assert (found["release_name"], found["namespace"]) == ("crossplane", "crossplane-system")
    assert found["values"] == {"replicas": 2}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "chart: names no chart; set chart.path, or chart.repository, name and version"),
        ({"path": "x", "name": "y"}, "chart: names two charts; leave out chart.path, or name"),
        ({"name": "crossplane"}, "chart.repository: is missing beside the others"),
        ({**REMOTE, "version": None}, "chart.version: is missing beside the others"),
        ({**REMOTE, "version": "^2.0.0"}, "chart.version: is not one version, got '\\^2.0.0'"),
        ({**REMOTE, "version": "2.3"}, "chart.version: is not one version"),
        ({**REMOTE, "name": "stable/crossplane"}, "chart.name: is not the name of a chart"),
        ({**REMOTE, "repository": "crossplane"}, "chart.repository: is not the URL of a"),
        ({**REMOTE, "repository": "https://u:p@a.test"}, "chart.repository: is not the URL of a"),
    ],
)
def test_a_source_that_is_none_or_may_change_is_refused(given, says):
    with pytest.raises(InvalidInputError, match=says):
        read(**given)


@pytest.mark.parametrize("version", ["2.3.4", "v1.21.2", "1.0.0-rc.1", "1.0.0+build.5"])
def test_a_version_may_be_written_as_charts_write_theirs(version):
    assert read(**REMOTE | {"version": version}).version == version


def test_errors_can_say_which_chart():
    assert str(read(path="charts/x")) == "chart charts/x"
    assert str(read(**REMOTE)) == "chart crossplane 2.3.4 of https://charts.crossplane.io/stable"


@pytest.mark.parametrize("name", ["", "Crossplane", "a.b", "-a", "a-", "a" * 54])
def test_a_release_has_a_name_that_helm_and_dns_take(name):
    with pytest.raises(InvalidInputError, match="release: is not the name of a release"):
        charts.check_release(name, "release")


def test_the_longest_name_of_a_release_is_53_characters():
    assert charts.check_release("a" * 53, "release") == "a" * 53


def test_values_are_plain_data():
    """An output would only be known after the chart had to be rendered."""
    charts.check_values({"a": [1, 1.5, True, None, {"b": "c"}]}, "values")
    with pytest.raises(
        InvalidInputError, match=r"values.a\[1\].b: is not plain data, got 'object'; give texts"
    ):
        charts.check_values({"a": [1, {"b": object()}]}, "values")
