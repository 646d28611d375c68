"""A Kubernetes API over HTTP: the few verbs that the agent needs, asynchronous and small.

aiohttp comes with kopf; the official client would cost 60 MiB more, and is not asynchronous.
Not here: who one is (credentials.py), where a kind is served (discovery.py), what is sent
(apply.py, handlers/).
"""

import asyncio
import json
import ssl
from asyncio import sslproto
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from core.errors import TenantplaneError

Json = dict[str, Any]

FIELD_MANAGER = "tenantplane-agent"

_APPLY = "application/apply-patch+yaml"  # JSON is YAML
_MERGE = "application/merge-patch+json"
_JSON = "application/json, */*"  # a tenant's public keys are JSON of a kind of their own
_METADATA = "application/json;as=PartialObjectMetadata{list};g=meta.k8s.io;v=v1"

sslproto.SSLProtocol.max_size = 16 * 1024
"""asyncio's read buffer of each TLS connection: 256 KiB by default, for one watch per tenant that
hears nothing for hours. A TLS record holds 16 KiB at most. 310 KiB became 70 (docs/agent.md)."""

CONNECTIONS = 2
"""Requests to one API server at a time: more are slower, a TLS handshake costs as much as five
small ones. A watch has a connection to itself, and takes none from requests."""

_TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=3)
_WATCH_SECONDS = 600
_SILENCE_SECONDS = 90
"""A watch without a line for this long is dead: the server sends a bookmark every minute."""

_SHOWN_CHARACTERS = 200

_MOST_MIB = 10
"""Of one answer, as all tenants share the agent's memory. Any object fits: a request to etcd has
1.5 MiB at most (--max-request-bytes), and JSON writes a character with up to six (`\\u003c`)."""

_FORBIDDEN = 403
_CONFLICT = 409
_GONE = 410
_NOT_FOUND = 404
_UNAUTHORIZED = 401
_WRONG = (400, 413, 422)


class ApiError(TenantplaneError):
    """The API server refused a request."""

    def __init__(self, what: str, status: int, reason: str, message: str) -> None:
        """Keep the parts: `message` may quote what was sent, so Secrets show `reason` alone."""
        super().__init__(f"{what}: {message or reason} ({status})")
        self.status = status
        self.reason = reason or str(status)

    @property
    def not_found(self) -> bool:
        """There is no such object, or no such kind."""
        return self.status == _NOT_FOUND

    @property
    def conflict(self) -> bool:
        """Somebody else changed the object meanwhile."""
        return self.status == _CONFLICT

    @property
    def gone(self) -> bool:
        """The version that was asked for is too old."""
        return self.status == _GONE

    @property
    def forbidden(self) -> bool:
        """We have no right to it: not yet, or not any more."""
        return self.status == _FORBIDDEN

    @property
    def terminating(self) -> bool:
        """The namespace is going, and nothing new is let in (k8s admission NamespaceLifecycle)."""
        return self.forbidden and "because it is being terminated" in str(self)

    @property
    def wrong(self) -> bool:
        """The object can't be, whoever sends it again and whenever."""
        return self.status in _WRONG

    @property
    def unauthorized(self) -> bool:
        """The server doesn't know us: a certificate was renewed, or its authority."""
        return self.status == _UNAUTHORIZED


class TooLargeError(ApiError):
    """An answer is larger than any single object."""

    def __init__(self, what: str, status: int) -> None:
        """Say of which request."""
        message = f"the answer has more than {_MOST_MIB} MiB; have less in it"
        super().__init__(what, status, "TooLarge", message)


class UnreachableError(TenantplaneError):
    """The API server doesn't answer, or not in time."""


