"""Pods die; tenants come back by themselves, and nothing that was acknowledged is lost."""

import http.client
import itertools
import json
import threading
import time

from tests.support.kubectl import eventually

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"


def create(target, name):
    """Create a ConfigMap; True when the server acknowledged it."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    try:
        status, _ = target.request(
            "POST",
            CONFIG_MAPS,
            json.dumps(body),
            headers={"Content-Type": "application/json"},
            seconds=2,  # a connection to a killed pod hears nothing any more: ask on another
        )
    except (OSError, http.client.HTTPException):
        return False
    return status == http.HTTPStatus.CREATED


class Writer:
    """Creates numbered ConfigMaps without a pause and remembers what was acknowledged."""

    def __init__(self, target, prefix):
        self.target, self.prefix, self.acknowledged, self.times = target, prefix, [], []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        number = 0
        while not self._stop.is_set():
            name = f"{self.prefix}-{number}"
            if create(self.target, name):
                self.acknowledged.append(name)
                self.times.append(time.monotonic())
            number += 1

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def gaps(self):
        """Seconds between one acknowledged write and the next."""
        return [after - before for before, after in itertools.pairwise(self.times)]

    def check(self, tenant):
        """Every acknowledged write is there; then they are removed."""
        present = set(tenant.names("configmaps", "-n", "default"))
        assert self.acknowledged
        assert [name for name in self.acknowledged if name not in present] == []
        tenant.run("delete", "configmaps", "-n", "default", "--all", "--wait=false")


def ready_pods(host, tenant):
    """Uids of the tenant's pods that are ready."""
    found = host.json("get", "pods", "-n", f"tenant-{tenant}")["items"]
    return {
        pod["metadata"]["uid"]
        for pod in found
        for condition in pod["status"].get("conditions", [])
        if condition["type"] == "Ready" and condition["status"] == "True"
        if "deletionTimestamp" not in pod["metadata"]
    }


def test_a_killed_apiserver_serves_again_within_ten_seconds(host, targets, tenants):
    """Ten seconds are what the issue promises to users, so they are the limit here."""
    before = ready_pods(host, "acme")
    with Writer(targets["acme"], "survivor") as writer:
        eventually(lambda: len(writer.acknowledged) > 20, "writes before the kill")
        host.run("delete", "pod", "-n", "tenant-acme", "--all", "--grace-period=1", "--wait=false")
        eventually(lambda: ready_pods(host, "acme") - before, "another pod is ready")
        count = len(writer.acknowledged)
        eventually(lambda: len(writer.acknowledged) > count + 20, "writes after the kill")
    assert max(writer.gaps()) < 10
    writer.check(tenants["acme"])


def test_a_killed_etcd_loses_nothing_that_was_acknowledged(host, targets, tenants):
    with Writer(targets["acme"], "a") as first, Writer(targets["globex"], "g") as second:
        for writer in (first, second):
            eventually(lambda w=writer: len(w.acknowledged) > 20, "writes before the kill")
        pod = host.json("get", "pod", "-n", "tenantplane-etcd-shared", "etcd-0")["metadata"]["uid"]
        host.run(
            "delete",
            "pod",
            "-n",
            "tenantplane-etcd-shared",
            "etcd-0",
            "--grace-period=0",
            "--force",
        )
        counts = [len(writer.acknowledged) for writer in (first, second)]
        for writer, count in zip((first, second), counts, strict=True):
            eventually(
                lambda w=writer, c=count: len(w.acknowledged) > c + 5,
                "writes after the kill",
                seconds=90,
            )
    after = host.json("get", "pod", "-n", "tenantplane-etcd-shared", "etcd-0")["metadata"]["uid"]
    assert after != pod
    first.check(tenants["acme"])
    second.check(tenants["globex"])
