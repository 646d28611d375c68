"""What pods read is copied from the tenant to the host, and goes when nobody reads it any more."""

import pytest

from agent import copies
from agent.kube import ApiError, UnreachableError
from core import names
from core.operators.references import CONFIG_MAP, SECRET, File
from core.operators.wiring import ROOT_CA
from tests.support.fake_api import FakeApi
from tests.support.loop import run

TENANT = "/api/v1/namespaces/ops"
HOST = "/api/v1/namespaces/tenant-acme"
LABELS = copies.mirror_labels("acme", "demo")
CONFIG, CREDENTIALS = File(CONFIG_MAP, "config"), File(SECRET, "credentials")


@pytest.fixture
def tenant():
    api = FakeApi()
    api.put(f"{TENANT}/configmaps/config", data={"a": "b"}, binaryData={"c": "AA=="})
    api.put(f"{TENANT}/secrets/credentials", data={"key": "cGVt"}, type="Opaque")
    return api


@pytest.fixture
def host():
    return FakeApi()


def copied(tenant, host, *files):
    wanted = [("ops", file) for file in files]
    return run(copies.copy(tenant, host, "tenant-acme", LABELS, wanted))


def test_a_file_is_copied_under_a_name_that_says_whose_it_is(tenant, host):
    done = copied(tenant, host, CONFIG, CREDENTIALS)
    assert host.objects[f"{HOST}/configmaps/ops.config"] == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "ops.config", "generation": 1, "labels": LABELS},
        "data": {"a": "b"},
        "binaryData": {"c": "AA=="},
    }
    assert host.objects[f"{HOST}/secrets/ops.credentials"]["data"] == {"key": "cGVt"}
    assert done.placed == {(CONFIG_MAP, "ops.config"), (SECRET, "ops.credentials")}
    assert done.missing == []


def test_nothing_but_the_content_comes_along(tenant, host):
    """Neither owners, which the host doesn't have, nor annotations, which controllers act on."""
    tenant.put(
        f"{TENANT}/secrets/credentials",
        metadata={"labels": {"a": "b"}, "annotations": {"c": "d"}, "ownerReferences": [{}]},
        data={"key": "cGVt"},
        immutable=True,
    )
    copied(tenant, host, CREDENTIALS)
    found = host.objects[f"{HOST}/secrets/ops.credentials"]
    assert found.keys() == {"apiVersion", "kind", "metadata", "data"}
    assert found["metadata"].keys() == {"name", "generation", "labels"}


@pytest.mark.parametrize(
    ("type_", "kept"),
    [
        ("kubernetes.io/dockerconfigjson", True),
        ("kubernetes.io/dockercfg", True),
        ("kubernetes.io/tls", False),
        ("kubernetes.io/service-account-token", False),
        ("bootstrap.kubernetes.io/token", False),
    ],
)
def test_no_copy_is_anything_to_the_host_but_what_images_are_pulled_with(tenant, host, type_, kept):
    """The host's token controller would fill in a token of its own, for instance."""
    tenant.put(f"{TENANT}/secrets/credentials", data={"key": "cGVt"}, type=type_)
    copied(tenant, host, CREDENTIALS)
    assert (host.objects[f"{HOST}/secrets/ops.credentials"].get("type") == type_) is kept


def test_an_empty_one_is_copied_too(tenant, host):
    """A chart makes it, and the operator fills it in later."""
    tenant.put(f"{TENANT}/secrets/credentials")
    copied(tenant, host, CREDENTIALS)
    assert host.objects[f"{HOST}/secrets/ops.credentials"]["data"] == {}


def test_what_the_tenant_does_not_have_is_told_and_holds_up_nothing(tenant, host):
    done = copied(tenant, host, File(SECRET, "later"), CONFIG)
    assert done.missing == ["Secret ops/later"]
    assert done.placed == {(CONFIG_MAP, "ops.config")}


def test_the_tenants_authority_is_told_apart_from_another(tenant, host):
    """Pods are rolled with it."""
    path = f"{TENANT}/configmaps/{ROOT_CA}"
    tenant.put(path, data={"ca.crt": "old"})
    old = copied(tenant, host, File(CONFIG_MAP, ROOT_CA)).authorities["ops"]
    assert copied(tenant, host, File(CONFIG_MAP, ROOT_CA)).authorities["ops"] == old
    tenant.put(path, data={"ca.crt": "new"})
    assert copied(tenant, host, File(CONFIG_MAP, ROOT_CA)).authorities["ops"] != old
    assert copied(tenant, host, CONFIG).authorities == {}


@pytest.mark.parametrize(
    "error",
    [ApiError("GET x", 403, "Forbidden", ""), UnreachableError("no answer")],
    ids=["refused", "away"],
)
def test_a_tenant_that_can_not_be_asked_is_not_taken_for_one_without_files(tenant, host, error):
    tenant.refused[f"{TENANT}/configmaps/config"] = error
    with pytest.raises(type(error)):
        copied(tenant, host, CONFIG)


class TestPruning:
    """What nobody needs any more goes; what is somebody else's stays."""

    def prune(self, host, *wanted):
        run(copies.prune(host, "tenant-acme", "demo", set(wanted)))

    def test_what_is_not_wanted_goes(self, tenant, host):
        copied(tenant, host, CONFIG, CREDENTIALS)
        self.prune(host, (CONFIG_MAP, "ops.config"))
        assert host.deleted == [f"{HOST}/secrets/ops.credentials"]

    def test_a_name_is_wanted_of_one_kind(self, tenant, host):
        copied(tenant, host, CONFIG)
        self.prune(host, (SECRET, "ops.config"))
        assert host.deleted == [f"{HOST}/configmaps/ops.config"]

    def test_what_the_program_declared_and_what_another_operator_has_stay(self, host):
        declared = {names.LABEL_TENANT: "acme", names.LABEL_OPERATOR: "demo"}
        other = copies.mirror_labels("acme", "other")
        for name, labels in (("a.b", declared), ("c.d", other), ("host-agent", {})):
            host.put(f"{HOST}/secrets/{name}", metadata={"labels": labels})
        self.prune(host)
        assert host.deleted == []
