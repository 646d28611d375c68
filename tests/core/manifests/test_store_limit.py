"""What the users of a full tenant may still do, on a real API server."""

import itertools

import pytest

from tests.support.api import APPLY
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

MAPS = "/api/v1/namespaces/default/configmaps"
LEASES = "/apis/coordination.k8s.io/v1/namespaces/default/leases"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
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


def defined(plane, group):
    """Define a kind in a group, in a version that it doesn't have; returns its path."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v7", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    annotations = {"api-approved.kubernetes.io": "unapproved, x"}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"things.{group}", "annotations": annotations},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [version],
        },
    }
    assert plane.masters.create(DEFINITIONS, body).ok
    return f"/apis/{group}/v7/things"


def managing(version, fields):
    """A change of who manages which of an object's fields."""
    entries = [
        {
            "manager": f"m{number}",
            "operation": "Apply",
            "apiVersion": version,
            "fieldsType": "FieldsV1",
            "fieldsV1": one,
        }
        for number, one in enumerate(fields)
    ]
    return {"metadata": {"managedFields": entries}}


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


@pytest.mark.parametrize(
    "fields",
    [
        [{"f:spec": {f"f:{'v' * 3000}": {}}}],
        [{"f:spec": {"f:renewTime": {}}} for _ in range(20)],
    ],
    ids=["one-large", "many"],
)
def test_who_manages_which_field_is_no_place_to_keep_things(full, fields):
    """The API server takes such a list from whoever writes one, and a path of any name in it."""
    lease = made(full, LEASES, spec={"holderIdentity": "a", "leaseDurationSeconds": 15})
    assert is_full(full.admin.merge(lease, managing("coordination.k8s.io/v1", fields)))
    change = managing("v1", fields)
    change["metadata"]["finalizers"] = ["x.test/b"]
    assert is_full(full.admin.merge(going(full, data={"k": "v"}), change))


def test_a_lease_that_many_renew_grows_to_a_bound(full):
    """Each field manager of a server-side apply has an entry of its own, and anybody names one."""
    path = made(full, LEASES, spec={"leaseDurationSeconds": 15})
    body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease"}
    body |= {"spec": {"leaseDurationSeconds": 15}}
    answers = [
        full.admin.request("PATCH", path, body, APPLY, fieldManager=f"m{number}", force="true")
        for number in range(20)
    ]
    assert answers[0].ok
    assert is_full(answers[-1])


def test_an_object_with_large_managed_fields_loses_its_finalizers(full):
    """What is larger already must go too, and doesn't grow by that."""
    data = {f"k{number}": "v" for number in range(300)}
    path = going(full, data=data)
    assert full.admin.merge(path, {"metadata": {"finalizers": ["x.test/b"]}}).ok


def test_kubernetes_own_groups_are_no_place_to_keep_things(full):
    """Two of them are never refused, and the API server serves nobody else's kinds in them."""
    own = ("authentication.k8s.io", "authorization.k8s.io", "coordination.k8s.io")
    paths = [defined(full, group) for group in own]
    later = defined(full, "x.test")
    eventually(lambda: full.masters.get(later).ok, "the one that was defined last is served")
    assert [full.masters.get(path).status for path in paths] == [404, 404, 404]


def test_who_may_do_what_is_answered(full):
    """These are asked by creating them, and stored nowhere."""
    api = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    body |= {"spec": {"resourceAttributes": {"verb": "get", "resource": "secrets"}}}
    assert full.admin.create(api, body).ok
    api = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    assert full.admin.create(api, body).ok


def test_the_platform_writes_on(full):
    assert full.masters.merge(made(full, MAPS), {"data": {"k": "v"}}).ok
