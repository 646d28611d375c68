"""The examples with operators on the running host: their READMEs' commands, and what they say.

TENANTPLANE_REGENERATE_GOLDEN=1 writes the READMEs and the pictures anew.
Not here: that script and README have the same commands (tests/examples).
"""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.e2e.conftest import HOST_KUBECONFIG
from tests.support import charts, sessions
from tests.support.leaks import leaks
from tests.support.pulumi_cli import ROOT
from tests.support.sessions import EXAMPLES

_SECONDS = 1200


@pytest.fixture
def demo(stack):
    """Run an example's script on the shared stack, with its tenants beside the others."""
    if shutil.which("jq") is None:
        pytest.fail("the examples need jq; apt-get install jq")
    before = stack.config["tenants"]

    def run(name, tenants):
        stack.config["tenants"] = [*before, *tenants]
        stack.write_config()
        settings = {"PULUMI_STACK": stack.stack, "KUBECONFIG": str(HOST_KUBECONFIG)}
        done = subprocess.run(
            [EXAMPLES / name / "demo.sh"],
            cwd=ROOT,
            env=stack.environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        assert leaks(done.stdout) == []
        return done.stdout

    yield run
    stack.config["tenants"] = before
    stack.up()


def without_the_internet(registry):
    """The operator of air-gapped.yaml, with this host's registry and the chart of a Go module."""
    operator = yaml.safe_load((EXAMPLES / "crossplane" / "air-gapped.yaml").read_text())
    assert f"{registry['name']}/crossplane-contrib" in operator["registries"]
    address, _, port = registry["address"].partition(":")
    ways = {net: ports for net, ports in operator["networks"].items() if ports != [int(port)]}
    operator["networks"] = ways | {f"{address}/32": [int(port)]}
    operator["chart"] = {"path": str(charts.crossplane())}
    authority, _ = operator["values"]["extraObjects"]
    authority["data"]["ca.crt"] = Path(registry["caFile"]).read_text()
    return operator


def test_debug_pods_show_two_worlds(demo, registry):
    """The registry is there on hosts that have the image of the pods, too."""
    assert registry
    sessions.check("debug-pods", demo("debug-pods", sessions.tenants("debug-pods")))


def test_a_limited_user_installs_packages_and_claims_a_workspace(demo, registry):
    first, *others = sessions.tenants("crossplane")
    first["operators"] = [without_the_internet(registry)]
    sessions.check("crossplane", demo("crossplane", [first, *others]))
