"""When an object is looked at: changes, failures, and one object's trouble staying its own."""

import asyncio

import pytest

from agent import host, loops
from agent.loops import Loops
from agent.outcome import NotReadyError, Outcome
from tests.support.loop import run as in_a_loop


class Host:
    """Takes status patches."""

    def __init__(self):
        self.patches = []

    async def merge(self, path, body):
        self.patches.append(body["status"])
        return body

    def reasons(self):
        return [status["conditions"][0]["reason"] for status in self.patches]


class Scripted:
    """A reconciler that does what a test says, object by object."""

    kind, plural, eager = "Thing", "things", True

    def __init__(self, **scripts):
        self.scripts = scripts
        self.seen = []
        self.forgotten = []

    async def reconcile(self, body, wake):
        name = body["metadata"]["name"]
        self.seen.append((name, body["metadata"]["generation"]))
        result = self.scripts.get(name, Outcome("Done"))
        result = result.pop(0) if isinstance(result, list) and len(result) > 1 else result
        result = result[0] if isinstance(result, list) else result
        if isinstance(result, Exception):
            raise result
        if asyncio.iscoroutinefunction(result):
            return await result()
        return result

    async def forget(self, uid):
        self.forgotten.append(uid)


def thing(name="a", generation=1, **metadata):
    return {
        "apiVersion": "v1",
        "kind": "Thing",
        "metadata": {
            "name": name,
            "namespace": "n",
            "uid": name,
            "generation": generation,
            **metadata,
        },
        "spec": {},
    }


@pytest.fixture(autouse=True)
def events(monkeypatch):
    """Events that were posted: type and reason."""
    posted = []
    monkeypatch.setattr(host, "event", lambda body, post, reason, message: posted.append(reason))
    monkeypatch.setattr(loops, "_EAGER_DELAY_SECONDS", 0.01)
    monkeypatch.setattr(loops, "_FIRST_MINUTE_SECONDS", 0.01)
    return posted


def play(reconciler, scenario, resync_seconds=300.0):
    """Run a scenario with loops; returns the host."""

    async def run():
        taken = Host()
        running = Loops(reconciler, taken, resync_seconds=resync_seconds)
        await scenario(running, taken)
        await running.stop()
        return taken

    return in_a_loop(run())