class Client:
    """One API server, as one user."""

    def __init__(
        self,
        server: str,
        context: ssl.SSLContext,
        *,
        headers: Callable[[], dict[str, str]] = dict,
        tls_server_name: str | None = None,
    ) -> None:
        """Open nothing yet.

        Args:
            server: https URL.
            context: Whom to trust, and our own certificate.
            headers: Asked before each request, since tokens are renewed.
            tls_server_name: Name in the server's certificate, where it is not the URL's host.
        """
        self._server = server.rstrip("/")
        self._headers = headers
        self._server_name = tls_server_name
        self._requests = asyncio.Semaphore(CONNECTIONS)
        connector = aiohttp.TCPConnector(ssl=context, limit=0, keepalive_timeout=10)
        self._session = aiohttp.ClientSession(
            connector=connector, timeout=_TIMEOUT, auto_decompress=True
        )

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def get(self, path: str, *, metadata_list: bool = False) -> Json:
        """Read an object, a list, or (much smaller) the metadata of a list's objects."""
        accept = _METADATA.format(list="List") if metadata_list else _JSON
        return await self._request("GET", path, accept=accept)

    async def create(self, path: str, body: Json) -> Json:
        """Create an object that must be new, or ask for what is no object, like a token."""
        return await self._request("POST", path, body)

    async def apply(self, path: str, body: Json) -> Json:
        """Server-side apply; what others own and we want becomes ours."""
        params = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return await self._request("PATCH", path, body, content_type=_APPLY, params=params)

    async def merge(self, path: str, body: Json) -> Json:
        """Merge patch: null removes, lists are replaced."""
        return await self._request("PATCH", path, body, content_type=_MERGE)

    async def delete(self, path: str) -> Json:
        """Delete an object; returns the answer: the object itself where it doesn't go at once."""
        try:
            return await self._request("DELETE", path, {"propagationPolicy": "Background"})
        except ApiError as error:
            if error.not_found:
                return {}
            raise

    async def _request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        content_type: str = "application/json",
        accept: str = _JSON,
        params: dict[str, str] | None = None,
    ) -> Json:
        headers = {"Accept": accept, "Content-Type": content_type, **self._headers()}
        data = None if body is None else json.dumps(body).encode()
        try:
            async with (
                self._requests,
                self._session.request(
                    method,
                    self._server + path,
                    data=data,
                    headers=headers,
                    params=params,
                    server_hostname=self._server_name,
                ) as response,
            ):
                return await _checked(f"{method} {path}", response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> UnreachableError:
        text = str(error) or type(error).__name__
        return UnreachableError(
            f"API server {self._server}: no answer, got {text}; "
            "see whether it runs and whether network policies let the agent reach it"
        )

    async def watch(self, path: str, resource_version: str) -> AsyncIterator[Json]:
        """Stream changes to the metadata of a list's objects, from a version of the list on.

        Ends when the server ends it; the caller lists again.

        Raises:
            ApiError: The version is too old, or the server refused.
            UnreachableError: The connection broke, or was silent for too long.
        """
        params = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": str(_WATCH_SECONDS),
        }
        headers = {"Accept": _METADATA.format(list=""), **self._headers()}
        timeout = aiohttp.ClientTimeout(sock_connect=3, sock_read=_SILENCE_SECONDS)
        try:
            async with self._session.get(
                self._server + path,
                params=params,
                headers=headers,
                timeout=timeout,
                server_hostname=self._server_name,
            ) as response:
                if response.status != 200:  # noqa: PLR2004 -- OK
                    await _checked(f"GET {path}", response)
                async for event in _lines(response.content):
                    yield _event(path, event)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error


async def _lines(stream: aiohttp.StreamReader) -> AsyncIterator[Json]:
    rest = b""
    async for chunk in stream.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _event(path: str, event: Json) -> Json:
    if event["type"] == "ERROR":
        status = event["object"]
        code = int(status.get("code", _GONE))
        raise ApiError(f"GET {path}", code, status.get("reason", ""), status.get("message", ""))
    return event


async def _checked(what: str, response: aiohttp.ClientResponse) -> Json:
    status, content = response.status, bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > _MOST_MIB * 1024**2:
            response.close()  # else what is left would be waited for
            raise TooLargeError(what, status)
    try:
        body = json.loads(content) if content else {}
    except ValueError:
        body = {"message": _shown(content.decode(errors="replace"))}
    if status < 300:  # noqa: PLR2004 -- success
        return dict(body)
    raise ApiError(what, status, body.get("reason", ""), body.get("message", ""))


def _shown(text: str) -> str:
    """What a text says for people: of /readyz the checks that failed, else how it begins."""
    failed = [line for line in text.splitlines() if line.startswith("[-]")]
    return "; ".join(failed) or text[:_SHOWN_CHARACTERS]
