"""What the users of a full tenant may still do, on a real API server."""

import itertools

import pytest

pytestmark = pytest.mark.processes

MAPS = "/api/v1/namespaces/default/configmaps"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
_NUMBERS = itertools.count()
_MICROTIME = "2026-11-29T08:00:00.000000Z"


def made(plane, path, **body):
    """Make an object as the platform, which is never refused; returns its path."""
    name = f"x-{next(_NUMBERS)}"
    metadata = {"name": name, **body.pop("metadata", {})}
    kind = {MAPS: "ConfigMap", LEASES: "Lease"}[path]
    version = "v1" if path == MAPS else "coordination.k8s.io/v1"
    answer = plane.masters.create(
        path, {"apiVersion": version, "kind": kind, "metadata": metadata, **body}
    )
    assert answer.ok, answer
    return f"{path}/{name}"


def going(plane, **body):
    """A ConfigMap that is being deleted, and that two finalizers hold."""
    path = made(plane, MAPS, metadata={"finalizers": ["x.test/a", "x.test/b"]}, **body)
    assert plane.admin.delete(path).ok
    return path


def is_full(answer):
    return answer.status == 422 and "share of its store is full (4 MiB)" in answer.message


def test_reading_and_deleting_goes_on(full):
    path = made(full, MAPS)
    assert full.admin.get(path).ok
    assert full.admin.delete(path).ok


def test_nothing_is_made_or_changed(full):
    path = made(full, MAPS, data={"k": "v"})
    new = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "new"}}
    assert is_full(full.admin.create(MAPS, new))
    assert is_full(full.admin.merge(path, {"data": {"k": "w"}}))


def test_a_lease_is_renewed(full):
    """Controllers that can't say that they lead would stop, and remove no finalizer."""
    path = made(full, LEASES, spec={"holderIdentity": "a", "leaseDurationSeconds": 15})
    assert full.admin.merge(path, {"spec": {"renewTime": _MICROTIME}}).ok
    assert full.admin.merge(path, {"spec": {"holderIdentity": "b", "leaseTransitions": 1}}).ok


@pytest.mark.parametrize(
    "change",
    [
        {"metadata": {"annotations": {"k": "v" * 1000}}},
        {"metadata": {"labels": {"k": "v"}}},
        {"spec": {"holderIdentity": "v" * 254}},
    ],
    ids=["annotation", "label", "holder"],
)
def test_a_lease_is_no_place_to_keep_things(full, change):
    path = made(full, LEASES, spec={"holderIdentity": "a", "leaseDurationSeconds": 15})
    assert is_full(full.admin.merge(path, change))


def test_a_lease_is_not_made(full):
    lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "new"}}
    assert is_full(full.admin.create(LEASES, lease))


def test_what_is_deleted_loses_its_finalizers_one_by_one(full):
    path = going(full, data={"k": "v"})
    assert full.admin.merge(path, {"metadata": {"finalizers": ["x.test/b"]}}).ok
    assert full.admin.merge(path, {"metadata": {"finalizers": None}}).ok
    assert full.admin.get(path).status == 404


@pytest.mark.parametrize("finalizers", [["x.test/a", "x.test/b"], ["x.test/b"], None])
@pytest.mark.parametrize(
    "change",
    [
        {"data": {"k": "w"}},
        {"data": {"more": "v"}},
        {"metadata": {"annotations": {"k": "v"}}},
    ],
    ids=["changed", "more", "annotation"],
)
def test_what_is_deleted_does_not_grow(full, change, finalizers):
    """An object that a finalizer holds would be as good a place as any."""
    path = going(full, data={"k": "v"})
    metadata = change.get("metadata", {}) | {"finalizers": finalizers}
    assert is_full(full.admin.merge(path, {**change, "metadata": metadata}))


def test_a_live_object_keeps_its_finalizers(full):
    path = made(full, MAPS, metadata={"finalizers": ["x.test/a"]})
    assert is_full(full.admin.merge(path, {"metadata": {"finalizers": None}}))


def test_the_platform_writes_on(full):
    assert full.masters.merge(made(full, MAPS), {"data": {"k": "v"}}).ok
