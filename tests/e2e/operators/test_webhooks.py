"""Webhooks of a real operator, served from the host: the Prometheus operator's, in two versions."""

import json

from tests.e2e.operators.conftest import OLDER, OPS
from tests.support import prometheus
from tests.support.kubectl import eventually

ALERTMANAGER = {
    "apiVersion": "monitoring.coreos.com/v1alpha1",
    "kind": "AlertmanagerConfig",
    "metadata": {"name": "routes", "namespace": "default"},
    "spec": {
        "route": {
            "receiver": "nobody",
            "matchers": [{"name": "team", "value": "a.*", "regex": True}],
        },
        "receivers": [{"name": "nobody"}],
    },
}


def test_a_good_object_passes_and_a_bad_one_is_refused_in_the_operators_words(ops):
    ops.apply(prometheus.rule("up == 0"))
    refused = ops.apply(prometheus.rule("up == ((", "bad"), check=False)
    assert refused.returncode != 0
    assert "could not parse expression" in refused.stderr


def test_a_kind_with_two_versions_is_converted(ops):
    """v1alpha1 says `regex: true`, v1beta1 says `matchType: =~`: only the operator knows."""
    ops.apply(ALERTMANAGER)
    path = "/apis/monitoring.coreos.com/v1beta1/namespaces/default/alertmanagerconfigs/routes"
    converted = json.loads(ops.out("get", "--raw", path))
    assert converted["spec"]["route"]["matchers"] == [
        {"name": "team", "value": "a.*", "matchType": "=~"}
    ]


def test_two_tenants_have_two_versions_of_the_operator_and_of_its_kinds(host, ops, older):
    def schema(tenant):
        return tenant.json("get", "crd", "alertmanagerconfigs.monitoring.coreos.com")["spec"]

    def image(name):
        found = host.json("get", "deploy", "-n", f"tenant-{name}", prometheus.SERVICE)
        return found["spec"]["template"]["spec"]["containers"][0]["image"]

    assert schema(ops)["versions"] != schema(older)["versions"]
    assert image(OPS).endswith(":v0.92.1")
    assert image(OLDER).endswith(":v0.91.0")
    older.apply(prometheus.rule("up == 0"))


def test_without_its_pods_the_tenant_says_what_is_missing_and_recovers(host, older):
    """FailurePolicy Fail: nothing is written that nobody has judged."""
    scale = ("scale", "deploy", prometheus.SERVICE, "-n", f"tenant-{OLDER}")
    host.run(*scale, "--replicas=0")
    try:
        said = eventually(
            lambda: older.apply(prometheus.rule("up == 1", "later"), check=False).stderr,
            "refused while nobody answers",
        )
        assert "failed calling webhook" in said
        assert prometheus.SERVICE in said
    finally:
        host.run(*scale, "--replicas=1")
    eventually(
        lambda: older.apply(prometheus.rule("up == 1", "later"), check=False).returncode == 0,
        "taken again",
        seconds=60,
    )


def test_it_reads_what_the_tenant_has_now(host, ops):
    """A Secret that is changed in the tenant is changed on the host, where the pod mounts it."""
    name, namespace = "admission-webhook-certs", prometheus.NAMESPACE
    ops.run("patch", "secret", name, "-n", namespace, "-p", '{"stringData":{"note":"renewed"}}')
    copy = ("get", "secret", f"{namespace}.{name}", "-n", f"tenant-{OPS}")
    eventually(
        lambda: "note" in host.json(*copy)["data"], "the copy has what was added", seconds=30
    )
