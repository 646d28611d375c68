"""The few controllers of a tenant do their work; those that it has not, don't."""

import base64
import json
import time

import pytest

from tests.support.kubectl import eventually


@pytest.fixture
def namespace(tenants):
    acme = tenants["acme"]
    acme.run("create", "namespace", "controllers")
    yield "controllers"
    acme.run("delete", "namespace", "controllers", check=False)


def test_a_deleted_namespace_ends(tenants):
    acme = tenants["acme"]
    acme.run("create", "namespace", "short-lived")
    acme.run("create", "configmap", "inside", "-n", "short-lived", "--from-literal=a=b")
    acme.run("delete", "namespace", "short-lived", "--wait=true", "--timeout=30s")
    assert "short-lived" not in acme.names("namespaces")


def test_owned_objects_go_with_their_owner(tenants, namespace):
    acme = tenants["acme"]
    acme.run("create", "configmap", "owner", "-n", namespace)
    uid = acme.out("get", "configmap", "owner", "-n", namespace, "-o", "jsonpath={.metadata.uid}")
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    acme.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "owned", "namespace": namespace, "ownerReferences": [owner]},
        }
    )
    acme.run("delete", "configmap", "owner", "-n", namespace)
    eventually(
        lambda: "owned" not in acme.names("configmaps", "-n", namespace), "the owned object is gone"
    )


def test_kinds_without_a_watch_cache_work_as_ever(host, tenants, namespace):
    """Seen by the garbage collector and by a watch; none of them is a slip of the pen."""
    acme = tenants["acme"]
    deployment = host.json("get", "deploy/control-plane", "-n", "tenant-acme")
    pod = deployment["spec"]["template"]["spec"]
    arguments = [arg for one in pod["initContainers"] for arg in one["args"]]
    (sizes,) = [arg.partition("=")[2] for arg in arguments if arg.startswith("--watch-cache-sizes")]
    uncached = {one.removesuffix("#0") for one in sizes.split(",")}
    verbs = "create,delete,list,watch"
    assert uncached <= set(acme.out("api-resources", f"--verbs={verbs}", "-o", "name").split())
    owner = acme.json("create", "configmap", "owner", "-n", namespace)["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"]}
    assert "leases.coordination.k8s.io" in uncached
    acme.apply(
        {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": "owned", "namespace": namespace, "ownerReferences": [reference]},
        }
    )
    acme.run("delete", "configmap", "owner", "-n", namespace)
    acme.run("wait", "--for=delete", "lease/owned", "-n", namespace, "--timeout=30s")


def test_a_namespace_gets_its_service_account_and_the_root_certificate(tenants, namespace, targets):
    acme = tenants["acme"]
    eventually(
        lambda: "default" in acme.names("serviceaccounts", "-n", namespace), "default account"
    )
    published = eventually(
        lambda: acme.json("get", "configmap", "kube-root-ca.crt", "-n", namespace)["data"],
        "kube-root-ca.crt",
    )
    assert published["ca.crt"].strip() == targets["acme"].ca_pem.strip()


def test_a_requested_token_authenticates(tenants, namespace, targets):
    acme = tenants["acme"]
    eventually(
        lambda: "default" in acme.names("serviceaccounts", "-n", namespace), "default account"
    )
    token = acme.out("create", "token", "default", "-n", namespace)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["iss"] == "https://acme.tenants.test"
    status, body = targets["acme"].request(
        "POST",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        body='{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}',
        identified=False,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    assert status == 201, body
    assert json.loads(body)["status"]["userInfo"]["username"] == (
        f"system:serviceaccount:{namespace}:default"
    )


def test_a_token_secret_is_filled(tenants, namespace):
    """serviceaccount-token-controller, for operators that still want such a Secret."""
    acme = tenants["acme"]
    eventually(
        lambda: "default" in acme.names("serviceaccounts", "-n", namespace), "default account"
    )
    acme.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/service-account-token",
            "metadata": {
                "name": "token",
                "namespace": namespace,
                "annotations": {"kubernetes.io/service-account.name": "default"},
            },
        }
    )
    eventually(
        lambda: acme.json("get", "secret", "token", "-n", namespace).get("data", {}).get("token"),
        "the token",
    )


def test_cluster_roles_aggregate(break_glass):
    """As the platform: a part with a label of its own flows into the whole."""
    acme = break_glass["acme"]
    label = {"aggregate.example.com/whole": "true"}
    whole = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "whole"},
        "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": label}]},
        "rules": [],
    }
    rule = {"apiGroups": ["example.com"], "resources": ["widgets"], "verbs": ["get"]}
    part = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "part", "labels": label},
        "rules": [rule],
    }
    try:
        acme.apply(whole)
        acme.apply(part)
        eventually(
            lambda: acme.json("get", "clusterrole", "whole")["rules"] == [rule], "aggregation"
        )
    finally:
        acme.run("delete", "clusterrole", "whole", "part", check=False)


def test_a_deployment_creates_no_replica_set(tenants, namespace):
    """Deployments are inert: an object that operators may read, and nothing runs."""
    acme = tenants["acme"]
    acme.run("create", "deployment", "inert", "--image=example.com/none", "-n", namespace)
    time.sleep(3)
    assert acme.names("replicasets", "-n", namespace) == []
    assert acme.names("pods", "-n", namespace) == []
