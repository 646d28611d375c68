"""health: whether something answers: an https or http URL, or a socket.

Not here: what is asked (components.py).
"""

import http.client
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from rig.hosts.native.layout import Layout

_TIMEOUT_SECONDS = 2.0


def trouble(layout: Layout, target: str) -> str | None:
    """Return what is wrong with the answer; None if all is well."""
    try:
        return _ask_socket(target) if target.startswith("/") else _ask_url(layout, target)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _ask_socket(path: str) -> str | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_TIMEOUT_SECONDS)
        client.connect(path)
    return None


def _ask_url(layout: Layout, url: str) -> str | None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        trust = ssl.create_default_context(cafile=str(Path(layout.pki, "ca.crt")))
        connection = http.client.HTTPSConnection(
            host, port, timeout=_TIMEOUT_SECONDS, context=trust
        )
    else:
        connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace").strip()
        if answer.status == http.client.OK:
            return None
        return f"{answer.status} {body.splitlines()[-1] if body else answer.reason}"
    finally:
        connection.close()
