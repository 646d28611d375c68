import sys
from datetime import UTC, datetime

import pytest

from core.errors import HostError
from rig.hosts.native import checks
from rig.hosts.native.layout import Layout
from tests.support.marks import ROOT_ON_LINUX

NOW = 1_800_000_000.4
LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/tp-dev"
MICRO_TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
LAYOUT = Layout("dev", 3)


class FakeApi:
    def __init__(self, node, renewed):
        self.answers = {"/api/v1/nodes/tp-dev": node, LEASE: lease(renewed) if renewed else None}

    def get(self, path):
        return self.answers[path]


class Clock:
    """A clock on which only sleeping takes time."""

    now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def lease(seconds):
    return {"spec": {"renewTime": datetime.fromtimestamp(seconds, UTC).strftime(MICRO_TIME)}}


def node(status):
    ready = {"type": "Ready", "status": status, "message": "said"}
    other = {"type": "DiskPressure", "status": "False", "message": ""}
    return {"status": {"conditions": [other, ready]}}


@pytest.mark.parametrize(
    ("found", "renewed", "trouble"),
    [
        (node("True"), NOW + 0.1, None),
        (node("False"), NOW + 0.1, "said"),
        (node("True"), NOW - 0.1, "kubelet has not reported since it started"),
        ({"status": {}}, NOW + 1, "kubelet has not reported yet"),
        (node("True"), None, "it is not registered"),
        (None, None, "it is not registered"),
    ],
)
def test_a_node_is_ready_if_its_kubelet_reports_since_it_started(found, renewed, trouble):
    """After a reboot the API still says Ready, from before (2026-11-23)."""
    assert checks.node_trouble(FakeApi(found, renewed), LAYOUT, NOW) == trouble


def test_waiting_ends_as_soon_as_there_is_no_trouble():
    left = ["one", "two"]
    checks.wait(LAYOUT, lambda: left.pop() if left else None, "it is not ready")
    assert left == []


def test_waiting_ends_with_the_last_trouble(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(checks, "time", clock)
    with pytest.raises(HostError, match="host dev: it is not ready after 120 s, got 'at 120 s'"):
        checks.wait(LAYOUT, lambda: f"at {clock.now:.0f} s", "it is not ready")
    assert clock.now == pytest.approx(checks._PATIENCE_SECONDS, abs=2 * checks._POLL_SECONDS)


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        ("74708180000100010000000000", None),
        ("74708183000100000000000000", "kubernetes.default.svc.cluster.local has no address"),
        ("74708180000100000000000000", "kubernetes.default.svc.cluster.local has no address"),
    ],
    ids=["an address", "no such name", "a name without one"],
)
@ROOT_ON_LINUX
def test_the_question_is_understood_and_the_answer_read(tmp_path, monkeypatch, answer, trouble):
    """Asked for real, over UDP, of a server that is made for it."""
    server = tmp_path / "nsenter"
    server.write_text(
        f"#!{sys.executable}\n"
        "import os, socket, subprocess, sys, threading\n"
        "server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "server.bind(('127.0.0.53', 53))\n"
        "asker = subprocess.Popen([*sys.argv[3:-2], '127.0.0.53', sys.argv[-1]])\n"
        "question, who = server.recvfrom(512)\n"
        "expected = b'\\x0akubernetes\\x07default\\x03svc\\x07cluster\\x05local\\0\\0\\1\\0\\1'\n"
        "assert question[12:] == expected, question\n"
        f"server.sendto(bytes.fromhex('{answer}'), who)\n"
        "sys.exit(asker.wait())\n"
    )
    server.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert checks.names_trouble(LAYOUT) == trouble
