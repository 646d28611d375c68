"""What the function `kubernetes:helm:template` answers, with the real Helm behind it."""

import json

import pytest

from rig.plugins.kubernetes import charts, values
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from tests.plugins.kubernetes import objects
from tests.plugins.kubernetes.driver import FailedError
from tests.support.chart_repository import archive, write_chart
from tests.support.charts import helm_environment

pytestmark = pytest.mark.processes

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n"
THING = "apiVersion: a.test/v1\nkind: Thing\nmetadata: {name: thing}\n"
ASKS = """
data:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
  version: {{ .Capabilities.KubeVersion.Version }}
  budget: {{ .Capabilities.APIVersions.Has "policy/v1/PodDisruptionBudget" | quote }}
  monitor: {{ .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" | quote }}
  word: {{ .Values.word | default "none" | quote }}
"""
EVERYTHING = {
    "templates/role.yaml": (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: role}\n"
    ),
    "templates/map.yaml": f"---\n# only this\n---\n{MAP}{ASKS}",
    "templates/elsewhere.yaml": MAP.replace("{name: map}", "{name: far, namespace: far}"),
    "templates/thing.yaml": THING,
    "templates/list.yaml": "apiVersion: v1\nkind: List\nitems: []\n",
    "templates/hook.yaml": MAP.replace(
        "{name: map}", "{name: before, annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}}"
    ),
    "templates/test.yaml": MAP.replace(
        "{name: map}", "{name: test, annotations: {helm.sh/hook: test}}"
    ),
    "templates/NOTES.txt": "Enjoy.",
    "crds/thing.yaml": (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
        "metadata: {name: things.a.test}\n"
    ),
}


@pytest.fixture(scope="module")
def chart(tmp_path_factory):
    return write_chart(tmp_path_factory.mktemp("demo"), EVERYTHING)


@pytest.fixture(autouse=True)
def helm(monkeypatch, tmp_path):
    """Helm on PATH, with folders of its own."""
    for name, value in helm_environment(tmp_path).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def process(drive):
    """A plugin on the cluster that has Helm on its PATH."""
    return drive()


def template(**options):
    options = json.dumps({"release_name": "demo", **options})
    request = provider_pb2.InvokeRequest(args=values.write({"jsonOpts": options}))
    answer = charts.template(Plugin(), request)
    return values.read(getattr(answer, "return")).plain["result"]


def names(found):
    return [obj.get("metadata", {}).get("name") for obj in found]


def data(found):
    return next(obj["data"] for obj in found if "data" in obj)


def test_objects_come_in_helms_order_with_hooks_last(chart):
    """Definitions first; documents without an object are left out, tests too."""
    found = template(path=str(chart))
    assert names(found) == ["things.a.test", "far", "map", "role", None, "thing", "before"]


def test_tests_and_definitions_are_a_choice(chart):
    found = template(path=str(chart), include_test_hook_resources=True, skip_crd_rendering=True)
    assert "test" in names(found)
    assert "things.a.test" not in names(found)


def test_an_archive_is_a_path_too(chart, tmp_path):
    packed = tmp_path / "demo-1.2.3.tgz"
    packed.write_bytes(archive(chart))
    assert template(path=str(packed)) == template(path=str(chart))
    assert template(path=str(chart.parent), chart=chart.name) == template(path=str(chart))


def test_a_path_is_relative_to_where_the_program_runs(chart, monkeypatch):
    monkeypatch.chdir(chart.parent)
    assert template(path=chart.name) == template(path=str(chart))


def test_objects_get_the_namespace_that_was_given_if_their_kind_has_one(chart):
    given = template(path=str(chart), namespace="ops")
    found = {obj["metadata"].get("name"): obj["metadata"] for obj in given}
    assert found["map"]["namespace"] == "ops"
    assert found["far"]["namespace"] == "far"
    assert found["thing"]["namespace"] == "ops"  # nobody knows better
    assert found[None]["namespace"] == "ops"  # a list, which is left as it is
    assert "namespace" not in found["role"]
    assert "namespace" not in found["things.a.test"]


def test_keys_that_say_nothing_are_left_out(tmp_path):
    """As the official plugin does it; in a list a null has its place."""
    given = f"{MAP}data: {{a: ~, b: {{c: null, d: [1, ~, {{e: ~}}]}}}}\n"
    (found,) = template(path=str(write_chart(tmp_path, {"templates/map.yaml": given})))
    assert found["data"] == {"b": {"d": [1, None, {}]}}


def test_without_a_namespace_the_release_is_in_default_and_objects_name_none(chart):
    found = template(path=str(chart))
    assert data(found)["namespace"] == "default"
    assert not any("namespace" in obj["metadata"] for obj in found if obj.get("data"))


