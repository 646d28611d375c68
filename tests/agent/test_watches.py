"""Lists of a tenant are followed: each change wakes, and an end is no silence."""

import asyncio

import pytest

from agent import watches
from agent.kube import ApiError, UnreachableError
from agent.watches import Watches
from tests.support.loop import run

PATH = "/api/v1/namespaces/ops/secrets"


def event(version, kind="MODIFIED"):
    return {"type": kind, "object": {"metadata": {"resourceVersion": version}}}


class Server:
    """Answers each watch of a list with the next of some scripts; after the last it is silent."""

    def __init__(self, *scripts, listed=None):
        self.scripts = list(scripts)
        self.listed = listed
        self.lists = []
        self.versions = []

    async def get(self, path, *, metadata_list):
        assert metadata_list
        self.lists.append(path)
        if self.listed is not None:
            raise self.listed
        return {"metadata": {"resourceVersion": "1"}}

    async def watch(self, path, version):
        self.versions.append((path, version))
        script = self.scripts.pop(0) if self.scripts else [asyncio.Event().wait()]
        for step in script:
            if isinstance(step, Exception):
                raise step
            if asyncio.iscoroutine(step):
                await step
            else:
                yield step


def followed(server, paths=(PATH,), seconds=0.3, then=None):
    """How often it wakes within some time."""
    woken = []

    async def follow():
        followed_ = Watches(server, lambda: woken.append(None))
        followed_.follow(paths)
        await asyncio.sleep(seconds)
        if then is not None:
            await then(followed_)
        await followed_.close()

    run(follow())
    return len(woken)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(watches, "_REWATCH_SECONDS", 0.01)


def test_what_happened_before_the_watch_counts_as_a_change():
    assert followed(Server()) == 1


def test_each_change_wakes_and_a_bookmark_does_not():
    server = Server([event("2"), event("3", "BOOKMARK"), event("4", "DELETED")])
    assert followed(server) == 3


def test_a_watch_that_ends_goes_on_from_where_it_was():
    server = Server([event("2"), event("7", "BOOKMARK")], [event("8")])
    followed(server)
    assert [version for _, version in server.versions] == ["1", "7", "8"]
    assert len(server.lists) == 1


def test_a_version_that_is_too_old_is_listed_anew():
    gone = ApiError("GET x", 410, "Expired", "")
    server = Server([event("2"), gone])
    assert followed(server) == 3  # twice listed, one change
    assert len(server.lists) == 2


def test_a_server_that_goes_away_wakes_once_and_is_not_asked_for_ever():
    """Who is woken asks it again, and says what is wrong."""
    server = Server(listed=UnreachableError("no answer"))
    assert followed(server) == 1
    assert len(server.lists) == 1


def test_a_refusal_is_no_reason_to_ask_for_ever(caplog):
    server = Server(listed=ApiError("GET x", 403, "Forbidden", "may not"))
    assert followed(server) == 1
    assert "watch of /api/v1/namespaces/ops/secrets: " in caplog.text


def test_one_that_ended_is_followed_anew():
    server = Server([UnreachableError("gone")])

    async def again(followed_):
        followed_.follow([PATH])
        await asyncio.sleep(0.1)

    assert followed(server, then=again) == 3  # listed, gone, listed again
    assert len(server.versions) == 2


def test_one_that_goes_on_is_left_and_others_are_let_go():
    server = Server()

    async def again(followed_):
        followed_.follow([PATH, "other"])
        await asyncio.sleep(0.05)
        followed_.follow(["other"])
        await asyncio.sleep(0.05)
        assert list(followed_._following) == ["other"]

    followed(server, then=again)
    assert server.versions == [(PATH, "1"), ("other", "1")]
