"""Waiting goes on through whatever passes, and ends when there is nothing left to wait for."""

import threading

import pytest

from rig.plugins.kubernetes.api import ApiError, UnreachableError
from rig.plugins.kubernetes.kinds import builtin
from rig.plugins.kubernetes.waiting import loop
from rig.plugins.kubernetes.waiting.loop import Watcher, until_gone, until_ready
from rig.plugins.kubernetes.waiting.verdict import NotReadyError, Verdict


def obj(version, uid="1", **more):
    meta = {"name": "a", "namespace": "b", "uid": uid, "resourceVersion": version, **more}
    return {"kind": "ConfigMap", "metadata": meta}


class FakeApi:
    """Answers each watch with the next of what it was given: events, or an error."""

    def __init__(self, *watches, live=None):
        self._watches = list(watches)
        self._live = live
        self.asked = []

    def watch(self, path, seconds, query):
        self.asked.append(query["resourceVersion"])
        found = self._watches.pop(0)
        if isinstance(found, Exception):
            raise found
        yield from found

    def get(self, path):
        if self._live is None:
            raise ApiError(404, {})
        return self._live


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(loop, "_PAUSE_SECONDS", 0)


def watcher(api):
    return Watcher(api, builtin("v1", "ConfigMap"), lambda _: None, threading.Event())


def at_version(version):
    """Ready once the object has this version."""
    return lambda seen: Verdict(ready=seen["metadata"]["resourceVersion"] == version)


@pytest.mark.parametrize(
    ("error", "goes_on_from"),
    [
        (UnreachableError("gone for a moment"), "1"),
        (ApiError(410, {}), ""),
        (ApiError(429, {}), ""),
        (ApiError(504, {}), ""),
    ],
)
def test_what_passes_is_waited_out(error, goes_on_from):
    api = FakeApi(error, [("MODIFIED", obj("2"))])
    ready = until_ready(watcher(api), obj("1"), at_version("2"), 60)
    assert ready["metadata"]["resourceVersion"] == "2"
    assert api.asked == ["1", goes_on_from]


def test_a_refusal_does_not_pass():
    with pytest.raises(ApiError, match="may not"):
        until_ready(
            watcher(FakeApi(ApiError(403, {"message": "may not"}))), obj("1"), at_version("2"), 60
        )


def test_the_next_watch_begins_where_the_last_ended():
    api = FakeApi(
        [("MODIFIED", obj("2")), ("BOOKMARK", obj("7"))], [("MODIFIED", obj("9"))], live=obj("7")
    )
    until_ready(watcher(api), obj("1"), at_version("9"), 60)
    assert api.asked == ["1", "7"]


@pytest.mark.parametrize(
    "watches",
    [
        [[("DELETED", obj("2"))]],
        [[("ADDED", obj("2", uid="another"))]],
        [ApiError(404, {})],
        [[]],
    ],
    ids=["deleted", "another of its name", "its type is gone", "nothing is said any more"],
)
def test_what_is_gone_is_noticed(watches):
    until_gone(watcher(FakeApi(*watches)), obj("1"), 60)
    with pytest.raises(NotReadyError, match="it was deleted while it was waited for"):
        until_ready(watcher(FakeApi(*watches)), obj("1"), at_version("9"), 60)


def test_time_runs_out():
    with pytest.raises(NotReadyError, match="not ready after 0 s"):
        until_ready(watcher(FakeApi()), obj("1"), at_version("2"), 0)
    with pytest.raises(NotReadyError, match="not gone after 0 s\n  - finalizer x/y keeps it"):
        until_gone(watcher(FakeApi()), obj("1", finalizers=["x/y"]), 0)
