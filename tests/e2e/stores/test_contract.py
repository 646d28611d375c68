"""What a tenant's users count on, whatever store is behind its API: one suite for every kind."""

import http.client
import itertools
import json
import threading

import pytest

from tests.e2e.stores.conftest import TENANTS
from tests.support.kube_api import KubeApi
from tests.support.kubectl import Kubectl, eventually

CONFLICT = http.HTTPStatus.CONFLICT
LARGEST = 1536 * 1024 - 4096
"""Bytes of an object that fits into etcd's --max-request-bytes, 1.5 MiB, with what is around it."""


UNCACHED = "leases"
KINDS = {"configmaps": "/api/v1", UNCACHED: "/apis/coordination.k8s.io/v1"}
"""A kind that an API server lists and watches in its own memory, and one for which it asks the
store each time (core/flags.py has which)."""


@pytest.fixture(params=list(KINDS))
def things(request, namespace):
    """Path of the objects of a kind in the test's namespace."""
    return f"{KINDS[request.param]}/{namespace.removeprefix('/api/v1/')}/{request.param}"


def test_one_kind_is_cached_and_one_is_not(host, on_stores, target):
    """Else half of this suite would ask nothing of the store."""
    assert on_stores
    tenant = target.name.partition(".")[0]
    pod = host.json("get", "deployment", "-n", f"tenant-{tenant}", "control-plane")
    containers = pod["spec"]["template"]["spec"]["initContainers"]
    (args,) = [one["args"] for one in containers if one["name"] == "kube-apiserver"]
    (sizes,) = [arg for arg in args if arg.startswith("--watch-cache-sizes=")]
    assert f"{UNCACHED}.coordination.k8s.io#0" in sizes.partition("=")[2].split(",")
    assert "configmaps" not in sizes


def thing(name, notes=None, **metadata):
    """An object of either kind."""
    return {"metadata": {"name": name, "annotations": notes or {}, **metadata}}


def note(api, path, **notes):
    """Change an object."""
    body = {"metadata": {"annotations": notes}}
    return api.call("PATCH", path, body, content_type="application/merge-patch+json")


def names(listed):
    return [item["metadata"]["name"] for item in listed["items"]]


def test_what_was_created_is_there(api, things):
    made = api.create(things, thing("one", {"a": "b"}))
    found = api.get(f"{things}/one")
    assert found.body == made.body
    assert found.body["metadata"]["annotations"] == {"a": "b"}


def test_a_name_is_taken_once(api, things):
    api.create(things, thing("one"))
    assert api.call("POST", things, thing("one")).status == CONFLICT


def test_names_that_differ_in_case_are_two(api):
    """SQL servers have opinions about case; ClusterRoles may have capitals."""
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    pair = ("contract-case", "contract-CASE")
    try:
        for name in pair:
            api.create(path, {"metadata": {"name": name}, "rules": []})
        assert {*pair} <= {*names(api.get(path).body)}
    finally:
        for name in pair:
            api.call("DELETE", f"{path}/{name}")


def test_who_writes_over_what_he_has_not_seen_is_refused(api, things):
    old = api.create(things, thing("one")).body
    version = old["metadata"]["resourceVersion"]
    new = api.call("PUT", f"{things}/one", thing("one", {"n": "1"}, resourceVersion=version))
    assert int(new.version) > int(version)
    stale = thing("one", {"n": "2"}, resourceVersion=version)
    assert api.call("PUT", f"{things}/one", stale).status == CONFLICT
    assert api.get(f"{things}/one").body["metadata"]["annotations"] == {"n": "1"}


def test_a_delete_with_a_stale_condition_is_refused(api, things):
    version = api.create(things, thing("one")).version
    note(api, f"{things}/one", n="1")
    stale = {"preconditions": {"resourceVersion": version}}
    assert api.call("DELETE", f"{things}/one", stale).status == CONFLICT
    assert api.call("DELETE", f"{things}/one").status == http.HTTPStatus.OK
    assert api.get(f"{things}/one").status == http.HTTPStatus.NOT_FOUND


