"""Charts come out the same from the official plugin, whose Helm is built in and is Helm 3.

Opt-in: needs the official binary, which not every machine can download.

    TENANTPLANE_OFFICIAL_KUBERNETES=.../pulumi-resource-kubernetes
"""

import json
import os

import pytest

from core import chart_errors, kinds
from core.charts import ChartSource
from rig.plugins.kubernetes import charts as plugin_charts
from tests.plugins.kubernetes.conftest import SETTINGS
from tests.plugins.kubernetes.driver import Driver, FailedError
from tests.plugins.kubernetes.test_charts import EVERYTHING
from tests.support import charts
from tests.support.chart_repository import ChartRepository, OciRegistry, archive, write_chart

OFFICIAL = os.environ.get("TENANTPLANE_OFFICIAL_KUBERNETES")
pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(not OFFICIAL, reason="TENANTPLANE_OFFICIAL_KUBERNETES names no plugin"),
]

OPERATORS = {
    "crossplane": (charts.crossplane, {}),
    "cert-manager": (charts.cert_manager, {"crds": {"enabled": True}}),
    "external-secrets": (charts.external_secrets, {}),
}
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\n"
SCALARS = (
    "yes y 2026-11-23 12:30:45 1e3 010 08 0x1F -0b11 1_000 .5 ~ 1.2.3 0o17 +5 tRue . 1.0 "
    "2001-12-14T21:59:43Z 123456789012"
)
BROKEN = {
    "values": {"templates/a.yaml": "a: {{ .Values.a.b.c }}"},
    "fails": {"templates/a.yaml": '{{ fail "no luck" }}'},
    "nested": {"templates/_a": '{{ define "a" }}{{ .Values.a.b.c }}{{ end }}'}
    | {"templates/a.yaml": '{{ include "a" . }}'},
    "syntax": {"templates/a.yaml": "{{ if }}"},
    "yaml": {"templates/a.yaml": "a: b: c"},
    "schema": {"values.schema.json": '{"required": ["replicas"]}'},
}


@pytest.fixture(scope="module")
def pair(kubeconfig, tmp_path_factory):
    """Both plugins, on the same cluster, with the same folders of Helm's."""
    environment = os.environ | charts.helm_environment(tmp_path_factory.mktemp("helm"))
    drivers = [Driver(environment=environment), Driver((OFFICIAL,), environment)]
    for driver in drivers:
        driver.configure(kubeconfig, **SETTINGS)
    yield drivers
    for driver in drivers:
        driver.close()


def asked(**options):
    told = {"kube_version": "1.36.3", "api_versions": kinds.of_charts("1.36.3")}
    return json.dumps({"release_name": "demo", "namespace": "ops", **told, **options})


def answers(pair, **options):
    return [one.invoke(plugin_charts.TOKEN, jsonOpts=asked(**options))["result"] for one in pair]


def refusals(pair, **options):
    """What both say, as a user is told of it."""
    for one in pair:
        with pytest.raises(FailedError) as caught:
            one.invoke(plugin_charts.TOKEN, jsonOpts=asked(**options))
        source = ChartSource(path="charts/demo")
        yield str(chart_errors.refusal("operator demo", source, caught.value.text, {}))


@pytest.mark.parametrize("name", OPERATORS)
def test_both_render_real_operators_to_the_same(pair, name):
    chart, values = OPERATORS[name]
    mine, theirs = answers(pair, path=str(chart()), values=values)
    assert mine == theirs


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"namespace": ""},
        {"include_test_hook_resources": True},
        {"skip_crd_rendering": True},
        {"values": {"word": "a: b"}},
        {"kube_version": "", "api_versions": []},
    ],
)
def test_both_take_each_option_alike(pair, tmp_path, more):
    mine, theirs = answers(pair, path=str(write_chart(tmp_path, EVERYTHING)), **more)
    assert mine == theirs


def test_both_load_archives_from_a_path(pair, tmp_path):
    packed = tmp_path / "demo.tgz"
    packed.write_bytes(archive(write_chart(tmp_path / "demo", EVERYTHING)))
    mine, theirs = answers(pair, path=str(packed))
    assert mine == theirs


def test_both_read_scalars_alike(pair, tmp_path):
    lines = "".join(f"  k{n}: {text}\n" for n, text in enumerate(SCALARS.split()))
    chart = write_chart(tmp_path, {"templates/map.yaml": f"{MAP}data:\n  on: x\n{lines}"})
    mine, theirs = answers(pair, path=str(chart))
    assert mine == theirs


def test_both_fetch_alike(pair, tmp_path):
    chart = write_chart(tmp_path / "demo", EVERYTHING)
    repository = ChartRepository(chart, login=("robot", "horse"))
    login = {"repo": repository.url, "username": "robot", "password": "horse"}
    mine, theirs = answers(pair, chart="demo", version="1.2.3", fetch_opts=login)
    assert mine == theirs
    said = refusals(pair, chart="demo", version="1.2.3", fetch_opts={"repo": repository.url})
    assert len(set(said)) == 1
    said = refusals(pair, chart="demo", version="9.9.9", fetch_opts=login)
    assert len({text.partition(" (")[0] for text in said}) == 1  # ours has a name for the login's
    repository.close()


def test_both_distrust_a_registry_alike(pair, tmp_path):
    registry = OciRegistry(tmp_path, write_chart(tmp_path / "demo", EVERYTHING))
    said = refusals(pair, chart=f"{registry.url}/demo", version="1.2.3")
    assert len(set(said)) == 1
    registry.close()


@pytest.mark.parametrize("name", BROKEN)
def test_the_user_is_told_the_same_by_both(pair, tmp_path, name):
    """Helm 3 says in one line what Helm 4 says in several."""
    chart = write_chart(tmp_path, {"templates/map.yaml": MAP} | BROKEN[name])
    mine, theirs = (said.replace("template: ", "") for said in refusals(pair, path=str(chart)))
    assert mine == theirs.replace(": executing", " executing")
