"""api: a small client of the host's own API server, for what the rig itself applies and watches.

Not here: the product's access to clusters (a Pulumi provider, the agent).
"""

import http.client
import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from core.errors import HostError

_TIMEOUT_SECONDS = 15.0
_FIELD_MANAGER = "tenantplane-rig"
_METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"


class ApiError(HostError):
    """The API server refused a request."""

    def __init__(self, method: str, path: str, status: int, body: str) -> None:
        try:
            said = json.loads(body)["message"]
        except (ValueError, KeyError, TypeError):
            said = body.strip()
        super().__init__(f"{method} {path}: was refused, got {status} {said!r}")
        self.status = status


class Api:
    """One connection to an API server."""

    def __init__(self, server: str, pki: Path, user: str) -> None:
        """Connect when the first request is made.

        Args:
            server: https URL.
            pki: Folder with ca.crt and the user's certificate and key.
            user: Name of these files.
        """
        context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        context.load_cert_chain(pki / f"{user}.crt", pki / f"{user}.key")
        parts = urlsplit(server)
        self._connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS, context=context
        )

    def __enter__(self) -> Self:
        """Return itself; the connection is closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self._connection.close()

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object; None if it doesn't exist."""
        try:
            return self._request("GET", path)
        except ApiError as error:
            if error.status == http.client.NOT_FOUND:
                return None
            raise

    def metadata(self, path: str) -> dict[str, Any] | None:
        """Return an object's metadata without the rest of it; None if it doesn't exist."""
        try:
            found = self._request("GET", path, headers={"Accept": _METADATA_ONLY})
        except ApiError as error:
            if error.status == http.client.NOT_FOUND:
                return None
            raise
        metadata: dict[str, Any] = found["metadata"]
        return metadata

    def create(self, path: str, manifest: dict[str, Any]) -> bool:
        """Create an object; say whether it wasn't there already."""
        try:
            headers = {"Content-Type": "application/json"}
            self._request("POST", path, json.dumps(manifest), headers)
        except ApiError as error:
            if error.status == http.client.CONFLICT:
                return False
            raise
        return True

    def delete(self, path: str) -> None:
        """Delete an object, if it is there."""
        try:
            self._request("DELETE", path)
        except ApiError as error:
            if error.status != http.client.NOT_FOUND:
                raise

    def apply(self, path: str, manifest: str) -> None:
        """Bring an object into the state of a manifest (JSON or YAML), by server-side apply."""
        query = urlencode({"fieldManager": _FIELD_MANAGER, "force": "true"})
        headers = {"Content-Type": "application/apply-patch+yaml"}
        self._request("PATCH", f"{path}?{query}", manifest, headers)

    def apply_manifest(self, manifest: dict[str, Any]) -> None:
        """Bring an object into the state of a manifest."""
        self.apply(path(manifest), json.dumps(manifest))

    def watch(self, path: str, version: str, seconds: int) -> Iterator[dict[str, Any]]:
        """Yield the events on a collection after a version, for some seconds."""
        query = urlencode(
            {"watch": "true", "resourceVersion": version, "timeoutSeconds": str(seconds),
             "allowWatchBookmarks": "true"}
        )  # fmt: skip
        self._connection.timeout = seconds + _TIMEOUT_SECONDS
        self._connection.request("GET", f"{path}?{query}")
        response = self._connection.getresponse()
        if response.status != http.client.OK:
            raise ApiError("WATCH", path, response.status, response.read().decode())
        while line := response.readline():
            yield json.loads(line)

    def _request(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        try:
            content = body.encode() if body else None
            self._connection.request(method, path, content, headers or {})
            response = self._connection.getresponse()
            text = response.read().decode()
        except BaseException:
            self._connection.close()  # else the next request would meet half of this answer
            raise
        if response.status >= http.client.BAD_REQUEST:
            raise ApiError(method, path, response.status, text)
        answer: dict[str, Any] = json.loads(text)
        return answer


def path(manifest: dict[str, Any]) -> str:
    """Return the path of a manifest's object, for the kinds that the rig applies."""
    kind, metadata = manifest["kind"], manifest["metadata"]
    group = manifest["apiVersion"]
    root = f"/api/{group}" if "/" not in group else f"/apis/{group}"
    namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{root}{namespace}/{_plural(kind)}/{quote(metadata['name'], safe='')}"


def _plural(kind: str) -> str:
    name = kind.lower()
    if name.endswith("s"):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") else f"{name}s"