def test_a_collection_is_deleted_by_label(api, things):
    for number in range(6):
        api.create(things, thing(f"m{number}", labels={"even": str(number % 2 == 0)}))
    assert api.call("DELETE", f"{things}?labelSelector=even%3DTrue").status == http.HTTPStatus.OK
    left = [name for name in names(api.get(things).body) if name.startswith("m")]
    assert left == ["m1", "m3", "m5"]


def test_pages_are_one_snapshot(api, things):
    """What is written between two pages belongs to neither.

    Of ten: kine streams in batches of ten at first, and a page may end where one does.
    """
    api.create_all(things, [thing(f"m{number:02}") for number in range(25)])
    pages = api.pages(f"{things}", 10)
    first = next(pages)
    api.create(things, thing("m99"))
    api.call("DELETE", f"{things}/m20")
    rest = list(pages)
    assert [len(page["items"]) for page in (first, *rest)][:2] == [10, 10]
    found = [name for page in (first, *rest) for name in names(page)]
    assert [name for name in found if name.startswith("m")] == [f"m{n:02}" for n in range(25)]
    assert len({page["metadata"]["resourceVersion"] for page in (first, *rest)}) == 1


def test_a_list_at_an_old_revision_shows_what_was_there(api, things):
    api.create_all(things, [thing(f"m{number}", {"n": "1"}) for number in range(3)])
    version = api.get(things).version
    note(api, f"{things}/m0", n="2")
    api.call("DELETE", f"{things}/m1")
    api.create(things, thing("m3"))
    old = api.get(f"{things}?resourceVersion={version}&resourceVersionMatch=Exact").body
    found = [one for one in old["items"] if one["metadata"]["name"].startswith("m")]
    assert names({"items": found}) == ["m0", "m1", "m2"]
    assert [one["metadata"]["annotations"] for one in found] == [{"n": "1"}] * 3


def test_a_watch_sees_everything_after_an_old_revision_in_order(api, things):
    version = api.create(things, thing("zero")).version
    for number in range(3):
        api.create(things, thing(f"m{number}"))
    note(api, f"{things}/m1", n="1")
    api.call("DELETE", f"{things}/m0")
    wanted = [("ADDED", f"m{number}") for number in range(3)]
    wanted += [("MODIFIED", "m1"), ("DELETED", "m0")]
    assert api.first(5, things, f"resourceVersion={version}") == wanted


def test_a_watch_starts_with_what_is_there_and_a_bookmark(api, things):
    """How informers list since 1.35; it asks the store how far it is."""
    api.create_all(things, [thing(f"m{number}") for number in range(3)])
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    begun, ended = [], None
    for event in api.watch(things, query):
        if event["type"] == "BOOKMARK":
            ended = event["object"]["metadata"]
            break
        begun.append((event["type"], event["object"]["metadata"]["name"]))
    assert {("ADDED", f"m{number}") for number in range(3)} <= {*begun}
    assert ended["annotations"]["k8s.io/initial-events-end"] == "true"


def test_a_quiet_watch_gets_bookmarks_that_move_on(api, namespace):
    """Else a client whose objects don't change comes back with a revision that is forgotten.

    Of a kind that is not cached they are the store's own, every ten minutes.
    """
    maps = f"{namespace}/configmaps"
    version = api.create(maps, thing("one")).version
    other = "/api/v1/namespaces/default/configmaps"
    name = f"elsewhere-{version}"
    meanwhile = threading.Timer(1, lambda: api.create(other, thing(name)))
    meanwhile.start()
    query = f"resourceVersion={version}&allowWatchBookmarks=true"
    events = list(api.watch(maps, query, seconds=8))
    meanwhile.join()
    moved = api.get(f"{other}/{name}").version
    assert {event["type"] for event in events} == {"BOOKMARK"}
    assert int(events[-1]["object"]["metadata"]["resourceVersion"]) >= int(moved)


