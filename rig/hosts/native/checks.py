"""checks: whether a host does what it is for, seen now: its node takes pods, its DNS answers.

A status in the API may be from before a crash or a reboot, when nobody is left to correct it.
Not here: whether single processes answer (health.py).
"""

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime

from core.errors import HostError
from rig.hosts.native.api import Api
from rig.hosts.native.layout import CLUSTER_DOMAIN, DNS_SERVICE_ADDRESS, Layout

_PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.05
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_NAME = f"kubernetes.default.svc.{CLUSTER_DOMAIN}"

_ASK_DNS = """
import socket, sys
server, name = sys.argv[1:]
labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
header = bytes.fromhex("7470" "0100" "0001" "0000" "0000" "0000")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(1)
    client.connect((server, 53))
    client.send(header + labels + bytes.fromhex("00" "0001" "0001"))
    answer = client.recv(512)
if answer[3] & 15 or answer[6:8] == bytes(2):
    sys.exit(f"{name} has no address")
"""
"""A question for one A record (RFC 1035 4.1), asked from inside the host's network."""


def wait(layout: Layout, trouble: Callable[[], str | None], what: str) -> None:
    """Wait until there is no trouble.

    Raises:
        HostError: there still is; the message has the last one.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while last := trouble():
        if time.monotonic() > deadline:
            raise HostError(
                f"host {layout.name}: {what} after {_PATIENCE_SECONDS:.0f} s, got {last!r}; see "
                f"the logs in {layout.logs}"
            )
        time.sleep(_POLL_SECONDS)


def node_trouble(client: Api, layout: Layout, since: float) -> str | None:
    """Return why the node takes no pods; None if it does.

    Args:
        client: Of the API server.
        layout: Of the host.
        since: Seconds of the epoch when kubelet started; what it said before does not count.
    """
    node = client.get(f"/api/v1/nodes/{layout.label}")
    lease = client.get(f"{_LEASES}/{layout.label}")
    if not node or not lease:
        return "it is not registered"
    if datetime.fromisoformat(lease["spec"]["renewTime"]).timestamp() < since:
        return "kubelet has not reported since it started"
    for condition in node.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            return None if condition["status"] == "True" else condition["message"]
    return "kubelet has not reported yet"


def names_trouble(layout: Layout) -> str | None:
    """Return why names are not answered; None if they are: CoreDNS, kube-proxy, kernel and all."""
    asked = subprocess.run(
        ["nsenter", f"--net={layout.network_namespace}", "--", sys.executable, "-I", "-c", _ASK_DNS,
         DNS_SERVICE_ADDRESS, _NAME],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    said = asked.stderr.strip().splitlines()
    return None if asked.returncode == 0 else (said or ["no word"])[-1]
