"""Reencryption, as the running agent treats it: what a real store holds before and after."""

import base64
import re

import pytest

from core import names
from core.manifests import encryption, tenant
from tests.support import control_plane
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

PLAINTEXT = "correct horse battery staple"
SECRETS = "/api/v1/namespaces/default/secrets"
MAPS = "/api/v1/namespaces/default/configmaps"
PODS = "/api/v1/namespaces/tenant-vault/pods"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "versions.example.com"
KINDS = {"olds": "v1beta1", "news": "v1"}
"""Two kinds of one group, each in a version that the other one doesn't have."""


@pytest.fixture(scope="module")
def vault(world, tmp_path_factory):
    """A tenant with a Secret, a ConfigMap and a Reencryption of its first keys."""
    world.objects.etcd_tenant("vault")
    world.objects.wait("EtcdTenant", "vault")
    plane = control_plane.tenant(tmp_path_factory.mktemp("vault"), world.etcd, "vault").wait()
    world.objects.credentials("vault", world.objects.agent_credentials(plane))
    secret = {"metadata": {"name": "s"}, "stringData": {"password": PLAINTEXT}}
    assert plane.masters.create(SECRETS, secret).ok
    assert plane.masters.create(MAPS, {"metadata": {"name": "m"}, "data": {"k": PLAINTEXT}}).ok
    yield plane
    plane.stop()


@pytest.fixture
def reencrypt(world, vault):
    """Say that the tenant's pods have these keys now."""

    def apply(scope, *generations):
        spec = {
            "tenant": "vault",
            "server": vault.server,
            "credentialsSecret": tenant.AGENT_SECRET,
            "keys": ",".join(map(str, generations)),
            "encryptionHash": f"{scope} {generations}",
            "everything": encryption.rewrites_everything(scope, generations),
        }
        return world.objects.apply("Reencryption", "tenant-vault", "vault", spec)

    return apply


@pytest.fixture
def pod(world, vault):
    """Put a pod of the tenant on the host, with these keys."""

    def put(name, scope, *generations):
        pods = f"{PODS}/{name}"
        body = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": name,
                "labels": tenant.pod_labels("vault"),
                "annotations": {names.ANNOTATION_ENCRYPTION: f"{scope} {generations}"},
            },
            "spec": {"containers": [{"name": "c", "image": "none"}]},
        }
        assert world.host.masters.apply(pods, body).ok
        return pods

    return put


@pytest.fixture(scope="module")
def versioned(vault):
    """An object of each of these kinds."""
    for plural, version in KINDS.items():
        assert vault.masters.create(DEFINITIONS, definition(plural, version)).ok
        body = {"kind": plural.title(), "metadata": {"name": "x"}, "text": PLAINTEXT}
        body["apiVersion"] = f"{GROUP}/{version}"
        path = f"/apis/{body['apiVersion']}/namespaces/default/{plural}"
        eventually(lambda at=path, one=body: vault.masters.create(at, one).ok, f"{plural} served")


