"""failures: one resource that can't be made must not take the rest of the program with it.

With PULUMI_CONTINUE_ON_ERROR the engine goes on with everything that does not need what failed. The
SDK does not: whatever depends on a failed resource raises ResourceRegistrationFailed, and the first
of these ends the program before the other tenants are declared (seen with pulumi 3.259).
The engine has told the user what failed by then, so here these exceptions end.
Not here: telling what is wrong with the input (core/errors.py).
"""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import ResourceRegistrationFailed


async def settle() -> None:
    """Wait until everything declared so far is made, or has failed."""
    manager = SETTINGS.rpc_manager
    while True:
        await asyncio.sleep(0)  # what was declared begins
        while manager.rpcs:
            with contextlib.suppress(ResourceRegistrationFailed):
                await manager.rpcs.pop()
        with SETTINGS.lock:
            pending = [output for output in SETTINGS.outputs if not output.done()]
        if not pending:
            break
        # An output may be what the next resource waits for: begin again with each.
        await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
    if isinstance(manager.unhandled_exception, ResourceRegistrationFailed):
        manager.unhandled_exception = None


def or_none(value: pulumi.Output[Any]) -> pulumi.Output[Any]:
    """Return an output that is None when what it needs has failed; other errors stay errors."""

    def recovered(error: Exception) -> None:
        if not isinstance(error, ResourceRegistrationFailed):
            raise error

    return pulumi.Output.recover(value, recovered)


def each_or_none(values: Mapping[str, pulumi.Input[Any]]) -> dict[str, pulumi.Output[Any]]:
    """Return the same by each key."""
    return {key: or_none(pulumi.Output.from_input(value)) for key, value in values.items()}
