"""Lists of a tenant are followed: changes wake, and an end is no silence."""

import asyncio

import pytest

from agent import watches
from agent.bursts import Burst
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


class EachTold:
    """In the place of a Burst: each event is told, so that they can be counted."""

    def __init__(self, tell, *, pause_seconds):
        assert pause_seconds == 1
        self.note = tell

    def close(self):
        pass


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr(watches, "_REWATCH_SECONDS", 0.01)
    monkeypatch.setattr(watches, "Burst", EachTold)


def test_what_happened_before_the_watch_counts_as_a_change():
    assert followed(Server()) == 1


def test_each_change_wakes_and_a_bookmark_does_not():
    server = Server([event("2"), event("3", "BOOKMARK"), event("4", "DELETED")])
    assert followed(server) == 3


def test_changes_without_end_wake_now_and_then(monkeypatch):
    """A tenant's user may change a ConfigMap in a loop, and each look lists and reads a lot."""

    class Restless(Server):
        async def watch(self, path, version):
            while True:
                yield event("2")
                await asyncio.sleep(0.001)

    monkeypatch.setattr(watches, "Burst", Burst)
    assert followed(Restless(), [PATH, "other"], seconds=1.5) == 2


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


@pytest.mark.parametrize("path", [PATH, f"{PATH}?labelSelector=a%3Db"], ids=["all", "labelled"])
def test_of_a_list_the_version_alone_is_read(path):
    server = Server()
    followed(server, [path])
    (asked,) = server.lists
    assert asked.endswith("limit=1")
    assert asked.startswith(path)
    assert asked.count("?") == 1


@pytest.mark.parametrize("status", [401, 403, 429, 500])
def test_for_no_other_refusal_it_is_listed_anew(status):
    """One that goes on would be asked for ever, several times a second."""
    server = Server([event("2"), ApiError("GET x", status, "Busy", "")])
    assert followed(server) == 3  # listed, one change, and the end
    assert len(server.lists) == 1


def test_a_watch_that_ends_wakes_once_and_is_not_asked_for_ever():
    """Who is woken asks the server again, and says what is wrong."""
    server = Server([UnreachableError("gone")])
    assert followed(server) == 2  # listed, and the end
    assert len(server.lists) == 1


def test_a_server_that_is_away_from_the_start_does_not_wake():
    """Who is woken would look, follow anew and be woken again: a busy loop for a tenant at rest."""
    server = Server(listed=UnreachableError("no answer"))
    assert followed(server) == 0
    assert len(server.lists) == 1


def test_a_refusal_is_no_reason_to_ask_for_ever(caplog):
    server = Server(listed=ApiError("GET x", 403, "Forbidden", "may not"))
    assert followed(server) == 0
    assert len(server.lists) == 1
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


def test_a_list_that_is_given_and_not_watched_is_no_busy_loop():
    """Each look follows anew what isn't followed, and each list wakes."""
    forbidden = [ApiError("GET x", 403, "Forbidden", "") for _ in range(100)]
    server = Server(*([error] for error in forbidden))

    async def look():
        followed_ = Watches(server, lambda: followed_.follow([PATH]))
        followed_.follow([PATH])
        await asyncio.sleep(0.3)
        stands = followed_.stand
        await followed_.close()
        return stands

    assert run(look()) is False
    assert len(server.lists) == 1


@pytest.mark.parametrize(
    ("server", "stands"),
    [
        (Server(), True),
        (Server([UnreachableError("gone")]), False),
        (Server([ApiError("GET x", 403, "Forbidden", "")]), False),
        (Server(listed=UnreachableError("no answer")), False),
    ],
    ids=["told", "ended", "refused", "away"],
)
def test_whether_all_is_told_is_known(server, stands):
    """Whoever isn't told has to look."""
    found = []

    async def see(followed_):
        found.append(followed_.stand)

    followed(server, then=see)
    assert found == [stands]
