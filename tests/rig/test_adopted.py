"""`make up` and `make down` on a cluster that somebody has already, in a checkout of its own."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rig.hosts.native.layout import Layout
from tests.rig.test_make import ROW, TENANTS, printed, sh
from tests.support.kubectl import Kubectl, eventually
from tests.support.pulumi_cli import ROOT

pytestmark = pytest.mark.processes

HOST = "theirs"
KUBECONFIG = Layout(HOST, 0).root / "kubeconfig"


def rig(verb):
    subprocess.run([sys.executable, "-m", "rig", verb, "--host", HOST], cwd=ROOT, check=True)


@pytest.fixture(scope="module")
def cluster():
    """A cluster with nothing of ours in it."""
    try:
        rig("up")
        yield Kubectl(KUBECONFIG.read_text())
    finally:
        rig("down")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The files of this one, without what it remembers of its own stack and host."""
    folder = tmp_path_factory.mktemp("checkout")
    files = f"git ls-files -z | xargs -0 cp --parents --preserve=mode,timestamps -t {folder}"
    sh(f"{files} && ln -s {shlex.quote(str(Path(ROOT, '.venv')))} {folder}/.venv")
    return folder


def test_a_cluster_is_adopted_used_and_left_as_it_was(cluster, checkout, tmp_path):
    before = cluster.inventory()
    try:
        said = sh(f"make up HOST_KUBECONFIG={KUBECONFIG}", checkout)
        assert "host dev: adopted, because" in said
        assert {row[0] for row in ROW.findall(said)} == TENANTS
        line = next(one for one in said.splitlines() if one.startswith("make kubeconfig"))
        assert "customresourcedefinitions" in printed(line, tmp_path, checkout)
        assert "host dev: adopted, as it was brought up" in sh("make up", checkout)
    finally:
        down = sh("make down", checkout)
    assert "the cluster itself stays" in down
    eventually(lambda: cluster.inventory() == before, "the cluster as it was")