def definition(plural, version):
    """A CustomResourceDefinition with this version alone."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "kind": plural.title()},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


def stored(world, kind, name):
    """What etcd has of an object, as it is."""
    found = world.etcd.json("get", f"/t/vault/{kind}/default/{name}")
    return base64.b64decode(found["kvs"][0]["value"])


def writers(world):
    """Which key each Secret in the store is encrypted with."""
    found = world.etcd.json("get", "/t/vault/secrets/", "--prefix")["kvs"]
    values = [base64.b64decode(one["value"]) for one in found]
    return {re.match(rb"k8s:enc:secretbox:v1:(\w+):", value)[1].decode() for value in values}


def encrypted(world):
    """Wait until the agent has done what the object says now; return its condition."""

    def done():
        found = world.objects.get("Reencryption", "vault").body
        return found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]

    eventually(done, "the agent has seen the change")
    return world.objects.wait("Reencryption", "vault", reason="Encrypted")


def switch(vault, scope, *generations):
    vault.encrypt(scope, *generations)
    vault.restart()


def test_a_secret_is_never_in_the_store_as_it_is(world, vault):
    assert PLAINTEXT.encode() not in stored(world, "secrets", "s")
    assert PLAINTEXT.encode() in stored(world, "configmaps", "m")
    assert writers(world) == {"key1"}


def test_keys_are_replaced_and_the_old_one_is_needed_by_nothing(world, vault, reencrypt, pod):
    pod("old", "secrets", 1)
    reencrypt("secrets", 1)
    assert encrypted(world)

    switch(vault, "secrets", 2, 1)
    assert writers(world) == {"key1"}
    new = pod("new", "secrets", 2, 1)
    reencrypt("secrets", 2, 1)
    condition = world.objects.wait("Reencryption", "vault", status="False", reason="OldPods")
    assert "pods old have others" in condition["message"]
    assert writers(world) == {"key1"}

    assert world.host.masters.delete(f"{PODS}/old").ok
    condition = encrypted(world)
    assert writers(world) == {"key2"}
    assert world.host.masters.delete(new).ok

    switch(vault, "secrets", 2)
    data = vault.masters.get(f"{SECRETS}/s").body["data"]
    assert base64.b64decode(data["password"]).decode() == PLAINTEXT


@pytest.mark.usefixtures("versioned")
def test_all_of_a_tenants_data_can_be_encrypted_and_plain_again(world, vault, reencrypt, pod):
    switch(vault, "all", 2)
    pod("all", "all", 2)
    reencrypt("all", 2)
    condition = encrypted(world)
    for kind, name in (("configmaps", "m"), *((f"{GROUP}/{one}", "x") for one in KINDS)):
        assert PLAINTEXT.encode() not in stored(world, kind, name), kind
    objects = int(condition["message"].split()[0])
    assert objects > 100, "roles, flow schemas and all that an API server makes itself"
    assert world.host.masters.delete(f"{PODS}/all").ok

    switch(vault, "none", 2)
    pod("none", "none", 2)
    reencrypt("none", 2)
    encrypted(world)
    assert PLAINTEXT.encode() in stored(world, "secrets", "s")
    assert vault.masters.get(f"{MAPS}/m").body["data"] == {"k": PLAINTEXT}


def test_an_object_that_is_refused_is_named(world, vault, reencrypt, pod):
    """A webhook of the tenant's own that can't be reached refuses every patch."""
    path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/broken"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["secrets"]}
    hook = {
        "name": "broken.example.com",
        "clientConfig": {"url": "https://127.0.0.1:1"},
        "rules": [rule | {"operations": ["UPDATE"]}],
        "sideEffects": "None",
        "admissionReviewVersions": ["v1"],
    }
    configuration = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "broken"},
        "webhooks": [hook],
    }
    assert vault.masters.apply(path, configuration).ok
    pod("refused", "secrets", 2)
    world.host.masters.delete(f"{PODS}/none")
    reencrypt("secrets", 2)
    condition = world.objects.wait("Reencryption", "vault", status="False", reason="RewriteFailed")
    assert "secrets/s" in condition["message"]
    assert "broken.example.com" in condition["message"]
    assert vault.masters.delete(path).ok
    encrypted(world)


@pytest.mark.usefixtures("versioned")
def test_a_kind_that_is_not_served_holds_it_up(world, vault, reencrypt, pod):
    """Its objects would be unreadable once the old key is gone."""
    path = f"{DEFINITIONS}/olds.{GROUP}"
    shown = definition("olds", KINDS["olds"])
    hidden = definition("olds", KINDS["olds"])
    hidden["spec"]["versions"][0]["served"] = False
    assert vault.masters.apply(path, hidden).ok
    served = f"/apis/{GROUP}/{KINDS['olds']}/olds"
    eventually(lambda: vault.masters.get(served).status == 404, "it is not served")
    world.host.masters.delete(f"{PODS}/refused")
    pod("hidden", "all", 2)
    reencrypt("all", 2)
    condition = world.objects.wait("Reencryption", "vault", status="False", reason="RewriteFailed")
    assert f"olds.{GROUP}" in condition["message"]
    assert vault.masters.apply(path, shown).ok
    encrypted(world)
