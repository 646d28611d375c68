"""The rule for pods against Kubernetes' own fixtures for the Pod Security Standard."""

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from policy.declared import Declared
from policy.rules.restricted import unrestricted
from rig import build, toolchain

pytestmark = pytest.mark.processes

MODULE = "k8s.io/pod-security-admission"
WINDOWS = "base_windows"
"""Nodes of tenantplane run Linux: the rule has no exceptions for other pods."""


@pytest.fixture(scope="module")
def fixtures():
    """Folder of the fixtures, in the Go module that the host's API server is compiled with."""
    done = subprocess.run(
        ["go", "mod", "download", "-json", MODULE],
        cwd=Path(toolchain.__file__).parent / "kube",
        env=build.go_environment(),
        capture_output=True,
        check=True,
    )
    return Path(json.loads(done.stdout)["Dir"], "test", "testdata", "restricted", "v1.37")


def faults(file):
    pod = yaml.safe_load(file.read_text())
    pod["metadata"]["namespace"] = "tenant-acme"
    return list(unrestricted(Declared("kubernetes:core/v1:Pod", file.stem, pod)))


@pytest.mark.parametrize("verdict", ["pass", "fail"])
def test_it_decides_as_kubernetes_does(fixtures, verdict):
    files = [one for one in (fixtures / verdict).glob("*.yaml") if one.stem != WINDOWS]
    assert len(files) > 20
    wrong = {file.name: faults(file) for file in files if bool(faults(file)) != (verdict == "fail")}
    assert wrong == {}
