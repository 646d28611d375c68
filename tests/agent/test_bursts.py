"""Many events are told as one, and one alone soon."""

import asyncio

import pytest

from agent.bursts import Burst
from tests.support.loop import run


def told(note, pause_seconds=0.0):
    """When it was told of what `note` notes, in seconds."""
    times = []

    async def all_of_it():
        loop = asyncio.get_running_loop()
        began = loop.time()
        burst = Burst(lambda: times.append(loop.time() - began), pause_seconds=pause_seconds)
        await note(burst)
        burst.close()
        await asyncio.sleep(0.2)

    run(all_of_it())
    return times


def test_one_is_told_soon():
    async def note(burst):
        burst.note()
        await asyncio.sleep(0.5)

    (when,) = told(note, pause_seconds=5)
    assert when < 1


def test_those_that_belong_together_are_told_once():
    async def note(burst):
        for _ in range(100):
            burst.note()
        await asyncio.sleep(0.15)

    assert len(told(note)) == 1


@pytest.mark.parametrize(("pause_seconds", "times"), [(0.4, 2), (10, 1)])
def test_what_goes_on_is_told_with_pauses(pause_seconds, times):
    async def note(burst):
        loop = asyncio.get_running_loop()
        until = loop.time() + 0.7
        while loop.time() < until:
            burst.note()
            await asyncio.sleep(0.01)

    assert len(told(note, pause_seconds)) == times


def test_what_came_in_a_pause_is_told_after_it():
    """The last change of all must not be lost."""

    async def note(burst):
        burst.note()
        await asyncio.sleep(0.1)
        burst.note()
        await asyncio.sleep(0.5)

    assert len(told(note, pause_seconds=0.3)) == 2


def test_nothing_is_told_once_it_is_closed():
    async def note(burst):
        burst.note()

    assert told(note) == []
