"""Restarts in the middle of a write storm: nothing that was acknowledged is lost, on any store."""

import http.client
import os
import signal
from pathlib import Path

import pytest

from rig.hosts.native import NativeHost
from rig.hosts.native.layout import Layout
from rig.progress import Silent
from tests.e2e.conftest import HOST
from tests.support.kube_api import KubeApi
from tests.support.kubectl import Kubectl, eventually
from tests.support.writer import Writer

_WRITES = 200


def _storm(target, kubeconfig, prefix, disturb):
    with Writer(target, prefix) as writer:
        eventually(lambda: len(writer.acknowledged) > _WRITES, "writes begin")
        disturb()
        before = len(writer.acknowledged)
        eventually(lambda: len(writer.acknowledged) > before + _WRITES, "writes go on", seconds=90)
    writer.check(Kubectl(kubeconfig))


def test_a_killed_control_plane_loses_nothing(host, on_stores, kind, target):
    """And a watch from a revision that the new one never saw is told to list again."""
    maps = "/api/v1/namespaces/default/configmaps"
    old = KubeApi(target).get(maps).version
    tenant = target.name.partition(".")[0]
    kill = ("delete", "pod", "-n", f"tenant-{tenant}", "--force", "--grace-period=0")
    selector = "app.kubernetes.io/name=control-plane"
    _storm(target, on_stores[kind], "pod", lambda: host.run(*kill, "-l", selector))
    events = list(KubeApi(target).watch(maps, f"resourceVersion={old}", seconds=3))
    assert [event["type"] for event in events] == ["ERROR"]
    assert events[0]["object"]["code"] == http.HTTPStatus.GONE


@pytest.mark.parametrize("kind", ["dedicated"])
def test_a_killed_store_loses_nothing(host, on_stores, kind, target):
    kill = ("delete", "pod", "-n", "tenant-on-dedicated", "etcd-0", "--force", "--grace-period=0")
    _storm(target, on_stores[kind], "store", lambda: host.run(*kill))


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_killed_sql_server_loses_nothing(on_stores, kind, target):
    """All of its processes at once, as by a loss of power; `rig up` brings it back."""
    if os.geteuid() or not Layout(HOST, 0).root.exists():
        pytest.skip("SQL servers run beside a native host, as root")
    if kind not in on_stores:
        pytest.skip(f"no {kind} beside the host; `rig up --sql` brings it")

    def kill():
        (pid,) = [part.pid for part in NativeHost(HOST).status() if part.name == kind]
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            os.kill(one, signal.SIGKILL)
        NativeHost(HOST).up(Silent())

    _storm(target, on_stores[kind], kind, kill)
