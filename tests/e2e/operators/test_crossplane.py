"""Crossplane in a tenant: what it installs inside runs on the host, and a claim becomes real.

The objects are those of examples/crossplane, in its words. provider-kubernetes makes its own in
another tenant, globex.
"""

import pytest

from tests.e2e.operators.conftest import OPS, pod_of_operator
from tests.support import crossplane
from tests.support.crossplane import NAMESPACE, WORKSPACE
from tests.support.kubectl import eventually


@pytest.fixture(scope="module")
def workspace(ops, packages, operated):
    """The example's Workspace, Ready."""
    crossplane.claim(ops, operated.kubeconfig("globex"))


def test_packages_run_on_the_host_and_are_healthy_in_the_tenant(host, ops, packages):
    installed = ops.names("deployments", "-n", NAMESPACE)
    assert sorted(name.rpartition("-")[0] for name in installed) == [
        "function-pythonic",
        "provider-kubernetes",
    ]
    on_host = host.names("deployments", "-n", f"tenant-{OPS}")
    assert set(installed) <= set(on_host)
    assert ops.out("get", "pods", "-A", "-o", "name") == ""


def test_what_runs_is_wired_as_any_operator(host, ops, packages):
    (name,) = (one for one in ops.names("deployments", "-n", NAMESPACE) if "provider" in one)
    deployment = host.json("get", "deploy", name, "-n", f"tenant-{OPS}")
    spec = deployment["spec"]["template"]["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["serviceAccountName"] == f"{NAMESPACE}.{name}"
    assert spec["priorityClassName"] == "tenantplane-operators"
    assert spec["securityContext"]["runAsNonRoot"] is True


def test_a_claim_becomes_ready_and_its_objects_are_in_the_other_tenant(workspace, ops, tenants):
    assert tenants["globex"].json("get", "cm", "welcome", "-n", "team-rockets")["data"] == {
        "text": "Hello, rockets!"
    }
    status = ops.json("get", *WORKSPACE)["status"]
    assert status["namespace"] == "team-rockets"


def test_what_is_composed_is_owned(workspace, ops):
    owner = ops.json("get", *WORKSPACE)["metadata"]["uid"]
    composed = ops.json("get", "objects.kubernetes.m.crossplane.io", "-n", "default")["items"]
    assert len(composed) == 2
    for one in composed:
        assert owner in {each["uid"] for each in one["metadata"]["ownerReferences"]}


def test_only_what_is_needed_is_activated(packages, ops):
    listed = ops.json("get", "managedresourcedefinitions")["items"]
    active = {one["metadata"]["name"] for one in listed if one["spec"]["state"] == "Active"}
    assert active == {"objects.kubernetes.m.crossplane.io"}


def test_a_limited_user_sees_crossplane_and_no_machinery(workspace, editor):
    assert "rockets" in editor.out("get", "workspaces", "-n", "default")
    assert "provider-kubernetes" in editor.out("get", "providers")
    for hidden in (("get", "nodes"), ("get", "pods", "-A")):
        assert "Forbidden" in editor.refused(*hidden)


def test_crossplanes_own_webhook_answers_from_the_host(workspace, ops):
    """It refuses to change what a definition's objects would be lost by."""
    patch = '{"spec":{"group":"elsewhere.example.org"}}'
    said = ops.refused("patch", "xrd", "workspaces.example.org", "--type=merge", "-p", patch)
    assert "immutable" in said


def test_a_package_from_elsewhere_is_refused_and_says_so(ops, registry, packages):
    """The tenant's user reads why in the package's own condition."""
    image = f"{registry['name']}/crossplane-contrib/provider-kubernetes:v1.2.1"
    runtime = {
        "apiVersion": "pkg.crossplane.io/v1beta1",
        "kind": "DeploymentRuntimeConfig",
        "metadata": {"name": "elsewhere"},
        "spec": {
            "deploymentTemplate": {
                "spec": {
                    "selector": {},
                    "template": {
                        "spec": {
                            "containers": [
                                {
                                    "name": "package-runtime",
                                    "image": "registry.example.com/miner:v1",
                                }
                            ]
                        }
                    },
                }
            }
        },
    }
    ops.apply(runtime)
    function = {
        "apiVersion": "pkg.crossplane.io/v1",
        "kind": "Function",
        "metadata": {"name": "miner"},
        "spec": {
            "package": image.replace("provider-kubernetes:v1.2.1", "function-pythonic:v0.1.4"),
            "runtimeConfigRef": {"name": "elsewhere"},
        },
    }
    ops.apply(function)
    try:
        said = eventually(
            lambda: "comes from elsewhere" in ops.out("get", "functionrevisions", "-o", "yaml"),
            "the refusal in a condition",
            seconds=60,
        )
        assert said
    finally:
        ops.run("delete", "function", "miner")
        ops.run("delete", "deploymentruntimeconfig", "elsewhere")


def test_deleting_a_claim_cascades(workspace, ops, tenants):
    ops.run("delete", *WORKSPACE, timeout=120)
    eventually(
        lambda: not ops.names("objects.kubernetes.m.crossplane.io", "-A"),
        "composed ones",
        seconds=60,
    )
    gone = tenants["globex"].run("get", "cm", "welcome", "-n", "team-rockets", check=False)
    assert gone.returncode != 0


def test_an_uninstalled_package_leaves_the_host(host, ops, packages):
    """The last of this file: the mirror takes away what the package manager took away."""
    (name,) = (one for one in ops.names("deployments", "-n", NAMESPACE) if "function" in one)
    pod_of_operator(host, OPS, "crossplane")
    ops.run("delete", "function", "function-pythonic")
    eventually(
        lambda: name not in host.names("deployments", "-n", f"tenant-{OPS}"), "gone", seconds=60
    )
    assert f"{NAMESPACE}.{name}" not in host.names("serviceaccounts", "-n", f"tenant-{OPS}")
