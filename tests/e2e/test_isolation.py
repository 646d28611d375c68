"""What one tenant can't see or touch of another."""

import json

import pytest
import yaml

from core import kubeconfig
from tests.support.kubectl import Kubectl

WIDGETS = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.isolation.example.com"},
    "spec": {
        "group": "isolation.example.com",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
        "scope": "Namespaced",
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object"}},
            }
        ],
    },
}

AND_ALL_AFTER = "\0"
"""As the end of a range: the key, and every one after it."""


@pytest.fixture(scope="module")
def private(tenants):
    """A CRD, a namespace and a Secret in acme."""
    acme = tenants["acme"]
    acme.apply(WIDGETS)
    acme.run("create", "namespace", "private")
    acme.run("create", "secret", "generic", "treasure", "-n", "private", "--from-literal=x=y")
    yield
    acme.run("delete", "namespace", "private")
    acme.run("delete", "crd", WIDGETS["metadata"]["name"])


@pytest.mark.usefixtures("private")
def test_objects_of_acme_are_invisible_in_globex(tenants):
    acme, globex = tenants["acme"], tenants["globex"]
    assert WIDGETS["metadata"]["name"] in acme.names("crds")
    assert WIDGETS["metadata"]["name"] not in globex.names("crds")
    assert "private" in acme.names("namespaces")
    assert "private" not in globex.names("namespaces")
    secrets = json.loads(globex.out("get", "secrets", "-A", "-o", "json"))["items"]
    assert "treasure" not in {secret["metadata"]["name"] for secret in secrets}


@pytest.mark.usefixtures("tenants")
@pytest.mark.parametrize("namespace", ["tenant-acme", "tenantplane-etcd-shared"])
def test_the_host_refuses_a_pod_that_is_not_restricted(host, namespace):
    """Whoever tries: what comes with an operator's chart, too."""
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "hostile"},
        "spec": {"hostNetwork": True, "containers": [{"name": "c", "image": "i"}]},
    }
    said = host.refused(
        *("create", "-f", "-", "-n", namespace, "--dry-run=server"), stdin=json.dumps(pod)
    )
    assert 'violates PodSecurity "restricted:latest"' in said


@pytest.mark.usefixtures("private")
def test_every_key_in_etcd_lies_under_a_tenants_prefix(etcdctl):
    keys = etcdctl("get", "", "--from-key", "--keys-only").stdout.split()
    assert "/t/acme/secrets/private/treasure" in keys
    strangers = [k for k in keys if not k.startswith(("/t/acme/", "/t/globex/"))]
    assert strangers == []


@pytest.mark.parametrize(
    "question",
    [
        ("get", "/t/globex/", "--prefix", "--keys-only"),
        ("get", "/t/globex/namespaces/default"),
        ("get", "", "--from-key", "--limit=1"),
        ("get", "/t/", "--prefix"),
        ("put", "/t/globex/intruder", "x"),
        ("put", "/t/acme0", "x"),
        ("del", "/t/globex/", "--prefix"),
        ("compaction", "1"),
        ("user", "list"),
        ("role", "list"),
        ("auth", "disable"),
        ("member", "remove", "1"),
    ],
    ids=" ".join,
)
def test_acmes_store_certificate_is_refused(etcdctl, question):
    """The range is /t/acme/ .. /t/acme0: nothing before, nothing after, no administration."""
    result = etcdctl(*question, tenant="acme", check=False)
    assert result.returncode
    assert "permission denied" in result.stderr, result.stderr


@pytest.mark.parametrize(
    "watch",
    [
        "watch --prefix --rev=1 /t/globex/",
        "watch --rev=1 /t/globex/namespaces/default",
        "watch --prefix /t/",
        "watch --rev=1 /t/acme/ /t/acme1",
        f"watch --rev=1 /t/acme/namespaces/default {AND_ALL_AFTER}",
    ],
    ids=repr,
)
def test_acmes_store_certificate_watches_nothing_of_others(etcd_watch, watch):
    """The last one is why there is a floor of etcd's version (core/versions.py, ETCD_FLOOR)."""
    first = etcd_watch(watch, tenant="acme")
    assert first.startswith("watch was canceled"), first
    assert "permission denied" in first, first


def test_watches_that_are_allowed_show_what_happened(etcd_watch, etcdctl, tenants):
    """Otherwise the refusals above would prove nothing."""
    tenants["acme"].run("annotate", "namespace", "default", "--overwrite", "seen=by-a-watch")
    key = "/t/acme/namespaces/default"
    (found,) = json.loads(etcdctl("get", key, "--write-out=json", tenant="acme").stdout)["kvs"]
    within = f"watch --rev={found['mod_revision']} {key}"
    assert etcd_watch(within, tenant="acme") == "PUT"
    assert etcd_watch(f"{within} {AND_ALL_AFTER}") == "PUT", "it isn't refused to root"


def test_acmes_store_certificate_works_within_its_prefix(etcdctl):
    """Otherwise the refusals above would prove nothing."""
    keys = etcdctl("get", "/t/acme/", "--prefix", "--keys-only", tenant="acme").stdout.split()
    assert "/t/acme/namespaces/default" in keys


def test_acmes_user_is_refused_by_globex(targets):
    """Its certificate is signed by an authority that globex doesn't know."""
    acme, globex = targets["acme"], targets["globex"]
    text = kubeconfig.build(
        f"https://{globex.host}:{globex.port}",
        globex.ca_pem,
        acme.certificate_pem,
        acme.key_pem,
        "stranger",
        tls_server_name=globex.name,
    )
    message = Kubectl(text).refused("get", "namespaces")
    assert "must be logged in" in message or "Unauthorized" in message, message


def test_a_tenants_token_is_refused_by_its_neighbour_and_by_the_host(tenants, targets, host):
    token = tenants["acme"].out("create", "token", "default")
    bearer = {"Authorization": f"Bearer {token}"}
    assert targets["acme"].request("GET", "/api", identified=False, headers=bearer)[0] == 200
    assert targets["globex"].request("GET", "/api", identified=False, headers=bearer)[0] == 401
    document = yaml.safe_load(host.kubeconfig)
    document["users"][0]["user"] = {"token": token}
    message = Kubectl(yaml.safe_dump(document)).refused("get", "namespaces")
    assert "must be logged in" in message or "Unauthorized" in message, message