def test_the_chart_is_told_what_the_caller_says(chart):
    found = template(
        path=str(chart),
        namespace="ops",
        values={"word": "yes: {no}"},
        kube_version="1.36.3",
        api_versions=["policy/v1/PodDisruptionBudget"],
    )
    assert data(found) == {
        "name": "demo",
        "namespace": "ops",
        "version": "v1.36.3",
        "budget": "true",
        "monitor": "false",
        "word": "yes: {no}",
    }


def test_what_pulumis_own_sdk_sends_besides_changes_nothing(chart):
    """Its Chart component sends every option, most of them null."""
    more = dict.fromkeys(("namespace", "repo", "fetch_opts", "transformations", "resource_prefix"))
    assert template(path=str(chart), **more) == template(path=str(chart))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"values": ["a"]}, "jsonOpts.values: is not a dict, got 'list'"),
        ({"api_versions": "v1"}, "jsonOpts.api_versions: is not a list, got 'str'"),
        ({"fetch_opts": {"verify": "yes"}}, "jsonOpts.fetch_opts.verify: is not a bool, got 'str'"),
        ({"fetch_opts": "https://a.test"}, "jsonOpts.fetch_opts: is not a mapping"),
    ],
)
def test_options_of_the_wrong_type_are_refused(options, says):
    with pytest.raises(ValueError, match=says):
        template(**options)


@pytest.mark.parametrize(("text", "says"), [("{", "is not JSON"), ("[]", "is not a mapping")])
def test_options_that_are_none_are_refused(plugin, text, says):
    with pytest.raises(FailedError, match=f"jsonOpts: {says}"):
        plugin.invoke(charts.TOKEN, jsonOpts=text)
    with pytest.raises(FailedError, match="jsonOpts: is not a text"):
        plugin.invoke(charts.TOKEN)


def test_other_functions_are_refused(plugin):
    with pytest.raises(FailedError, match="function kubernetes:yaml:decode: is not offered by the"):
        plugin.invoke("kubernetes:yaml:decode", text="a: b")


def test_a_chart_is_told_of_the_cluster_where_the_caller_says_nothing(process, chart):
    options = {"release_name": "demo", "path": str(chart)}
    found = data(process.invoke(charts.TOKEN, jsonOpts=json.dumps(options))["result"])
    assert found["version"].startswith("v1.37.")
    assert found["budget"] == "true"
    options |= {"kube_version": "1.34.9", "api_versions": ["monitoring.coreos.com/v1"]}
    found = data(process.invoke(charts.TOKEN, jsonOpts=json.dumps(options))["result"])
    assert (found["version"], found["budget"], found["monitor"]) == ("v1.34.9", "false", "true")


def test_a_custom_resource_lives_where_the_cluster_says(process, chart, tmp_path):
    crd = objects.definition("Thing") | {"metadata": {"name": f"things.{objects.CRD_GROUP}"}}
    crd["spec"]["scope"] = "Cluster"
    process.create(objects.CRD_TOKEN, "things", crd)
    thing = f"apiVersion: {objects.CRD_GROUP}/v1\nkind: Thing\nmetadata: {{name: thing}}\n"
    write_chart(tmp_path, {"templates/thing.yaml": thing})
    options = {"release_name": "demo", "path": str(tmp_path), "namespace": "ops"}
    (found,) = process.invoke(charts.TOKEN, jsonOpts=json.dumps(options))["result"]
    assert "namespace" not in found["metadata"]


def test_a_chart_is_rendered_where_the_cluster_is_unreachable(drive, kubeconfig, chart):
    """In the first preview of a host, say."""
    nobody = drive("not a kubeconfig")
    options = json.dumps({"release_name": "demo", "path": str(chart), "namespace": "ops"})
    assert len(nobody.invoke(charts.TOKEN, jsonOpts=options)["result"]) == 7


def test_a_definition_as_deep_as_any_reaches_the_engine(process, tmp_path):
    """As deep as cert-manager's, which is more than messages take by themselves."""
    deep = "{a: " * 38 + "b" + "}" * 38
    write_chart(tmp_path, {"templates/thing.yaml": f"{THING}deep: {deep}\n"})
    options = json.dumps({"release_name": "demo", "path": str(tmp_path)})
    (found,) = process.invoke(charts.TOKEN, jsonOpts=options)["result"]
    checked = process.check("kubernetes:a.test/v1:Thing", "deep", found)
    assert values.read(checked).plain["deep"] == found["deep"]


def test_helms_refusal_reaches_the_engine(process, tmp_path):
    write_chart(tmp_path, {"templates/map.yaml": '{{ fail "no luck" }}'})
    options = json.dumps({"release_name": "demo", "path": str(tmp_path)})
    with pytest.raises(FailedError) as caught:
        process.invoke(charts.TOKEN, jsonOpts=options)
    assert caught.value.text == (
        "failed to generate YAML for specified Helm chart: execution error at "
        "(demo/templates/map.yaml:1:3): no luck"
    )
