"""What an operator's pods live through: each comes back by itself and works again."""

import json
import os
import signal
import subprocess
import sys

from tests.e2e.conftest import HOST
from tests.e2e.operators.conftest import OPS, pod_of_operator
from tests.support import prometheus
from tests.support.kubectl import eventually
from tests.support.pulumi_cli import ROOT


def is_served(ops, name):
    """The webhook judges: a bad rule is refused in its own words."""
    refused = ops.apply(prometheus.rule("up == ((", f"bad-{name}"), check=False)
    return "could not parse expression" in refused.stderr


def reconciles(ops, name):
    """Crossplane's core works: a definition that is new becomes a kind that is served."""
    ops.apply(
        {
            "apiVersion": "apiextensions.crossplane.io/v2",
            "kind": "CompositeResourceDefinition",
            "metadata": {"name": f"{name}s.recovery.example.org"},
            "spec": {
                "group": "recovery.example.org",
                "names": {"kind": name.capitalize(), "plural": f"{name}s"},
                "scope": "Namespaced",
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "referenceable": True,
                        "schema": {"openAPIV3Schema": {"type": "object"}},
                    }
                ],
            },
        }
    )
    xrd = f"{name}s.recovery.example.org"
    ops.run("wait", "xrd", xrd, "--for=condition=Established", "--timeout=120s", timeout=150)
    ops.run("delete", "xrd", xrd, timeout=120)


def test_pods_that_are_killed(host, ops, operated):
    for operator in ("prometheus", "crossplane"):
        label = f"tenantplane.dev/operator={operator}"
        host.run(
            "delete", "pods", "-n", f"tenant-{OPS}", "-l", label, "--grace-period=0", "--force"
        )
    eventually(lambda: is_served(ops, "killed"), "the webhook judges", seconds=90)
    reconciles(ops, "kill")


def test_an_api_server_that_restarts(host, ops, operated):
    pod = ("delete", "pod", "-n", f"tenant-{OPS}", "-l", "app.kubernetes.io/name=control-plane")
    host.run(*pod, "--grace-period=1")
    eventually(lambda: is_served(ops, "restarted"), "the webhook judges", seconds=90)
    reconciles(ops, "restart")


def test_a_container_runtime_that_restarts(host, ops, operated, node):
    """Containerd is killed, and started again as after an upgrade; pods go on meanwhile."""
    before = pod_of_operator(host, OPS, "prometheus")["metadata"]["uid"]
    processes = json.loads(node.state.read_text())["processes"]
    os.kill(processes["containerd"]["identity"]["pid"], signal.SIGKILL)
    command = [sys.executable, "-m", "rig", "up", "--host", HOST]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    eventually(lambda: is_served(ops, "runtime"), "the webhook judges", seconds=90)
    assert pod_of_operator(host, OPS, "prometheus")["metadata"]["uid"] == before
    reconciles(ops, "runtime")
