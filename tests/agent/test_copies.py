"""What pods read is copied from the tenant to the host, and goes when nobody reads it any more."""

import pytest

from agent import copies, mirrored
from agent.kube import ApiError, UnreachableError
from agent.mirrored import Mirrored
from core import names
from core.operators.references import CONFIG_MAP, SECRET, File
from core.operators.wiring import ROOT_CA
from tests.support.fake_api import FakeApi
from tests.support.loop import run

TENANT = "/api/v1/namespaces/ops"
HOST = "/api/v1/namespaces/tenant-acme"
LABELS = mirrored.labels("acme", "demo")
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
    async def copy():
        made = await Mirrored(host, "acme", "demo").look()
        done = copies.Copies()
        await copies.copy(tenant, made, [("ops", file) for file in files], done)
        return done

    return run(copy())


def test_a_file_is_copied_under_a_name_that_says_whose_it_is(tenant, host):
    done = copied(tenant, host, CONFIG, CREDENTIALS)
    found = host.objects[f"{HOST}/configmaps/ops.config"]
    assert found["metadata"]["labels"] == LABELS
    assert {key: found[key] for key in ("kind", "data", "binaryData")} == {
        "kind": "ConfigMap",
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
    own = {"uid", "generation", "resourceVersion"}
    assert found["metadata"].keys() == {"name", "labels"} | own


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


@pytest.mark.parametrize("status", [400, 413, 422])
def test_one_that_the_host_does_not_take_is_told_and_the_others_go_on(tenant, host, status):
    """A tenant's users could else stop all copies, those of renewed certificates too."""
    host.refused_writes[f"{HOST}/configmaps/ops.config"] = ApiError("x", status, "Invalid", "no")
    done = copied(tenant, host, CONFIG, CREDENTIALS)
    assert done.missing == ["ConfigMap ops/config (Invalid)"]
    assert done.placed == {(SECRET, "ops.credentials")}


@pytest.mark.parametrize("status", [401, 403, 409, 429, 500])
def test_what_passes_is_tried_again_and_not_told_as_missing(tenant, host, status):
    host.refused_writes[f"{HOST}/configmaps/ops.config"] = ApiError("x", status, "Busy", "")
    with pytest.raises(ApiError):
        copied(tenant, host, CONFIG)


def test_a_secret_that_has_another_type_now_is_made_anew(tenant, host):
    """Nobody can change a type: without this, the old credentials would stay."""

    class OfOneType(FakeApi):
        async def apply(self, path, body):
            there = self.objects.get(path)
            if there is not None and there.get("type") != body.get("type"):
                raise ApiError(f"PATCH {path}", 422, "Invalid", "type: field is immutable")
            return await super().apply(path, body)

    host, path = OfOneType(), f"{HOST}/secrets/ops.credentials"
    copied(tenant, host, CREDENTIALS)
    pulls = "kubernetes.io/dockerconfigjson"
    tenant.put(f"{TENANT}/secrets/credentials", data={"key": "cGVt"}, type=pulls)
    done = copied(tenant, host, CREDENTIALS)
    assert (host.objects[path]["type"], host.deleted) == (pulls, [path])
    assert done.missing == []


def test_what_the_program_declared_is_not_touched(tenant, host):
    """A chart's Secret may be on the host alone; an editor of the tenant can make one of its name.

    A copy that took its place would be what the tenant wants, and go with the tenant's.
    """
    declared = {names.LABEL_TENANT: "acme", names.LABEL_OPERATOR: "demo"}
    path = f"{HOST}/secrets/ops.credentials"
    host.put(path, metadata={"labels": declared}, data={"key": "own"})
    done = copied(tenant, host, CONFIG, CREDENTIALS)
    assert done.missing == ["Secret ops/credentials (the host has something else of that name)"]
    assert done.placed == {(CONFIG_MAP, "ops.config")}
    assert (host.objects[path]["data"], host.written) == (
        {"key": "own"},
        [f"{HOST}/configmaps/ops.config"],
    )


def test_a_copy_that_another_operator_needs_too_is_kept_the_same(tenant, host):
    """Both read one file of the tenant's."""
    labels = mirrored.labels("acme", "other")
    host.put(f"{HOST}/configmaps/ops.config", metadata={"labels": labels}, data={"a": "old"})
    assert copied(tenant, host, CONFIG).missing == []
    assert host.objects[f"{HOST}/configmaps/ops.config"]["data"] == {"a": "b"}


TOO_MUCH = "(more than 200 files or 8 MiB for one operator)"


class TestCaps:
    """A tenant's users can't fill the host's etcd with what operators read."""

    def test_no_more_files_than_one_operator_may_have(self, tenant, host, monkeypatch):
        monkeypatch.setattr(copies, "MOST_FILES", 1)
        done = copied(tenant, host, CONFIG, CREDENTIALS)
        assert done.missing == [f"Secret ops/credentials {TOO_MUCH}"]
        assert len(host.objects) == len(done.placed) == 1
        assert tenant.asked == [f"{TENANT}/configmaps/config"]

    def test_those_that_the_tenant_does_not_have_count(self, tenant, host, monkeypatch):
        """A Deployment can name tens of thousands; each look would ask for all."""
        monkeypatch.setattr(copies, "MOST_FILES", 3)
        done = copied(tenant, host, *(File(SECRET, f"x{number}") for number in range(5)))
        assert len(tenant.asked) == 3
        assert done.missing[2:] == ["Secret ops/x2", *(f"Secret ops/x{n} {TOO_MUCH}" for n in "34")]

    def test_what_was_copied_before_counts(self, tenant, host, monkeypatch):
        """An operator's own files, and then those of what it installed."""
        monkeypatch.setattr(copies, "MOST_FILES", 1)

        async def twice():
            made, done = await Mirrored(host, "acme", "demo").look(), copies.Copies()
            await copies.copy(tenant, made, [("ops", CREDENTIALS)], done)
            await copies.copy(tenant, made, [("ops", CONFIG)], done)
            return done

        assert run(twice()).missing == [f"ConfigMap ops/config {TOO_MUCH}"]

    def test_no_more_bytes_than_one_operator_may_have(self, tenant, host):
        large = {"a": "x" * (copies.MOST_BYTES // 2)}
        for name in ("a", "b"):
            tenant.put(f"{TENANT}/configmaps/{name}", data=large)
        done = copied(tenant, host, File(CONFIG_MAP, "a"), File(CONFIG_MAP, "b"))
        assert done.missing == [f"ConfigMap ops/b {TOO_MUCH}"]
        assert done.placed == {(CONFIG_MAP, "ops.a")}
