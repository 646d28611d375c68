"""What README promises, by the commands that stand in it: to a newcomer, to who has a cluster.

The newcomer's host is named dev: skipped where there is one, or anything else of somebody's.
"""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from rig.hosts.native.layout import Layout
from tests.support import newcomer
from tests.support.kubectl import Kubectl, eventually
from tests.support.native_host import machine
from tests.support.pulumi_cli import ROOT

pytestmark = pytest.mark.processes

_SECONDS = 900
ROW = re.compile(r"^(\S+) +(https://\S+) +(\d+\.\d+\.\d+) +(\d+\.\d) s$", re.MULTILINE)

THEIRS = "theirs"
"""The cluster that somebody has."""
KUBECONFIG = Layout(THEIRS, 0).root / "kubeconfig"


TENANTS = {
    tenant["name"]
    for tenant in yaml.safe_load(Path(ROOT, "Pulumi.dev.yaml").read_text())["config"][
        "tenantplane:tenants"
    ]
}


def sh(command, folder=ROOT):
    """A command line as a person types it, in a shell that `make test` did not start."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=plain,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=True,
    ).stdout


def printed(line, files, folder=ROOT):
    """What a line that `make up` printed says, its files put where `files` is."""
    moved = re.sub(r"(\w+\.yaml)", rf"{shlex.quote(str(files))}/\1", line)
    return sh(f'eval "$(make env)"; {moved}', folder)


@pytest.fixture(scope="module")
def made():
    """What `make up` says."""
    if why := newcomer.obstacle():
        pytest.skip(why)
    before, config = machine("dev"), Path(ROOT, "Pulumi.dev.yaml").read_text()
    try:
        yield sh("make up")
    finally:
        sh("make down")
    assert machine("dev") == before
    assert Path(ROOT, "Pulumi.dev.yaml").read_text() == config


def test_it_ends_with_each_tenants_address_version_and_time(made):
    rows = {row[0]: row[1:] for row in ROW.findall(made)}
    assert set(rows) == TENANTS
    assert "host dev: native, because" in made
    assert "pulumi: " in made


def test_the_lines_that_it_prints_work(made, tmp_path):
    lines = [line for line in made.splitlines() if line.startswith("make kubeconfig TENANT=")]
    assert len(lines) == len(TENANTS)
    for line in lines:
        assert "customresourcedefinitions" in printed(line, tmp_path)


def test_plain_pulumi_works(made):
    shown = sh('eval "$(make env)"; pulumi stack output kubeconfigs --show-secrets --json')
    assert set(json.loads(shown)) == TENANTS
    assert "unchanged" in sh('eval "$(make env)"; pulumi preview --expect-no-changes')


def rig(verb):
    subprocess.run([sys.executable, "-m", "rig", verb, "--host", THEIRS], cwd=ROOT, check=True)


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