@pytest.fixture
def boxes(api, on_stores, kind):
    """Path of custom resources, which nothing but the store limits in size."""
    kubectl = Kubectl(on_stores[kind])
    kubectl.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "boxes.contract.test"},
            "spec": {
                "group": "contract.test",
                "scope": "Namespaced",
                "names": {"plural": "boxes", "singular": "box", "kind": "Box"},
                "versions": [
                    {
                        "name": "v1",
                        "served": True,
                        "storage": True,
                        "schema": {
                            "openAPIV3Schema": {
                                "type": "object",
                                "x-kubernetes-preserve-unknown-fields": True,
                            }
                        },
                    }
                ],
            },
        }
    )
    kubectl.run("wait", "--for=condition=Established", "crd/boxes.contract.test")
    yield "/apis/contract.test/v1/namespaces/default/boxes"
    kubectl.run("delete", "crd", "boxes.contract.test")


def test_large_objects_are_kept_whole(api, boxes):
    box = {
        "apiVersion": "contract.test/v1",
        "kind": "Box",
        "metadata": {"name": "large"},
        "content": "é" * (LARGEST // 2),
    }
    eventually(lambda: api.get(boxes).status == http.HTTPStatus.OK, "the kind is served")
    api.create(boxes, box)
    assert api.get(f"{boxes}/large").body["content"] == box["content"]
    content = "ß" * (LARGEST // 2)
    changed = api.call(
        "PATCH", f"{boxes}/large", {"content": content}, content_type="application/merge-patch+json"
    )
    assert changed.status == http.HTTPStatus.OK
    assert api.get(f"{boxes}/large").body["content"] == content


@pytest.mark.parametrize("things", [UNCACHED], indirect=True)
def test_ten_thousand_objects_are_listed_whole_and_in_pages(api, things):
    wanted = [f"m{number:05}" for number in range(10_000)]
    api.create_all(things, [thing(name, {"k": "v" * 100}) for name in wanted])
    whole = [name for name in names(api.get(things).body) if name.startswith("m")]
    assert whole == wanted
    paged = itertools.chain.from_iterable(map(names, api.pages(things, 500)))
    assert [name for name in paged if name.startswith("m")] == wanted
    # In pages as well: an API server gives a request a minute, whatever machine it is on.
    for _ in wanted[::500]:
        assert api.call("DELETE", f"{things}?limit=500").status == http.HTTPStatus.OK
    assert not [name for name in names(api.get(things).body) if name.startswith("m")]


@pytest.fixture(scope="module")
def short_memory(host, on_stores):
    """All tenants with events that live for 10 seconds; the product keeps them for 15 minutes."""
    spaces = [f"tenant-{TENANTS[kind]}" for kind in on_stores]

    def remember(ttl, instead_of):
        label = ("-l", "app.kubernetes.io/name=control-plane")
        old = {space: host.names("pods", "-n", space, *label) for space in spaces}
        for space in spaces:
            _replace_argument(host, space, f"--event-ttl={instead_of}", f"--event-ttl={ttl}")
        for space, pods in old.items():
            where = ("-n", space, "deployment/control-plane")
            host.run("rollout", "status", *where, "--timeout=120s", timeout=150)
            # On its way out the old one still answers, and its events live for 15 minutes.
            gone = ("--for=delete", "--timeout=60s", *(f"pod/{name}" for name in pods))
            host.run("wait", "-n", space, *gone, timeout=90)

    remember("10s", instead_of="15m")
    yield
    remember("15m", instead_of="10s")


def _replace_argument(host, space, old, new):
    """Give a tenant's API server another argument, which rolls its pods."""
    where = ("-n", space, "deployment/control-plane")
    containers = host.json("get", *where)["spec"]["template"]["spec"]["initContainers"]
    (number,) = [n for n, one in enumerate(containers) if one["name"] == "kube-apiserver"]
    path = f"/spec/template/spec/initContainers/{number}/args"
    place = f"{path}/{containers[number]['args'].index(old)}"
    patch = json.dumps([{"op": "replace", "path": place, "value": new}])
    host.run("patch", *where, "--type=json", "-p", patch)


@pytest.mark.usefixtures("short_memory")
def test_events_go_after_their_time(target):
    api, events = KubeApi(target), "/api/v1/namespaces/default/events"
    about = {"involvedObject": {"namespace": "default"}}
    api.create(events, {"metadata": {"name": "short-lived", "namespace": "default"}, **about})
    eventually(
        lambda: api.get(f"{events}/short-lived").status == http.HTTPStatus.NOT_FOUND,
        "the event goes",
        seconds=90,
    )
