"""transport: connections to one API server, kept open and shared by threads.

The standard library does it: the official client takes 0.6 s to import and to discover what it
talks to, this takes 30 ms. A thread has a connection for itself while it uses it.
Not here: what requests mean (api.py), who to be (credentials.py).
"""

import http.client
import os
import socket
import ssl
import tempfile
import threading
import urllib.parse
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from core.errors import HostError, describe
from rig.plugins.kubernetes.credentials import Credentials, blob
from rig.plugins.kubernetes.kubeconfig import Target

_THING = "kubernetes cluster"
_CONNECT_SECONDS = 10.0
_HTTP_PORT, _HTTPS_PORT = 80, 443
_CLOSED = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError)


class UnreachableError(HostError):
    """The API server doesn't answer."""


class Response:
    """What the API server answered; `lines` reads a stream, `read` all of it."""

    def __init__(self, raw: http.client.HTTPResponse) -> None:
        self._raw = raw
        self.status = raw.status

    def header(self, name: str) -> str:
        """Return a header, empty if it is missing."""
        return self._raw.getheader(name) or ""

    def read(self) -> bytes:
        """Return the body."""
        return self._raw.read()

    def lines(self) -> Iterator[bytes]:
        """Yield lines as they come, until the server ends the stream."""
        while line := self._raw.readline():
            yield line


class Transport:
    """The connections to one cluster."""

    def __init__(self, target: Target, credentials: Credentials) -> None:
        """Prepare them; nothing is connected yet.

        Raises:
            HostError: the kubeconfig asks for what isn't supported, or a file of it can't be read.
        """
        self.server = str(target.cluster["server"])
        parts = urllib.parse.urlsplit(self.server)
        self._host, self._port = str(parts.hostname), parts.port
        self._proxy = _proxy(target, self._host)
        self._prefix = parts.path.rstrip("/")
        self._name = str(target.cluster.get("tls-server-name") or self._host)
        self._credentials = credentials
        self._target = target
        self._tls = self._context() if parts.scheme == "https" else None
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._busy: set[http.client.HTTPConnection] = set()
        self._lock = threading.Lock()
        self._stopped = False

    @contextmanager
    def exchange(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_seconds: float | None,
    ) -> Iterator[Response]:
        """Send a request and give its response.

        A kept connection that the server has closed meanwhile is replaced without a word.

        Raises:
            UnreachableError: there is no answer.
        """
        connection, raw = self._answered(method, path, headers, body, timeout_seconds)
        try:
            yield Response(raw)
        except (OSError, http.client.HTTPException) as error:
            raise self.unreachable(error) from error
        finally:
            self._give_back(connection, reusable=raw.isclosed() and not raw.will_close)

    def stop(self) -> None:
        """Break every connection: threads that wait for an answer end with UnreachableError."""
        with self._lock:
            self._stopped = True
            for connection in self._busy:
                with suppress(OSError, AttributeError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def new_credentials(self, refused: str) -> bool:
        """Get new credentials after a refusal; say whether there may be any."""
        if not self._credentials.from_plugin:
            return False
        self._credentials.renew(refused)
        self._tls = self._context() if self._tls else None
        with self._lock:
            while self._idle:
                self._idle.pop().close()
        return True

    @property
    def authorization(self) -> str:
        """The Authorization header, empty for none."""
        return self._credentials.authorization

    def unreachable(self, error: Exception) -> UnreachableError:
        """Return what to raise when there is no answer."""
        reason = getattr(error, "verify_message", None) or getattr(error, "strerror", None)
        remedy = "start the cluster, or correct the provider's kubeconfig"
        got = reason or str(error) or type(error).__name__
        return UnreachableError(describe(_THING, f"no answer from {self.server}", got, remedy))

    def _answered(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_seconds: float | None,
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        while True:
            connection, kept = self._take()
            try:
                if not kept:
                    connection.timeout = _CONNECT_SECONDS
                    connection.connect()
                connection.sock.settimeout(timeout_seconds)
                connection.request(method, self._prefix + path, body, dict(headers))
                return connection, connection.getresponse()
            except _CLOSED as error:
                self._give_back(connection, reusable=False)
                if not kept:
                    raise self.unreachable(error) from error
            except (OSError, http.client.HTTPException) as error:
                self._give_back(connection, reusable=False)
                raise self.unreachable(error) from error
            except BaseException:
                self._give_back(connection, reusable=False)
                raise

    def _take(self) -> tuple[http.client.HTTPConnection, bool]:
        with self._lock:
            if self._stopped:
                raise UnreachableError(describe(_THING, "the operation was cancelled"))
            kept = bool(self._idle)
            connection = self._idle.pop() if kept else self._new()
            self._busy.add(connection)
        return connection, kept

    def _give_back(self, connection: http.client.HTTPConnection, *, reusable: bool) -> None:
        with self._lock:
            self._busy.discard(connection)
            if reusable and not self._stopped:
                self._idle.append(connection)
                return
        connection.close()

    def _new(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port)
        if self._proxy is None:
            return _NamedConnection(self._host, self._port, self._tls, self._name)
        proxy = str(self._proxy.hostname), self._proxy.port or _HTTP_PORT
        connection = _NamedConnection(*proxy, self._tls, self._name)
        connection.set_tunnel(self._host, self._port or _HTTPS_PORT)
        return connection

    def _context(self) -> ssl.SSLContext:
        cluster = self._target.cluster
        ca = blob(cluster, "certificate-authority", self._target.folder)
        try:
            context = ssl.create_default_context(cadata=ca.decode() if ca else None)
            # Kubernetes' own CAs often lack what OpenSSL 3 calls strict (Python 3.13 turns it on).
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            if cluster.get("insecure-skip-tls-verify"):
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if certificate := self._credentials.certificate:
                with _as_file(certificate) as path:
                    context.load_cert_chain(path)
        except (ssl.SSLError, ValueError) as error:
            remedy = "give a kubeconfig that kubectl works with"
            problem = "the certificates in the kubeconfig can't be used"
            got = getattr(error, "reason", None) or type(error).__name__
            raise HostError(describe(_THING, problem, got, remedy)) from None
        return context


class _NamedConnection(http.client.HTTPSConnection):
    """HTTPS where the name in the certificate may differ from the address (tls-server-name)."""

    def __init__(self, host: str, port: int | None, tls: ssl.SSLContext, name: str) -> None:
        super().__init__(host, port, context=tls)
        self._tls, self._name = tls, name

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)


def _proxy(target: Target, host: str) -> urllib.parse.SplitResult | None:
    """Return the HTTP proxy that kubectl would use, None for none.

    Raises:
        HostError: it is of another kind.
    """
    url = target.cluster.get("proxy-url")
    if not url and ("https_proxy" in os.environ or "HTTPS_PROXY" in os.environ):
        from urllib import request  # noqa: PLC0415  15 ms that nobody else pays

        url = None if request.proxy_bypass(host) else request.getproxies().get("https")
    if not url:
        return None
    proxy = urllib.parse.urlsplit(str(url))
    if proxy.scheme != "http":
        problem = "the offline plugin speaks to HTTP proxies alone"
        remedy = "use a kubeconfig that leads to the server itself"
        raise HostError(describe(_THING, problem, f"{proxy.scheme}://", remedy))
    return proxy


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
