"""Restarts in the middle of a write storm: nothing that was acknowledged is lost, on any store."""

import http.client

import pytest

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
