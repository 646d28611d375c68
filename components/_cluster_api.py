"""Asks a cluster's API what it is, before anything is declared (docs/adr/0002).

The standard library does it: the official client costs 130 ms of every `pulumi up` to import, this
none. Owns: TLS and proxies of one short connection.
Not here: who to be (_credentials.py), what is asked (_facts.py), every change (the Provider), the
same for the offline plugin (rig/plugins/kubernetes/transport.py, docs/adr/0006).
"""

import http.client
import json
import os
import ssl
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from components._credentials import REMEDY, Credentials, decoded
from core.errors import HostError, describe
from core.kubeconfig import Connection

METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""What to accept when an object's name, labels and annotations will do."""

_CONNECT_SECONDS = 5.0
_SHOWN_BYTES = 40
_HTTP_PORT, _HTTPS_PORT = 80, 443
_NOT_FOUND = 404
_REFUSED = {401: "does not accept the credentials", 403: "does not let the user read"}


class ClusterApi:
    """One connection to a cluster's API; use it in a `with`."""

    def __init__(self, connection: Connection, host: str) -> None:
        """Prepare it; nothing is connected yet.

        Args:
            connection: Where to and as whom.
            host: What errors call the cluster.

        Raises:
            HostError: the kubeconfig can't be used.
        """
        self._connection = connection
        self._thing = f"host {host}"
        user = Credentials(connection, self._thing)
        self._headers = {"Accept": "application/json", **user.headers}
        self._http = self._open(_tls(connection, user, self._thing))
        self._prefix = urllib.parse.urlsplit(connection.server).path.rstrip("/")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, path: str, accept: str = "application/json") -> dict[str, Any] | None:
        """Return what is at a path, None when there is nothing.

        Raises:
            HostError: the cluster can't be reached, refuses, or is none.
        """
        status, body = self._request(path, self._headers | {"Accept": accept})
        if status == _NOT_FOUND:
            return None
        if status >= http.client.BAD_REQUEST:
            problem = f"its API server at {self._connection.server} {_REFUSED.get(status, 'fails')}"
            remedy = "use a kubeconfig of one of its administrators"
            raise HostError(describe(self._thing, problem, f"{status} for {path}", remedy))
        return self._document(body)

    def _document(self, body: bytes) -> dict[str, Any]:
        try:
            document = json.loads(body)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return document
        problem = f"what answers at {self._connection.server} is no Kubernetes API"
        remedy = "see whether a proxy's login page or another server is in the way"
        got = body[:_SHOWN_BYTES].decode(errors="replace")
        raise HostError(describe(self._thing, problem, got, remedy))

    def _request(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            self._http.request("GET", self._prefix + path, headers=dict(headers))
            response = self._http.getresponse()
            return response.status, response.read()
        except ssl.SSLCertVerificationError as error:
            problem = f"the certificate of {self._connection.server} is not from its CA"
            remedy = "take a new kubeconfig from the cluster; its CA may have changed"
            text = describe(self._thing, problem, error.verify_message, remedy)
            raise HostError(text) from error
        except (OSError, http.client.HTTPException) as error:
            problem = f"its API server can't be reached at {self._connection.server}"
            remedy = "start the cluster (`make up` starts the local one) or correct its kubeconfig"
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise HostError(describe(self._thing, problem, reason, remedy)) from error
        except ValueError:  # http.client quotes the header: a token is neither shown nor chained
            problem = "its kubeconfig has a token or a name that can't be sent"
            raise HostError(describe(self._thing, problem, remedy=REMEDY)) from None

    def _open(self, context: ssl.SSLContext) -> http.client.HTTPSConnection:
        host, port = _address(self._connection.server, _HTTPS_PORT, self._thing)
        proxy = _proxy(self._connection, host, self._thing)
        opened = _NamedHTTPSConnection(
            *(proxy or (host, port)),
            context=context,
            timeout=_CONNECT_SECONDS,
            server_name=str(self._connection.cluster.get("tls-server-name") or host),
        )
        if proxy:
            opened.set_tunnel(host, port)
        return opened


class _NamedHTTPSConnection(http.client.HTTPSConnection):
    """HTTPS where the name in the certificate may differ from the address (tls-server-name)."""

    def __init__(
        self, host: str, port: int, *, context: ssl.SSLContext, timeout: float, server_name: str
    ) -> None:
        super().__init__(host, port, context=context, timeout=timeout)
        self._tls, self._server_name = context, server_name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._server_name)


def _proxy(connection: Connection, host: str, thing: str) -> tuple[str, int] | None:
    """Return the address of the proxy that kubectl would use, None for none."""
    url = connection.cluster.get("proxy-url")
    if not url and not urllib.request.proxy_bypass(host):
        url = urllib.request.getproxies().get("https")
    if not url:
        return None
    if not str(url).lower().startswith("http://"):
        problem = "only an http:// proxy can be used on the way to it"
        remedy = "use a kubeconfig that leads to the server itself, or through such a proxy"
        raise HostError(describe(thing, problem, _without_password(str(url)), remedy))
    return _address(str(url), _HTTP_PORT, thing)


def _address(url: str, default_port: int, thing: str) -> tuple[str, int]:
    try:
        parts = urllib.parse.urlsplit(url)
        if parts.hostname:
            return parts.hostname, parts.port or default_port
    except ValueError:
        pass
    problem = "the address of its server, or of the proxy before it, is no URL"
    raise HostError(describe(thing, problem, _without_password(url), REMEDY))


def _without_password(url: str) -> str:
    return url.rpartition("@")[2]


def _tls(connection: Connection, user: Credentials, thing: str) -> ssl.SSLContext:
    ca = decoded(connection.cluster, "certificate-authority-data", thing)
    try:
        context = ssl.create_default_context(cadata=ca.decode() if ca else None)
        # Kubernetes' own CAs often lack what OpenSSL 3 calls strict (Python 3.13 turns it on).
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if connection.cluster.get("insecure-skip-tls-verify"):
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if user.certificate and user.key:
            with _as_file(user.certificate + b"\n" + user.key) as path:
                context.load_cert_chain(path)
    except (ssl.SSLError, ValueError) as error:
        problem = "the certificates in its kubeconfig can't be used"
        got = getattr(error, "reason", None) or type(error).__name__
        raise HostError(describe(thing, problem, got, REMEDY)) from None
    return context


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """Give bytes a path, as OpenSSL loads keys from files alone; in memory where that exists."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("client")
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{descriptor}"
        return
    with tempfile.NamedTemporaryFile(suffix=".pem") as named:
        named.write(content)
        named.flush()
        yield named.name
