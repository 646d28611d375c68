"""A chart is rendered by the provider, before anything is declared, for the tenant's version."""

import json

import grpc
import pulumi
import pulumi_kubernetes
import pytest

from components import _helm
from core.charts import ChartSource
from core.errors import HostError, InvalidInputError


class RefusedError(grpc.RpcError):
    """A plugin's refusal, as the engine hands it on."""

    def code(self):
        return grpc.StatusCode.UNKNOWN

    def details(self):
        return self.args[0]


RENDERED = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
SECRET = "correct horse battery"


@pytest.fixture
def chart(tmp_path):
    (tmp_path / "Chart.yaml").touch()
    return ChartSource(path=str(tmp_path))


@pytest.fixture
def answers(mocks):
    """Say what the plugin answers; what it was asked is found in the list."""
    asked = []

    def say(answer):
        def function(args):
            asked.append(json.loads(args["jsonOpts"]))
            if isinstance(answer, Exception):
                raise answer
            return answer

        mocks.functions[_helm.FUNCTION] = function
        return asked

    return say


@pytest.fixture
def host(mocks):
    return pulumi_kubernetes.Provider("host", kubeconfig="{}")


def render(source, host, values=None, release="demo"):
    return _helm.render(
        source,
        values or {},
        thing="operator demo",
        release=release,
        namespace="ops",
        kube_version="1.36.3",
        api_versions=["apps/v1"],
        provider=host,
    )


def test_objects_are_plain_data_in_the_release_namespace(answers, chart, host):
    asked = answers({"result": [RENDERED]})
    (found,) = render(chart, host, {"replicas": 2})
    assert found == {**RENDERED, "metadata": {"name": "a", "namespace": "ops"}}
    assert asked[0]["path"] == chart.path
    assert (asked[0]["kube_version"], asked[0]["api_versions"]) == ("1.36.3", ["apps/v1"])
    assert asked[0]["values"] == {"replicas": 2}


def test_a_preview_renders_too(first_preview, answers, chart, host):
    """Nothing of it depends on what is there."""
    answers({"result": [RENDERED]})
    assert len(render(chart, host)) == 1


def test_a_run_renders_the_same_chart_once(answers, chart, host):
    """All are checked before the first tenant is declared, and asked for again where they are."""
    asked = answers({"result": [RENDERED]})
    first, second = render(chart, host), render(chart, host)
    assert first == second
    assert len(asked) == 1
    first[0]["metadata"]["name"] = "changed"
    assert render(chart, host) == second
    render(chart, host, {"replicas": 2})
    render(chart, pulumi_kubernetes.Provider("next", kubeconfig="{}"))
    assert len(asked) == 3


def test_a_chart_may_be_empty(answers, chart, host):
    answers({"result": []})
    assert render(chart, host) == []


def test_a_path_is_relative_to_the_project(answers, tmp_path, monkeypatch, host):
    asked = answers({"result": []})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo.tgz").touch()
    render(ChartSource(path="demo.tgz"), host, {"a": 1})
    monkeypatch.setenv("HOME", str(tmp_path))
    render(ChartSource(path="~/demo.tgz"), host, {"a": 2})
    assert {one["path"] for one in asked} == {str(tmp_path / "demo.tgz")}


@pytest.mark.parametrize(("made", "says"), [(True, "has no Chart.yaml"), (False, "is not there")])
def test_a_path_without_a_chart_is_refused_before_the_plugin_is_asked(
    mocks, tmp_path, made, says, host
):
    folder = tmp_path / "charts"
    if made:
        folder.mkdir()
    with pytest.raises(
        InvalidInputError, match=f"operator demo: chart {folder}: {says}, got '.*/charts'; give"
    ):
        render(ChartSource(path=str(folder)), host)


def test_a_refusal_names_operator_chart_and_remedy_and_no_value(answers, chart, host):
    """Nothing shows it: neither the text, nor what was raised before it."""
    answers(RefusedError(f"execution error at (demo/templates/x.yaml:1:3): {SECRET} is bad"))
    with pytest.raises(InvalidInputError) as caught:
        render(chart, host, {"password": SECRET})
    assert str(caught.value) == (
        f"operator demo: chart {chart.path}: it refuses the values (demo/templates/x.yaml:1:3: "
        "<password> is bad); set the values as it says"
    )
    assert caught.value.__suppress_context__


def test_trouble_with_the_provider_is_not_taken_for_the_charts(mocks, chart, host, monkeypatch):
    def invoke(*_):
        raise RuntimeError("the provider can't be registered")

    monkeypatch.setattr(_helm, "invoke", invoke)
    with pytest.raises(RuntimeError, match="the provider can't be registered"):
        render(chart, host)


def test_the_name_of_a_release_is_checked_before_helm_does(mocks, chart, host):
    with pytest.raises(InvalidInputError, match="operator demo: release: is not the name of a rel"):
        render(chart, host, release="Demo")


def test_values_that_are_known_too_late_are_refused(mocks, chart, host):
    with pytest.raises(
        InvalidInputError, match=r"operator demo: values\.a: is not plain data, got 'Output'"
    ):
        render(chart, host, {"a": pulumi.Output.from_input("b")})


def test_a_host_that_is_not_known_yet_is_no_empty_chart(answers, chart, host):
    """The engine answers nothing then; taken for no objects, all would be deleted."""
    answers({})
    with pytest.raises(HostError, match="can't be rendered before its host is known"):
        render(chart, host)
