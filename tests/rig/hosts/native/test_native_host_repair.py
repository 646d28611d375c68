"""Real native hosts, mistreated: killed, halved, rebooted. Needs root on Linux."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import HostError
from rig.hosts.native import NativeHost, isolation, processes, state, teardown
from rig.hosts.native.layout import Layout
from rig.progress import Silent
from tests.support.marks import ROOT_ON_LINUX
from tests.support.native_host import (
    answers,
    apply,
    claim,
    kubectl,
    machine,
    namespace,
    number,
    output,
    pod,
    ready,
    until,
)

PROJECT = Path(__file__).parents[4]

pytestmark = [
    pytest.mark.processes,
    ROOT_ON_LINUX,
]


def test_what_died_is_restarted_and_the_rest_is_left_alone(host):
    before = {part.name: part.pid for part in host.status()}
    for victim in ("kube-scheduler", "kube-router", "provisioner"):
        os.kill(before[victim], signal.SIGKILL)
    report = Silent()
    host.up(report)
    after = {part.name: part.pid for part in host.status() if part.healthy}
    assert {name for name in before if after[name] != before[name]} == {
        "kube-scheduler",
        "kube-router",
        "provisioner",
    }
    assert sum("was restarted: it had ended" in line for line in report.said) == 3


def test_the_store_and_the_runtime_may_be_killed_under_running_pods(host):
    """Pods outlive both, and the API server finds etcd again."""
    namespace(host, "killed")
    apply(host, pod("survivor", "killed"))
    ready(host, "killed", "survivor")
    uid = kubectl(host, "get", "pod", "survivor", "-n", "killed", "-o=jsonpath={.status}")
    started = json.loads(uid)["containerStatuses"][0]["state"]["running"]["startedAt"]
    pids = {part.name: part.pid for part in host.status()}
    for victim in ("etcd", "containerd", "kubelet"):
        os.kill(pids[victim], signal.SIGKILL)
    host.up(Silent())
    ready(host, "killed", "survivor")
    status = kubectl(host, "get", "pod", "survivor", "-n", "killed", "-o=jsonpath={.status}")
    (container,) = json.loads(status)["containerStatuses"]
    assert container["restartCount"] == 0
    assert container["state"]["running"]["startedAt"] == started
    kubectl(host, "delete", "namespace", "killed", "--wait=false")


def test_an_up_that_is_killed_at_any_time_is_repaired_by_the_next(name):
    """The kill comes between any two steps, and leaves halves of all sorts behind."""
    program = (
        "from rig.hosts.native import NativeHost; from rig.progress import Silent; "
        f"NativeHost({name!r}).up(Silent())"
    )
    for seconds in (0.35, 0.5, 0.7, 0.9, 1.3, 2.0, 3.0, 4.5):
        with subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT) as up:
            time.sleep(seconds)
            up.kill()
    host = NativeHost(name)
    host.up(Silent())
    assert [part.name for part in host.status() if not part.healthy] == []
    recorded = {part.pid for part in host.status()}
    layout = Layout(name, 0)
    started = Path(layout.run, "bin")
    running = [
        one.pid
        for one in processes.in_network_namespace(layout.network_namespace)
        if Path(f"/proc/{one.pid}/cmdline").read_text().startswith(str(started))
    ]
    assert set(running) == recorded  # no stray twin of a component


def test_down_cleans_up_after_a_killed_up_and_without_a_state(name):
    before = machine(name)
    host = NativeHost(name)
    host.up(Silent())
    namespace(host, "some")
    apply(host, pod("some", "some"))
    ready(host, "some", "some")
    Layout(name, 0).state.unlink()
    host.down(Silent())
    assert machine(name) == before


def test_what_is_in_no_state_is_not_built_upon(name):
    """A namespace of that name may be anybody's, and `up` would end the processes in it."""
    output("ip", "netns", "add", f"tp-{name}")
    try:
        with pytest.raises(HostError, match=f"python -m rig down --host {name}"):
            NativeHost(name).up(Silent())
    finally:
        output("ip", "netns", "delete", f"tp-{name}")


def test_lost_namespaces_are_made_again(name):
    """Somebody deletes the network namespace of a running host: all starts anew in a new one."""
    host = NativeHost(name)
    host.up(Silent())
    output("ip", "netns", "delete", f"tp-{name}")
    host.up(Silent())
    assert [part.name for part in host.status() if not part.healthy] == []
    until(lambda: len(kubectl(host, "get", "nodes", "-o=name").split()) == 1, "one node")


def test_a_host_comes_back_after_a_reboot_with_its_data(name, monkeypatch):
    """A reboot takes processes, mounts and namespaces, and leaves the disk as it was."""
    host = NativeHost(name)
    host.up(Silent())
    namespace(host, "kept")
    apply(host, claim("data", "kept"), pod("db", "kept", claim="data"))
    ready(host, "kept", "db")
    kubectl(host, "exec", "-n", "kept", "db", "--", "etcdctl", "put", "kept", "yes")

    layout = Layout(name, number(host))
    teardown.end_processes(layout)
    isolation.remove_namespaces(layout)
    monkeypatch.setattr(processes, "boot", lambda: "the next boot")

    host.up(Silent())
    until(lambda: answers(host, "kept", "db", "http://localhost:2379"), "the pod runs again", 60)
    found = kubectl(host, "exec", "-n", "kept", "db", "--", "etcdctl", "get", "kept")
    assert found.split() == ["kept", "yes"]


def test_two_ups_of_one_host_do_not_meet(name):
    with state.lock(f"host-{name}"), pytest.raises(HostError, match=f"got pid {os.getpid()}"):
        NativeHost(name).up(Silent())
