"""What a tenant's users count on, whatever store is behind its API: one suite for every kind."""

import http.client
import itertools
import json
import threading

import pytest

from tests.support.kube_api import KubeApi, config_map
from tests.support.kubectl import Kubectl, eventually

CONFLICT = http.HTTPStatus.CONFLICT
LARGEST = 1536 * 1024 - 4096
"""Bytes of an object that fits into etcd's --max-request-bytes, 1.5 MiB, with what is around it."""


@pytest.fixture
def maps(namespace):
    """Path of the ConfigMaps in the test's namespace."""
    return f"{namespace}/configmaps"


def names(listed):
    return [item["metadata"]["name"] for item in listed["items"]]


def test_what_was_created_is_there(api, maps):
    made = api.create(maps, config_map("one", {"a": "b"}))
    found = api.get(f"{maps}/one")
    assert found.body == made.body
    assert found.body["data"] == {"a": "b"}


def test_a_name_is_taken_once(api, maps):
    api.create(maps, config_map("one"))
    assert api.call("POST", maps, config_map("one")).status == CONFLICT


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


def test_who_writes_over_what_he_has_not_seen_is_refused(api, maps):
    old = api.create(maps, config_map("one")).body
    new = api.call("PUT", f"{maps}/one", old | {"data": {"n": "1"}})
    assert int(new.version) > int(old["metadata"]["resourceVersion"])
    assert api.call("PUT", f"{maps}/one", old | {"data": {"n": "2"}}).status == CONFLICT
    assert api.get(f"{maps}/one").body["data"] == {"n": "1"}


def test_a_delete_with_a_stale_condition_is_refused(api, maps):
    version = api.create(maps, config_map("one")).version
    api.call(
        "PATCH", f"{maps}/one", {"data": {"n": "1"}}, content_type="application/merge-patch+json"
    )
    stale = {"preconditions": {"resourceVersion": version}}
    assert api.call("DELETE", f"{maps}/one", stale).status == CONFLICT
    assert api.call("DELETE", f"{maps}/one").status == http.HTTPStatus.OK
    assert api.get(f"{maps}/one").status == http.HTTPStatus.NOT_FOUND


def test_a_collection_is_deleted_by_label(api, maps):
    for number in range(6):
        api.create(maps, config_map(f"m{number}", labels={"even": str(number % 2 == 0)}))
    assert api.call("DELETE", f"{maps}?labelSelector=even%3DTrue").status == http.HTTPStatus.OK
    left = [name for name in names(api.get(maps).body) if name.startswith("m")]
    assert left == ["m1", "m3", "m5"]


def test_pages_are_one_snapshot(api, maps):
    """What is written between two pages belongs to neither."""
    api.create_all(maps, [config_map(f"m{number:02}") for number in range(25)])
    pages = api.pages(f"{maps}", 10)
    first = next(pages)
    api.create(maps, config_map("m99"))
    api.call("DELETE", f"{maps}/m20")
    rest = list(pages)
    assert [len(page["items"]) for page in (first, *rest)] == [10, 10, 6]  # and kube-root-ca.crt
    found = [name for page in (first, *rest) for name in names(page)]
    assert [name for name in found if name.startswith("m")] == [f"m{n:02}" for n in range(25)]
    assert len({page["metadata"]["resourceVersion"] for page in (first, *rest)}) == 1


def test_a_watch_sees_everything_after_an_old_revision_in_order(api, maps):
    version = api.create(maps, config_map("zero")).version
    for number in range(3):
        api.create(maps, config_map(f"m{number}"))
    api.call(
        "PATCH", f"{maps}/m1", {"data": {"n": "1"}}, content_type="application/merge-patch+json"
    )
    api.call("DELETE", f"{maps}/m0")
    wanted = [("ADDED", f"m{number}") for number in range(3)]
    wanted += [("MODIFIED", "m1"), ("DELETED", "m0")]
    assert api.first(5, maps, f"resourceVersion={version}") == wanted


def test_a_watch_starts_with_what_is_there_and_a_bookmark(api, maps):
    """How informers list since 1.35; it asks the store how far it is."""
    api.create_all(maps, [config_map(f"m{number}") for number in range(3)])
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    begun, ended = [], None
    for event in api.watch(maps, query):
        if event["type"] == "BOOKMARK":
            ended = event["object"]["metadata"]
            break
        begun.append((event["type"], event["object"]["metadata"]["name"]))
    assert {("ADDED", f"m{number}") for number in range(3)} <= {*begun}
    assert ended["annotations"]["k8s.io/initial-events-end"] == "true"


def test_a_quiet_watch_gets_bookmarks_that_move_on(api, maps):
    """Else a client whose objects don't change comes back with a revision that is forgotten."""
    version = api.create(maps, config_map("one")).version
    other = "/api/v1/namespaces/default/configmaps"
    name = f"elsewhere-{version}"
    meanwhile = threading.Timer(1, lambda: api.create(other, config_map(name)))
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


def test_ten_thousand_objects_are_listed_whole_and_in_pages(api, maps):
    wanted = [f"m{number:05}" for number in range(10_000)]
    api.create_all(maps, [config_map(name, {"k": "v" * 100}) for name in wanted])
    whole = [name for name in names(api.get(maps).body) if name.startswith("m")]
    assert whole == wanted
    paged = itertools.chain.from_iterable(map(names, api.pages(maps, 500)))
    assert [name for name in paged if name.startswith("m")] == wanted
    assert api.call("DELETE", maps).status == http.HTTPStatus.OK
    assert not [name for name in names(api.get(maps).body) if name.startswith("m")]


@pytest.fixture
def short_memory(host, on_stores, target):
    """The tenant with events that live for 10 seconds; the product keeps them for 15 minutes."""
    assert on_stores
    tenant = target.name.partition(".")[0]
    where = ("-n", f"tenant-{tenant}", "deployment/control-plane")
    before = host.json("get", *where)["spec"]["template"]["spec"]["initContainers"]
    (number,) = [n for n, one in enumerate(before) if one["name"] == "kube-apiserver"]
    flag = before[number]["args"].index("--event-ttl=15m")
    path = f"/spec/template/spec/initContainers/{number}/args/{flag}"

    def remember(ttl):
        old = host.names("pods", *where[:2], "-l", "app.kubernetes.io/name=control-plane")
        patch = json.dumps([{"op": "replace", "path": path, "value": f"--event-ttl={ttl}"}])
        host.run("patch", *where, "--type=json", "-p", patch)
        host.run("rollout", "status", *where, "--timeout=120s", timeout=150)
        # On its way out the old one still answers, and its events live for 15 minutes.
        gone = ("--for=delete", "--timeout=60s", *(f"pod/{name}" for name in old))
        host.run("wait", *where[:2], *gone, timeout=90)

    remember("10s")
    yield
    remember("15m")


def test_events_go_after_their_time(short_memory, target):
    api, events = KubeApi(target), "/api/v1/namespaces/default/events"
    about = {"involvedObject": {"namespace": "default"}}
    api.create(events, {"metadata": {"name": "short-lived", "namespace": "default"}, **about})
    eventually(
        lambda: api.get(f"{events}/short-lived").status == http.HTTPStatus.NOT_FOUND,
        "the event goes",
        seconds=90,
    )
