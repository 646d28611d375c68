"""reach: whether tenants answer at the addresses that `make up` prints, seen from this machine.

Anonymous GETs of /readyz through the gateway, over TLS with the tenant's name and authority.
Not here: whether a tenant works (the stack waits for that inside of its host).
"""

import base64
import http
import http.client
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from automation import TenantAccess
from core import kubeconfig

_PATIENCE_SECONDS = 10.0
_CONNECT_SECONDS = 3.0
_POLL_SECONDS = 0.5
_AT_ONCE = 16
_HTTPS_PORT = 443


def troubles(
    tenants: Mapping[str, TenantAccess], patience_seconds: float = _PATIENCE_SECONDS
) -> dict[str, str]:
    """Return what is in the way to each tenant that can't be reached; nothing if all can.

    Args:
        tenants: By name.
        patience_seconds: How long an address may take: a new load balancer's isn't there at once.
    """
    if not tenants:
        return {}
    deadline = time.monotonic() + patience_seconds
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        asked = pool.map(lambda one: _last_trouble(one, deadline), tenants.values())
        found = dict(zip(tenants, asked, strict=True))
    return {name: trouble for name, trouble in found.items() if trouble}


def _last_trouble(tenant: TenantAccess, deadline: float) -> str:
    while trouble := _trouble(tenant):
        if time.monotonic() + _POLL_SECONDS > deadline:
            return trouble
        time.sleep(_POLL_SECONDS)
    return ""


def _trouble(tenant: TenantAccess) -> str:
    cluster = kubeconfig.read(tenant.kubeconfig, None, f"tenant {tenant.name}").cluster
    connection = _Named(tenant.endpoint, cluster)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except ssl.SSLCertVerificationError as error:
        return f"another one answers: {error.verify_message}"
    except (OSError, http.client.HTTPException) as error:
        return getattr(error, "strerror", None) or str(error) or type(error).__name__
    finally:
        connection.close()
    return "" if status == http.HTTPStatus.OK else f"/readyz answers {status}"


class _Named(http.client.HTTPSConnection):
    """HTTPS to an address, where the server has another name (tls-server-name)."""

    def __init__(self, url: str, cluster: Mapping[str, Any]) -> None:
        target = urlsplit(url)
        ca_pem = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._tls = ssl.create_default_context(cadata=ca_pem)
        # kubectl doesn't either ask for what OpenSSL 3 calls strict (Python 3.13 turns it on).
        self._tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
        self._name = str(cluster.get("tls-server-name") or target.hostname)
        super().__init__(str(target.hostname), target.port or _HTTPS_PORT, timeout=_CONNECT_SECONDS)

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._name)
