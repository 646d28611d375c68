"""Who the agent is: on its host (a service account, or a kubeconfig), and in each tenant.

Private keys stay in memory: OpenSSL reads them from an anonymous file that no path leads to.
Not here: requests (kube.py), the Secrets' making (components/tenant_control_plane.py).
"""

import base64
import os
import ssl
from collections.abc import Mapping
from pathlib import Path

import kopf

from agent.kube import Client
from core.errors import TenantplaneError

_SERVICE_ACCOUNT_TOKEN = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
_SECRET_KEYS = ("ca.crt", "tls.crt", "tls.key")


class NoCredentialsError(TenantplaneError):
    """What is needed to log in somewhere is missing or unusable."""


def login(settings: kopf.OperatorSettings) -> kopf.ConnectionInfo:
    """Return how to reach the host: the pod's service account, else $KUBECONFIG.

    Raises:
        NoCredentialsError: There is neither.
    """
    if _SERVICE_ACCOUNT_TOKEN.exists():
        found = kopf.login_with_service_account(settings=settings)
    else:
        found = kopf.login_with_kubeconfig(settings=settings)
    if found is None:
        raise NoCredentialsError(
            "host: neither a service account nor a kubeconfig; "
            "run in a pod, or set KUBECONFIG to the host's kubeconfig"
        )
    return found


def host_client(settings: kopf.OperatorSettings) -> Client:
    """Return a client of the host; its token is read again for each request."""
    info = login(settings)

    def headers() -> dict[str, str]:
        if _SERVICE_ACCOUNT_TOKEN.exists():
            return {"Authorization": f"Bearer {_SERVICE_ACCOUNT_TOKEN.read_text().strip()}"}
        return dict(info.as_http_headers())

    return Client(info.server, info.as_ssl_context(), headers=headers)


def secret_files(secret: Mapping[str, object]) -> dict[str, bytes]:
    """Return the decoded files of a credentials Secret.

    Raises:
        NoCredentialsError: One is missing, or is not base64.
    """
    data = secret.get("data")
    encoded = data if isinstance(data, dict) else {}
    missing = [key for key in _SECRET_KEYS if not encoded.get(key)]
    if missing:
        raise NoCredentialsError(
            f"credentials Secret: {', '.join(missing)} missing; it needs {', '.join(_SECRET_KEYS)}"
        )
    return {key: base64.b64decode(encoded[key]) for key in _SECRET_KEYS}


def tls_context(files: Mapping[str, bytes]) -> ssl.SSLContext:
    """Return a context that trusts the tenant's authority alone and shows our certificate.

    Raises:
        NoCredentialsError: The files are not certificates, or don't belong together.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    handle = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    try:
        context.load_verify_locations(cadata=files["ca.crt"].decode())
        with os.fdopen(handle, "wb", closefd=False) as file:
            file.write(files["tls.crt"] + b"\n" + files["tls.key"])
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    except (ssl.SSLError, ValueError) as error:
        raise NoCredentialsError(
            f"credentials Secret: unusable, got {error}; "
            "it needs PEM files of which tls.key belongs to tls.crt"
        ) from error
    finally:
        os.close(handle)
    return context
