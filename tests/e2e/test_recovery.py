"""Pods die; tenants come back by themselves, and nothing that was acknowledged is lost."""

from tests.support.kubectl import eventually
from tests.support.writer import Writer


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
