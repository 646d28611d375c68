"""The script in examples/automation, as a platform team would run it."""

import os
import stat
import subprocess
import sys

import pytest

from tests.support.kubectl import Kubectl
from tests.support.pulumi_cli import ROOT


@pytest.fixture
def example(stack, tenants):
    """Run the script on the shared stack."""
    stack.write_config()

    def run(*args):
        return subprocess.run(
            [sys.executable, "-m", "examples.automation.tenant", "--stack", stack.stack, *args],
            cwd=ROOT,
            env=stack.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    yield run
    stack.up()  # whatever happened, the shared stack is as it was


def test_a_script_gives_a_tenant_and_takes_it_back(example, tenants, tmp_path):
    """Its kubeconfig works while the tenant is there; the others never notice."""
    before = {name: one.out("get", "namespaces", "-o", "name") for name, one in tenants.items()}
    file = tmp_path / "initech.yaml"

    added = example("add", "initech", "--kubeconfig", os.fspath(file))
    assert added.returncode == 0, added.stderr
    assert "initech runs Kubernetes 1." in added.stdout
    assert "initech: create initech" in added.stderr
    assert "PRIVATE KEY" not in added.stdout + added.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    initech = Kubectl(file.read_text())
    assert initech.out("get", "--raw", "/readyz") == "ok"
    initech.out("create", "namespace", "from-a-script")

    listed = example("list")
    assert [line.split("\t")[0] for line in listed.stdout.splitlines()] == [
        "acme",
        "globex",
        "initech",
    ]
    again = example("add", "initech", "--kubeconfig", os.fspath(file))
    assert again.returncode == 1
    assert "tenant initech: is in stack e2e already" in again.stderr

    removed = example("remove", "initech")
    assert removed.returncode == 0, removed.stderr
    assert "initech is gone" in removed.stdout
    assert initech.run("get", "--raw", "/readyz", check=False).returncode != 0
    after = {name: one.out("get", "namespaces", "-o", "name") for name, one in tenants.items()}
    assert after == before


def test_a_tenant_that_can_not_be_is_refused_by_name(example, tmp_path):
    """The words of the settings reach the user of the script."""
    file = tmp_path / "none.yaml"
    refused = example("add", "Not_A_Name", "--kubeconfig", os.fspath(file))
    assert refused.returncode == 1
    assert "tenants[2].name" in refused.stderr
    assert not file.exists()
