"""loop: waits on a watch until an object is ready, gone, or out of time.

The server ends each watch after some seconds; in between the user is told what it waits for.
Not here: what ready means (the other modules of this folder).
"""

import math
import threading
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from rig.plugins.kubernetes.annotations import metadata, text
from rig.plugins.kubernetes.api import Api, ApiError
from rig.plugins.kubernetes.kinds import Resource
from rig.plugins.kubernetes.transport import UnreachableError
from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.verdict import Check, NotReadyError, Verdict

_BEAT_SECONDS = 10
_PAUSE_SECONDS = 0.5
_PASSING = (410, 429)  # too old to watch from; asked too often
_SERVER_ERROR = 500

Troubles = Callable[[Tree], list[str]]


class OutOfTimeError(Exception):
    """What was waited for didn't happen in time, or the user gave up."""


def no_troubles(_: Tree) -> list[str]:
    """Say nothing about what keeps an object from being ready."""
    return []


@dataclass(frozen=True)
class Watcher:
    """What waiting needs to know of one operation."""

    api: Api
    resource: Resource
    status: Callable[[str], None]
    """Tells the user what is waited for."""

    cancelled: threading.Event

    def events(self, obj: Tree, deadline: float) -> Generator[Tree | None]:
        """Yield an object each time it changes, None each few seconds, and end when it is gone.

        Args:
            obj: Last known state; what has happened since is told.
            deadline: On time.monotonic().

        Raises:
            OutOfTimeError: it has passed.
        """
        namespace, name = text(obj, "metadata", "namespace"), text(obj, "metadata", "name")
        path, uid = self.resource.path(namespace), metadata(obj).get("uid")
        version = str(metadata(obj).get("resourceVersion") or "")
        while True:
            seconds = min(_BEAT_SECONDS, math.ceil(deadline - time.monotonic()))
            if seconds <= 0 or self.cancelled.is_set():
                raise OutOfTimeError
            query = {"fieldSelector": f"metadata.name={name}", "resourceVersion": version}
            quiet = True
            try:
                for kind, seen in self.api.watch(path, seconds, query):
                    version = str(metadata(seen).get("resourceVersion") or version)
                    if kind == "BOOKMARK":
                        continue
                    if kind == "DELETED" or metadata(seen).get("uid") not in (uid, None):
                        return
                    quiet = False
                    yield seen
                if quiet and not self._is_there(namespace, name, uid):
                    return  # its definition has gone with it, and took the watch along
            except UnreachableError:  # the API server restarts, or the user gave up
                self.cancelled.wait(_PAUSE_SECONDS)
            except ApiError as error:
                if error.not_found:
                    return
                version = self._begin_anew(error)
            yield None

    def _begin_anew(self, error: ApiError) -> str:
        """Return the resourceVersion that means "as it is now", if what happened will pass."""
        if error.code not in _PASSING and error.code < _SERVER_ERROR:
            raise error
        self.cancelled.wait(_PAUSE_SECONDS)
        return ""

    def _is_there(self, namespace: str, name: str, uid: object) -> bool:
        try:
            current = self.api.get(self.resource.path(namespace, name))
        except ApiError as error:
            if error.not_found:
                return False
            raise
        return metadata(current).get("uid") == uid


def until_ready(
    watcher: Watcher, obj: Tree, check: Check, seconds: float, troubles: Troubles = no_troubles
) -> Tree:
    """Return an object once it is ready.

    Raises:
        NotReadyError: it failed, was deleted, or the time is up; with what keeps it from being so.
    """
    verdict = check(obj)
    told = ""
    deadline = time.monotonic() + seconds
    try:
        with closing(watcher.events(obj, deadline)) as events:
            while not verdict.ready and not verdict.failed:
                if verdict.message != told:
                    told = verdict.message
                    watcher.status(told)
                seen = next(events, _DELETED)
                if seen is _DELETED:
                    raise NotReadyError("it was deleted while it was waited for", obj, [])
                if seen is None:
                    for trouble in troubles(obj)[:1]:
                        watcher.status(trouble.partition("\n")[0])
                    continue
                obj = seen
                verdict = check(obj)
    except OutOfTimeError:
        raise _out_of_time(watcher, obj, verdict, seconds, troubles) from None
    if verdict.failed:
        raise NotReadyError(verdict.failed, obj, troubles(obj))
    if told:
        watcher.status("")
    return obj


def until_gone(watcher: Watcher, obj: Tree, seconds: float) -> None:
    """Return once an object is gone.

    Raises:
        NotReadyError: the time is up; with the finalizers that it still has.
    """
    try:
        for seen in watcher.events(obj, time.monotonic() + seconds):
            if seen is not None:
                obj = seen
                finalizers = ", ".join(metadata(obj).get("finalizers") or [])
                watcher.status(
                    f"Waiting for its deletion{f' ({finalizers})' if finalizers else ''}"
                )
    except OutOfTimeError:
        raise _still_there(watcher, obj, seconds) from None


_DELETED: Tree = {}


def _out_of_time(
    watcher: Watcher, obj: Tree, verdict: Verdict, seconds: float, troubles: Troubles
) -> NotReadyError:
    if watcher.cancelled.is_set():
        return NotReadyError("the operation was cancelled while it was waited for", obj, [])
    waiting = verdict.message[:1].lower() + verdict.message[1:]
    return NotReadyError(f"not ready after {seconds:g} s: {waiting}", obj, troubles(obj))


def _still_there(watcher: Watcher, obj: Tree, seconds: float) -> NotReadyError:
    if watcher.cancelled.is_set():
        return NotReadyError("the operation was cancelled while it was being deleted", obj, [])
    finalizers = metadata(obj).get("finalizers") or []
    conditions = (obj.get("status") or {}).get("conditions") or []
    reasons = [f"finalizer {name} keeps it" for name in finalizers]
    reasons += [
        str(c["message"]) for c in conditions if c.get("status") == "True" and c.get("message")
    ]
    return NotReadyError(f"not gone after {seconds:g} s", obj, reasons)
