"""A coroutine run to its end, with an event loop that nobody else sees."""

import asyncio


def run(coroutine):
    """Like asyncio.run, which leaves the thread without a loop: Pulumi's mocks want one."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        return runner.run(coroutine)