async def settled(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 -- any condition, not only one with an event
            await asyncio.sleep(0.005)


def test_an_object_is_made_ready_and_then_left_alone():
    reconciler = Scripted()

    async def scenario(running, taken):
        running.observe(thing(), listed=False)
        await settled(lambda: taken.patches)
        await asyncio.sleep(0.05)

    taken = play(reconciler, scenario)
    assert taken.reasons() == ["Done"]
    assert reconciler.seen == [("a", 1)]


def test_the_echo_of_an_own_status_is_no_change():
    reconciler = Scripted()

    async def scenario(running, taken):
        running.observe(thing(), listed=False)
        await settled(lambda: taken.patches)
        running.observe({**thing(), "status": taken.patches[0]}, listed=False)
        await asyncio.sleep(0.05)

    play(reconciler, scenario)
    assert reconciler.seen == [("a", 1)]


def test_a_new_spec_is_taken_up_at_once():
    reconciler = Scripted()

    async def scenario(running, taken):
        running.observe(thing(), listed=False)
        await settled(lambda: taken.patches)
        running.observe(thing(generation=2), listed=False)
        await settled(lambda: len(reconciler.seen) == 2)
        await settled(lambda: taken.patches[-1]["observedGeneration"] == 2)

    play(reconciler, scenario)
    assert reconciler.seen == [("a", 1), ("a", 2)]


def test_a_spec_that_changed_meanwhile_is_not_reported_as_done():
    """Else Pulumi would take the old objects for the new ones."""
    held = asyncio.Event()

    async def slowly():
        await held.wait()
        return Outcome("Done")

    reconciler = Scripted(a=[slowly, Outcome("Done")])

    async def scenario(running, taken):
        running.observe(thing(), listed=False)
        await settled(lambda: reconciler.seen)
        running.observe(thing(generation=2), listed=False)
        held.set()
        await settled(lambda: len(taken.patches) == 2)

    taken = play(reconciler, scenario)
    assert [status["observedGeneration"] for status in taken.patches] == [1, 2]


def test_a_failure_is_reported_once_and_tried_again(events):
    down = NotReadyError("Unreachable", "no answer", {"lastError": "no answer"})
    reconciler = Scripted(a=[down, down, down, Outcome("Done")])

    async def scenario(running, taken):
        running.observe(thing(), listed=False)
        await settled(lambda: len(taken.patches) == 2)

    taken = play(reconciler, scenario)
    assert taken.reasons() == ["Unreachable", "Done"]
    assert taken.patches[0]["lastError"] == "no answer"
    assert len(reconciler.seen) == 4
    assert events == ["Done"]  # what a new object waits for is no event


def test_a_failure_of_what_was_ready_is_an_event(events):
    down = NotReadyError("Unreachable", "no answer")
    reconciler = Scripted(a=[Outcome("Done"), down, Outcome("Done")])

    async def scenario(running, taken):
        running.observe(thing(), listed=False)
        await settled(lambda: len(taken.patches) == 3)

    play(reconciler, scenario, resync_seconds=0.01)
    assert events[:3] == ["Done", "Unreachable", "Done"]


def test_the_loops_pace_slows_down_after_a_minute(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(loops.time, "monotonic", lambda: now[0])
    loop = loops._Loop(Scripted(), Host(), 300.0)
    pace = {}

    async def fail(at):
        now[0] = at
        return await loop._failed(thing(), NotReadyError("Unreachable", "x"))

    async def run():
        for at in (1.0, 10.0, 30.0, 70.0, 5000.0):
            pace[at] = await fail(at)

    in_a_loop(run())
    assert pace[1.0] == pace[10.0] == loops._EAGER_DELAY_SECONDS
    assert pace[30.0] == loops._FIRST_MINUTE_SECONDS
    assert 2 < pace[70.0] <= 30
    assert 20 < pace[5000.0] <= 30


def test_an_unexpected_error_shows_its_kind_alone_and_ends_nothing():
    """Its text may hold anything, a key too."""
    reconciler = Scripted(a=[KeyError("secret-thing"), Outcome("Done")])

    async def scenario(running, taken):
        running.observe(thing(), listed=False)
        await settled(lambda: len(taken.patches) == 2)

    taken = play(reconciler, scenario)
    assert taken.patches[0]["conditions"][0]["message"] == "unexpected KeyError"
    assert taken.reasons() == ["Failed", "Done"]


def test_one_that_hangs_holds_up_no_other():
    async def for_ever():
        await asyncio.Event().wait()

    reconciler = Scripted(a=for_ever)

    async def scenario(running, taken):
        running.observe(thing("a"), listed=False)
        running.observe(thing("b"), listed=False)
        await settled(lambda: taken.patches)

    assert play(reconciler, scenario).reasons() == ["Done"]


def test_one_that_is_finished_is_not_looked_at_again():
    reconciler = Scripted(a=Outcome("Removed", finished=True))

    async def scenario(running, taken):
        running.observe(thing(deletionTimestamp="x"), listed=False)
        await settled(lambda: reconciler.seen)
        running.observe(thing(generation=9, deletionTimestamp="x"), listed=False)
        await asyncio.sleep(0.03)
        running.forget("a")
        await settled(lambda: reconciler.forgotten)

    taken = play(reconciler, scenario)
    assert len(reconciler.seen) == 1
    assert taken.patches == []
    assert reconciler.forgotten == ["a"]


def test_what_was_ready_before_a_start_waits_its_turn():
    """Hundreds of tenants at once would be a storm of handshakes."""
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "t"}
    status = {"conditions": [ready], "observedGeneration": 1}
    reconciler = Scripted()

    async def scenario(running, taken):
        for number in range(50):
            running.observe({**thing(f"t{number}"), "status": status}, listed=True)
        running.observe(thing("new"), listed=True)
        await settled(lambda: ("new", 1) in reconciler.seen)

    play(reconciler, scenario)
    assert reconciler.seen.index(("new", 1)) < 25


def test_the_time_of_a_condition_is_that_of_its_last_change():
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "then"}
    body = {**thing(), "status": {"conditions": [ready]}}
    same = host.status_patch(body, ready=True, reason="r", message="m", fields={})
    other = host.status_patch(body, ready=False, reason="r", message="m", fields={})
    assert same["status"]["conditions"][0]["lastTransitionTime"] == "then"
    assert other["status"]["conditions"][0]["lastTransitionTime"] != "then"


def test_a_loop_that_was_ended_by_something_else_is_started_again(caplog):
    """A cancellation from within is no error to a task, so nothing would ever be said."""

    async def cancelled():
        raise asyncio.CancelledError

    reconciler = Scripted(a=[cancelled, Outcome("Done")])

    async def scenario(running, taken):
        running.observe(thing(), listed=False)
        await settled(lambda: taken.patches)

    assert play(reconciler, scenario).reasons() == ["Done"]
    assert "its loop ended by itself" in caplog.text
