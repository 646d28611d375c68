"""What stands on the host for an operator is applied once, mended when changed, and pruned."""

import pytest

from agent import mirrored
from agent.mirrored import Mirrored
from core import names
from tests.support.fake_api import FakeApi
from tests.support.loop import run

CORE = "/api/v1/namespaces/tenant-acme"
APPS = "/apis/apps/v1/namespaces/tenant-acme/deployments"
KINDS = ["ConfigMap", "Deployment", "Secret", "Service", "ServiceAccount"]
LABELS = mirrored.labels("acme", "demo")


def path(kind, name="ops.one"):
    return f"{mirrored.list_path('tenant-acme', kind)}/{name}"


def body(kind, name="ops.one", **fields):
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **fields}


@pytest.fixture
def host():
    return FakeApi()


@pytest.fixture
def apply(host):
    """Look, apply one, and say whether the host was asked to."""
    applied = {}

    def look(given):
        async def once():
            await (await Mirrored(host, "acme", "demo", applied).look()).apply(given)

        before = len(host.written)
        run(once())
        return len(host.written) > before

    return look


def prune(host, *wanted):
    async def once():
        await (await Mirrored(host, "acme", "demo").look()).prune(set(wanted))

    run(once())


@pytest.mark.parametrize("kind", KINDS)
class TestApplying:
    """The host is asked to apply what isn't in place, and nothing else."""

    def test_it_says_whose_it_is(self, host, apply, kind):
        assert apply(body(kind))
        assert host.objects[path(kind)]["metadata"]["labels"] == LABELS

    def test_what_is_in_place_is_not_applied_again(self, host, apply, kind):
        """By the hundred tenants that would be most of what the host's API server does."""
        assert apply(body(kind))
        assert not apply(body(kind))

    def test_what_is_to_be_another_is_applied(self, host, apply, kind):
        apply(body(kind, spec={"a": 1}))
        assert apply(body(kind, spec={"a": 2}))
        assert apply(body(kind, spec={"a": 1}))

    def test_what_somebody_changed_is_mended(self, host, apply, kind):
        apply(body(kind, spec={"a": 1}))
        run(host.merge(path(kind), {"spec": {"a": 2}}))
        assert apply(body(kind, spec={"a": 1}))
        assert host.objects[path(kind)]["spec"] == {"a": 1}

    def test_whose_label_somebody_changed_is_mended(self, host, apply, kind):
        apply(body(kind))
        run(host.merge(path(kind), {"metadata": {"labels": {names.LABEL_TENANT: "other"}}}))
        assert apply(body(kind))
        assert host.objects[path(kind)]["metadata"]["labels"] == LABELS

    def test_what_somebody_deleted_is_back(self, host, apply, kind):
        apply(body(kind))
        run(host.delete(path(kind)))
        assert apply(body(kind))
        assert path(kind) in host.objects

    def test_what_somebody_made_anew_is_mended(self, host, apply, kind):
        """Its generation may be what it was."""
        apply(body(kind, spec={"a": 1}))
        run(host.delete(path(kind)))
        host.put(path(kind), metadata={"labels": LABELS}, spec={"a": 2})
        assert apply(body(kind, spec={"a": 1}))


def test_how_a_deployment_fares_is_no_reason_to_apply_it(host, apply):
    """Its status is another one with each pod that comes and goes."""
    apply(body("Deployment"))
    run(host.merge(f"{path('Deployment')}/status", {"status": {"replicas": 1}}))
    assert not apply(body("Deployment"))


def test_one_look_lists_each_kind_once(host):
    run(Mirrored(host, "acme", "demo").look())
    asked = sorted(path.partition("?")[0] for path in host.asked)
    assert asked == sorted(mirrored.list_path("tenant-acme", kind) for kind in KINDS)


def test_deployments_are_read_a_few_at_a_time(host):
    """They are read whole, and tenants install them."""
    for number in range(45):
        host.put(f"{APPS}/d{number}", metadata={"labels": LABELS})
    made = run(Mirrored(host, "acme", "demo").look())
    assert all(made.get("Deployment", f"d{number}") for number in range(45))
    assert len([path for path in host.asked if path.startswith(APPS)]) == 3


def test_all_kinds_are_named_to_who_deletes_by_hand():
    plurals = [mirrored.list_path("tenant-acme", kind).rpartition("/")[2] for kind in KINDS]
    assert mirrored.KINDS.split(",") == sorted(plurals)


def test_what_it_became_is_known_without_asking(host):
    async def once():
        made = Mirrored(host, "acme", "demo")
        await made.apply(body("Deployment"))
        return made.get("Deployment", "ops.one"), made.get("Deployment", "other")

    found, other = run(once())
    assert found["metadata"]["generation"] == 1
    assert other == {}
    assert host.asked == []


class TestPruning:
    """What nobody needs any more goes; what is somebody else's stays."""

    @pytest.mark.parametrize("kind", KINDS)
    def test_what_is_not_wanted_goes(self, host, apply, kind):
        for name in ("ops.one", "ops.two"):
            apply(body(kind, name))
        prune(host, (kind, "ops.two"))
        assert host.deleted == [path(kind)]

    def test_a_name_is_wanted_of_one_kind(self, host, apply):
        apply(body("ConfigMap"))
        prune(host, ("Secret", "ops.one"))
        assert host.deleted == [path("ConfigMap")]

    def test_what_the_program_declared_and_what_another_operator_has_stay(self, host):
        declared = {names.LABEL_TENANT: "acme", names.LABEL_OPERATOR: "demo"}
        other = mirrored.labels("acme", "other")
        for name, labels in (("a.b", declared), ("c.d", other), ("host-agent", {})):
            host.put(f"{CORE}/secrets/{name}", metadata={"labels": labels})
        host.put(f"{APPS}/control-plane")
        prune(host)
        assert host.deleted == []
