"""Restarts in the middle of a write storm: nothing that was acknowledged is lost, on any store."""

import pytest

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
    tenant = target.name.partition(".")[0]
    kill = ("delete", "pod", "-n", f"tenant-{tenant}", "--force", "--grace-period=0")
    selector = "app.kubernetes.io/name=control-plane"
    _storm(target, on_stores[kind], "pod", lambda: host.run(*kill, "-l", selector))


@pytest.mark.parametrize("kind", ["dedicated"])
def test_a_killed_store_loses_nothing(host, on_stores, kind, target):
    kill = ("delete", "pod", "-n", "tenant-on-dedicated", "etcd-0", "--force", "--grace-period=0")
    _storm(target, on_stores[kind], "store", lambda: host.run(*kill))
