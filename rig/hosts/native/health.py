"""health: whether something answers: an https or http URL, an SQL server, or a socket.

Not here: what is asked (components.py).
"""

import http.client
import socket
import ssl
import struct
from pathlib import Path
from urllib.parse import urlsplit

from rig.hosts.native.layout import Layout

_TIMEOUT_SECONDS = 2.0
_POSTGRESQL_HELLO = struct.pack("!II", 21, 3 << 16) + b"user\0health\0\0"
"""A startup message of protocol 3.0 (PostgreSQL's documentation, Message Formats), without TLS."""
_POSTGRESQL_REFUSAL = b"C28000\0"
"""The code of what a server that has started says to that; before, it is 57P03."""
_MYSQL_HELLO = b"\n"
"""A server's first message begins with its protocol's version, 10, behind four bytes of header."""


def trouble(layout: Layout, target: str, authority: str = "ca") -> str | None:
    """Return what is wrong with the answer; None if all is well.

    Args:
        layout: Of the host.
        target: What is asked.
        authority: Name of the CA that vouches for an https URL.
    """
    try:
        if target.startswith("/"):
            return _ask_socket(target)
        scheme = urlsplit(target).scheme
        trust = Path(layout.pki, f"{authority}.crt")
        return _ask_url(trust, target) if scheme.startswith("http") else _ask_sql(target)
    except (OSError, http.client.HTTPException) as error:
        return str(error) or type(error).__name__


def _ask_socket(path: str) -> str | None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(_TIMEOUT_SECONDS)
        client.connect(path)
    return None


def _ask_sql(url: str) -> str | None:
    """See whether a server is past its start, and its recovery; nobody logs in for that."""
    parts = urlsplit(url)
    asked = parts.scheme == "postgresql"
    with socket.create_connection((parts.hostname, parts.port), _TIMEOUT_SECONDS) as client:
        if asked:
            client.sendall(_POSTGRESQL_HELLO)
        answer = client.recv(512)
    ready = _POSTGRESQL_REFUSAL in answer if asked else answer[4:5] == _MYSQL_HELLO
    return None if ready else f"it says {answer!r}"


def _ask_url(authority: Path, url: str) -> str | None:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        trust = ssl.create_default_context(cafile=str(authority))
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
