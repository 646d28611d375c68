"""The whole: the real Pulumi CLI and SDK, the plugin, the real Helm, and no cluster at all."""

import pytest

from rig import pulumi
from tests.support import charts
from tests.support.chart_repository import write_chart
from tests.support.workspace import Workspace

pytestmark = pytest.mark.processes

SECRET = "correct horse battery"
PROGRAM = """
import sys

import pulumi
import pulumi_kubernetes

sys.path.insert(0, CHECKOUT)

from components import _helm
from core.charts import ChartSource
from core.errors import TenantplaneError


async def main():  # as the product's
    host = pulumi_kubernetes.Provider("host", kubeconfig=pulumi.Output.secret("not one"))
    try:
        found = _helm.render(
            ChartSource(path=CHART),
            VALUES,
            thing="operator demo",
            release="demo",
            namespace="ops",
            kube_version="1.36.3",
            api_versions=["policy/v1/PodDisruptionBudget"],
            provider=host,
        )
    except TenantplaneError as error:
        raise pulumi.RunError(str(error)) from error
    named = [f"{one['kind']} {one['metadata']['name']}" for one in found]
    pulumi.log.info(f"rendered {len(named)}: {named[-1]}")
    return {"named": named}


pulumi.run(main)
"""


@pytest.fixture
def project(tmp_path):
    """Make a project that renders a chart."""
    made = []

    def make(chart, values=None):
        text = PROGRAM.replace("CHECKOUT", repr(str(pulumi.ROOT)))
        text = text.replace("CHART", repr(str(chart))).replace("VALUES", repr(values or {}))
        made.append(Workspace(tmp_path, text))
        return made[-1]

    yield make
    for one in made:
        one.remove()


def test_a_preview_and_an_update_render_the_same(project):
    """Definitions as deep as cert-manager's arrive whole."""
    stack = project(charts.cert_manager(), {"crds": {"enabled": True}})
    previewed = stack.run("preview").stdout
    assert "rendered 50: Job demo-cert-manager-startupapicheck" in previewed
    stack.up()
    named = stack.outputs()["named"]
    assert len(named) == 50
    assert "CustomResourceDefinition clusterissuers.cert-manager.io" in named


def test_a_refused_chart_ends_the_preview_and_shows_no_value(project, tmp_path):
    text = '{{ fail (printf "%s is too short" .Values.auth.password) }}'
    chart = write_chart(tmp_path / "demo", {"templates/secret.yaml": text})
    stack = project(chart, {"auth": {"password": SECRET}})
    said = stack.run("preview", check=False)
    assert said.returncode != 0
    assert (
        f"error: operator demo: chart {chart}: it refuses the values "
        "(demo/templates/secret.yaml:1:3: <auth.password> is too short); set the values as it says"
    ) in said.stdout
    assert SECRET not in said.stdout + said.stderr
