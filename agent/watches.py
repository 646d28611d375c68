"""Watches on lists of a tenant or of the host: whatever happens in one is told, soon.

Not here: what is done then (handlers/), requests (kube.py).
"""

import asyncio
import logging
from collections.abc import Callable, Collection

from agent.bursts import Burst
from agent.kube import ApiError, Client, UnreachableError
from agent.lists import version_of

logger = logging.getLogger("agent")

_PAUSE_SECONDS = 1.0
"""A look lists and reads a lot, and a tenant's users may change an object in a loop."""
_REWATCH_SECONDS = 0.2
_REFUSED_SECONDS = 15.0
"""A list that is given and not watched would else be listed at each look, and each list wakes."""


class Watches:
    """Follows some lists of one API server."""

    def __init__(self, client: Client, wake: Callable[[], None]) -> None:
        """Follow nothing yet; `wake` is called after changes, and when the server is gone."""
        self._client = client
        self._burst = Burst(wake, pause_seconds=_PAUSE_SECONDS)
        self._following: dict[str, asyncio.Task[None]] = {}
        self._standing: set[str] = set()

    @property
    def stand(self) -> bool:
        """Whether all that is followed is told; else somebody has to look."""
        return self._standing >= self._following.keys()

    def follow(self, paths: Collection[str]) -> None:
        """Follow these lists and no others; one whose watch ended is followed anew."""
        for path in set(self._following) - set(paths):
            self._following.pop(path).cancel()
        for path in paths:
            task = self._following.get(path)
            if task is None or task.done():
                self._following[path] = asyncio.create_task(self._follow(path))

    async def close(self) -> None:
        """Follow nothing any more."""
        self._burst.close()
        tasks, self._following = list(self._following.values()), {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _follow(self, path: str) -> None:
        established, pause = False, 0.0
        try:
            while True:
                version = await version_of(self._client, path)
                established = True
                self._standing.add(path)
                self._burst.note()  # what happened before isn't told by the watch
                try:
                    while True:
                        async for event in self._client.watch(path, version):
                            version = event["object"]["metadata"]["resourceVersion"]
                            if event["type"] != "BOOKMARK":
                                self._burst.note()
                        await asyncio.sleep(_REWATCH_SECONDS)
                except ApiError as error:
                    if not error.gone:
                        raise
                    await asyncio.sleep(_REWATCH_SECONDS)
        except UnreachableError as error:
            logger.debug("watch of %s ended: %s", path, error)
        except ApiError as error:
            logger.warning("watch of %s: %s", path, error)
            pause = _REFUSED_SECONDS
        finally:
            self._standing.discard(path)
        if established:  # else whoever looks finds out, and knows when to look again
            self._burst.note()
        await asyncio.sleep(pause)
