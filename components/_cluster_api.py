"""Asks a cluster's API what it is, before anything is declared (docs/adr/0002).

The standard library does it: the official client costs 130 ms of every `pulumi up` to import, this
none. Owns: TLS and proxies of one short connection.
Not here: who to be (_credentials.py), what is asked (_facts.py), every change (the Provider).
"""

import http.client
import json
import ssl
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from components._credentials import Credentials, decoded
from core.errors import HostError, describe
from core.kubeconfig import Connection

METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""What to accept when an object's name, labels and annotations will do."""

_CONNECT_SECONDS = 5.0
_NOT_FOUND = 404
_REFUSED = {401: "does not accept the credentials", 403: "does not let the user read"}


class ClusterApi:
    """One connection to a cluster's API; use it in a `with`."""

    def __init__(self, connection: Connection, host: str) -> None:
        """Prepare it; nothing is connected yet.

        Args:
            connection: Where to and as whom.
            host: What errors call the cluster.
        """
        self._connection = connection
        self._thing = f"host {host}"
        user = Credentials(connection, self._thing)
        self._headers = {"Accept": "application/json", **user.headers}
        self._http = self._open(_tls(connection, user))

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
            HostError: the cluster can't be reached, or refuses.
        """
        status, body = self._request(path, self._headers | {"Accept": accept})
        if status == _NOT_FOUND:
            return None
        if status >= http.client.BAD_REQUEST:
            problem = f"its API server at {self._connection.server} {_REFUSED.get(status, 'fails')}"
            remedy = "use a kubeconfig of one of its administrators"
            raise HostError(describe(self._thing, problem, f"{status} for {path}", remedy))
        document = json.loads(body)
        return document if isinstance(document, dict) else None

    def _request(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        try:
            self._http.request("GET", path, headers=dict(headers))
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

    def _open(self, context: ssl.SSLContext) -> http.client.HTTPSConnection:
        target = urllib.parse.urlsplit(self._connection.server)
        port = target.port or 443
        name = self._connection.cluster.get("tls-server-name") or target.hostname
        proxy = _proxy(self._connection, str(target.hostname))
        at = (proxy.hostname, proxy.port or 80) if proxy else (target.hostname, port)
        opened = _NamedHTTPSConnection(
            str(at[0]), at[1], context=context, timeout=_CONNECT_SECONDS, server_name=str(name)
        )
        if proxy:
            opened.set_tunnel(str(target.hostname), port)
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


def _proxy(connection: Connection, host: str) -> urllib.parse.SplitResult | None:
    """Return the proxy that kubectl would use, None for none."""
    own = connection.cluster.get("proxy-url")
    ambient = (
        None if urllib.request.proxy_bypass(host) else urllib.request.getproxies().get("https")
    )
    url = own or ambient
    return urllib.parse.urlsplit(str(url)) if url else None


def _tls(connection: Connection, user: Credentials) -> ssl.SSLContext:
    ca = decoded(connection.cluster.get("certificate-authority-data"))
    context = ssl.create_default_context(cadata=ca.decode() if ca else None)
    # Kubernetes' own CAs often lack what OpenSSL 3 calls strict (Python 3.13 turns it on).
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if connection.cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if user.certificate and user.key:
        # OpenSSL loads keys from files alone; this one is gone before anything is sent.
        with tempfile.NamedTemporaryFile(suffix=".pem") as pem:
            pem.write(user.certificate + b"\n" + user.key)
            pem.flush()
            context.load_cert_chain(pem.name)
    return context
