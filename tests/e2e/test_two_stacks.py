"""A stack of tenants on a host that another stack declared; its tenant has two pods."""

import copy
import json

import pytest

from tests.support.kubectl import Kubectl, eventually
from tests.support.probe import Probe, Target
from tests.support.pulumi_cli import PulumiCli, errors

HOOLI = {"name": "hooli", "replicas": 2, "profile": "medium"}


@pytest.fixture(scope="module")
def tenants_stack(stack, tmp_path_factory):
    """A second stack, of kind tenants, beside the shared one."""
    config = {
        "kind": "tenants",
        "hostStack": f"organization/tenantplane/{stack.stack}",
        "tenants": [HOOLI],
    }
    folder = tmp_path_factory.mktemp("tenants")
    with PulumiCli(folder, "e2e-tenants", config, beside=stack) as cli:
        try:
            cli.up("--diff")
            yield cli
        finally:
            cli.run("destroy", "--yes", "--skip-preview", check=False)


def test_tenants_of_another_stack_share_the_host(stack, tenants_stack):
    """All that the second stack knows of the host is what the first exports."""
    outputs = tenants_stack.outputs()
    assert outputs["endpoints"]["hooli"] == stack.outputs()["endpoints"]["acme"]
    hooli = Kubectl(outputs["kubeconfigs"]["hooli"])
    hooli.out("create", "namespace", "of-hooli")
    acme = Kubectl(stack.kubeconfig("acme"))
    assert "of-hooli" in hooli.names("namespaces")
    assert "of-hooli" not in acme.names("namespaces")


def test_neither_stack_changes_what_the_other_has(stack, tenants_stack):
    tenants_stack.up("--expect-no-changes")
    stack.up("--expect-no-changes")


def urns(state):
    return {resource["urn"] for resource in json.loads(state)["deployment"]["resources"]}


def ready_pods(host):
    """Names of hooli's pods that are ready and stay."""
    found = host.json("get", "pods", "-n", "tenant-hooli")["items"]
    return [
        pod["metadata"]["name"]
        for pod in found
        for condition in pod["status"].get("conditions", [])
        if condition["type"] == "Ready" and condition["status"] == "True"
        if "deletionTimestamp" not in pod["metadata"]
    ]


def test_two_replicas_serve_while_each_of_them_is_deleted(tenants_stack, host):
    """One after the other, so that the one that leads goes too; not one request fails."""
    pods = ready_pods(host)
    assert len(pods) == 2
    with Probe(Target(tenants_stack.kubeconfig("hooli"))) as probe:
        for pod in pods:
            host.run("delete", "pod", "-n", "tenant-hooli", pod)  # returns when it is gone
            eventually(lambda: len(ready_pods(host)) == 2, "two pods again", seconds=60)
        assert not set(pods) & set(ready_pods(host))
    probe.check()


@pytest.mark.parametrize("command", ["preview", "up"])
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            {"tenants": [HOOLI, {"name": "lost", "datastore": "archive"}]},
            ["tenants[1].datastore:", "tenant lost", "got 'archive'", "use shared"],
        ),
        (
            {"etcd": {"archive": {}}},
            ["etcd:", "belongs to the host", "set it in the stack that hostStack names"],
        ),
    ],
    ids=["a store that the host has not", "a store of its own"],
)
def test_what_the_host_has_not_is_refused(tenants_stack, host, command, change, expected):
    """The stores are those of the host's stack: only its outputs tell that one is missing."""
    before, state = host.inventory(), tenants_stack.export()
    right = copy.deepcopy(tenants_stack.config)
    tenants_stack.config |= change
    try:
        result = getattr(tenants_stack, command)(check=False)
    finally:
        tenants_stack.config = right
        tenants_stack.write_config()
    assert result.returncode
    (messages,) = errors(result).values()
    assert [text for text in messages if all(part in text for part in expected)], messages
    assert host.inventory() == before
    assert urns(tenants_stack.export()) == urns(state)


def test_a_tenant_that_goes_leaves_nothing_on_the_shared_host(tenants_stack, host, etcdctl):
    tenants_stack.config["tenants"] = []
    tenants_stack.up()
    assert etcdctl("get", "/t/hooli/", "--prefix", "--keys-only").stdout.split() == []
    assert "tenant-hooli" not in host.names("namespaces")
