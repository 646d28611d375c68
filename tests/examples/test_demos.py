"""The examples' scripts and their READMEs say the same; tests/e2e/operators runs both for real."""

import os
import re
import subprocess

import pytest
import yaml

from core import settings
from docs import console
from tests.support import sessions
from tests.support.sessions import EXAMPLES

DEMOS = sorted(path.parent.name for path in EXAMPLES.glob("*/demo.sh"))

_PRETENDED = """\
#!/bin/sh
case "$*" in
    "get nodes" | "get pods -A" | *"get namespace team-rockets") exit {refused} ;;
esac
"""


def pretended(folder, *, refused):
    """Run every command of a script without doing anything; some are refused."""
    folder.mkdir()
    for name in ("kubectl", "pulumi", "jq"):
        program = folder / name
        program.write_text(_PRETENDED.format(refused=refused))
        program.chmod(0o755)
    return os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture
def run(tmp_path):
    """Run a script in a checkout of its own, into which it writes kubeconfigs."""

    def demo(name, refused):
        checkout = tmp_path / "checkout"
        (checkout / ".tenantplane").mkdir(parents=True)
        (checkout / "examples").mkdir()
        (checkout / "examples" / name).symlink_to(EXAMPLES / name)
        return subprocess.run(
            [checkout / "examples" / name / "demo.sh"],
            env=pretended(tmp_path / "bin", refused=refused),
            capture_output=True,
            text=True,
            check=False,
        )

    return demo


def test_there_are_two():
    assert DEMOS == ["crossplane", "debug-pods"]


@pytest.mark.parametrize("name", DEMOS)
def test_the_script_runs_the_commands_that_the_page_shows(name, run):
    done = run(name, refused=1)
    assert done.returncode == 0, done.stdout + done.stderr
    commands = [step.command for step in console.steps(done.stdout)]
    assert commands == [step.command for step in sessions.shown(name)]


def test_a_script_ends_where_something_is_allowed_that_must_not_be(run):
    done = run("crossplane", refused=0)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-2:] == [
        "$ kubectl get nodes",
        "was allowed: kubectl get nodes",
    ]


@pytest.mark.parametrize("name", DEMOS)
def test_its_stack_can_be(name):
    document = yaml.safe_load((EXAMPLES / name / "Pulumi.dev.yaml").read_text())["config"]
    found = settings.parse({key.partition(":")[2]: value for key, value in document.items()})
    assert all(tenant.operators or tenant.users for tenant in found.tenants)


@pytest.mark.parametrize("name", DEMOS)
def test_the_page_shows_the_tenants_of_the_stack(name):
    (block, *_) = re.findall(r"(?ms)^```yaml\n(.*?)^```$", sessions.readme(name).read_text())
    assert yaml.safe_load(block)["tenantplane:tenants"] == sessions.tenants(name)


def test_the_operator_without_the_internet_is_the_one_with_it_and_more():
    """What is different is where things come from."""
    apart = yaml.safe_load((EXAMPLES / "crossplane" / "air-gapped.yaml").read_text())
    (operator,) = sessions.tenants("crossplane")[0]["operators"]
    assert apart["networks"].items() >= operator.pop("networks").items()
    assert apart.items() >= operator.items()


def test_what_is_another_one_each_time_is_masked():
    lines = [
        "kubedebug-7b687c9f85-p864f       1/1     Running   0          6m4s",
        "provider-kubernetes-c1aeebce1879-5c459b9897-tsqfv   1/1   Running   1 (1s ago)   18s",
        "rockets-a9de41a03004   Namespace   elsewhere   True   True   4s",
        "rovers.example.org   Namespaced   v1(storage)   2026-11-30T14:44:14Z",
        'workspace.example.org "rockets" deleted from default namespace',
    ]
    assert sessions.masked(lines) == [
        "kubedebug-<pod> 1/1 Running <restarts> <age>",
        "provider-kubernetes-<hash>-<pod> 1/1 Running <restarts> <age>",
        "rockets-<hash> Namespace elsewhere True True <age>",
        "rovers.example.org Namespaced v1(storage) <time>",
        'workspace.example.org "rockets" deleted',
    ]
