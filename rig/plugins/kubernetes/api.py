"""api: the requests of the Kubernetes API that the plugin makes.

Owns: refusals of the API server as exceptions, its requests to slow down, watching.
Not here: connections (transport.py), where kinds live (discovery.py).
"""

import json
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Any

from rig.plugins.kubernetes.transport import Response, Transport, UnreachableError
from rig.plugins.kubernetes.values import Data, Tree

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
_JSON = "application/json"
_REQUEST_SECONDS = 70.0  # the server gives up after 60
_WATCH_GRACE_SECONDS = 15.0
_TOO_MANY, _UNAUTHORIZED, _SERVER_ERROR = 429, 401, 500
_RETRIES = 10
_USER_AGENT = "tenantplane-pulumi-kubernetes"

Query = Mapping[str, str]


class ApiError(Exception):
    """The API server refused; its words are the text."""

    def __init__(self, code: int, status: Mapping[str, Any]) -> None:
        self.code = code
        self.reason = str(status.get("reason") or "")
        self.message = str(status.get("message") or f"HTTP {code}")
        self.details: Mapping[str, Any] = status.get("details") or {}
        super().__init__(self.message)

    @property
    def missing_namespace(self) -> bool:
        """Whether the namespace of the object doesn't exist."""
        return self.reason == "NotFound" and self.details.get("kind") == "namespaces"

    @property
    def already_exists(self) -> bool:
        """Whether an object of that name is there already."""
        return self.reason == "AlreadyExists"

    @property
    def is_conflict(self) -> bool:
        """Whether another manager has a field, or the object changed meanwhile."""
        return self.reason == "Conflict"

    @property
    def not_found(self) -> bool:
        """Whether there is no such object, or no such type."""
        return self.code == 404  # noqa: PLR2004


class Throttle:
    """At most so many requests a second, after a burst."""

    def __init__(self, per_second: float, burst: int) -> None:
        self._interval = 1 / per_second
        self._slack = self._interval * max(burst - 1, 0)
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Sleep until it is this request's turn."""
        with self._lock:
            now = time.monotonic()
            self._next = max(self._next, now - self._slack)
            pause, self._next = self._next - now, self._next + self._interval
        if pause > 0:
            time.sleep(pause)


class Api:
    """One API server."""

    def __init__(
        self,
        transport: Transport,
        *,
        throttle: Throttle | None = None,
        timeout_seconds: float | None = None,
    ) -> None:
        self._transport = transport
        self._throttle = throttle
        self._timeout_seconds = timeout_seconds or _REQUEST_SECONDS

    @property
    def server(self) -> str:
        """URL of the API server."""
        return self._transport.server

    def stop(self) -> None:
        """Break every request, now and later."""
        self._transport.stop()

    def get(self, path: str, **query: str) -> Tree:
        """Return the object or list at a path."""
        return self.send("GET", path, query)

    def text(self, path: str, **query: str) -> str:
        """Return what is at a path as text."""
        return self._send("GET", path, query, None, _JSON).decode(errors="replace")

    def send(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Data = None,
        *,
        content_type: str = _JSON,
    ) -> Tree:
        """Send a request and return the answer.

        Raises:
            ApiError: the API server refuses.
            UnreachableError: it doesn't answer.
        """
        raw = self._send(method, path, query or {}, body, content_type)
        try:
            answer: Tree = json.loads(raw)
        except ValueError as error:
            raise self._transport.unreachable(error) from None
        return answer

    def watch(self, path: str, seconds: int, query: Query) -> Iterator[tuple[str, Tree]]:
        """Yield (ADDED, MODIFIED, DELETED or BOOKMARK, object) for some seconds, as they happen.

        Raises:
            ApiError: the API server refuses, or can't go back to the resourceVersion asked for.
        """
        asked = {
            **query,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        grace = seconds + _WATCH_GRACE_SECONDS
        headers = self._headers(_JSON, None)
        target = f"{path}?{urllib.parse.urlencode(asked)}"
        with self._transport.exchange("GET", target, headers, None, grace) as response:
            if response.status >= 400:  # noqa: PLR2004
                raise _refusal(response.status, response.read())
            for line in response.lines():
                event = json.loads(line)
                if event["type"] == "ERROR":
                    raise ApiError(int(event["object"].get("code") or 500), event["object"])
                yield event["type"], event["object"]

    def _send(self, method: str, path: str, query: Query, body: Data, content_type: str) -> bytes:
        target = f"{path}?{urllib.parse.urlencode(query)}" if query else path
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        renewed = False
        for attempt in range(_RETRIES + 1):
            if self._throttle:
                self._throttle.wait()
            headers = self._headers(content_type, content)
            with self._transport.exchange(
                method, target, headers, content, self._timeout_seconds
            ) as response:
                answer, status = response.read(), response.status
                pause = _asked_pause(response)
            if status < 400:  # noqa: PLR2004
                return answer
            if status == _UNAUTHORIZED and not renewed:
                renewed = self._transport.new_credentials(headers.get("Authorization", ""))
                if renewed:
                    continue
            if pause is None or attempt == _RETRIES:
                break
            time.sleep(pause)
        raise _refusal(status, answer)

    def _headers(self, content_type: str, content: bytes | None) -> dict[str, str]:
        headers = {"Accept": _JSON, "User-Agent": _USER_AGENT}
        if content is not None:
            headers["Content-Type"] = content_type
        if authorization := self._transport.authorization:
            headers["Authorization"] = authorization
        return headers


def _asked_pause(response: Response) -> float | None:
    """Return for how many seconds the API server wants to be left alone, None if it doesn't."""
    if response.status != _TOO_MANY and response.status < _SERVER_ERROR:
        return None
    seconds = response.header("Retry-After")
    return float(seconds) if seconds.isdigit() else None


def _refusal(code: int, answer: bytes) -> ApiError:
    try:
        status = json.loads(answer)
    except ValueError:
        status = {"message": f"HTTP {code}: {answer[:200].decode(errors='replace')}"}
    return ApiError(code, status if isinstance(status, dict) else {})


__all__ = ["APPLY", "JSON_PATCH", "Api", "ApiError", "Throttle", "UnreachableError"]
