"""SQL servers as health.py sees them; each answer was read from PostgreSQL 15 or MariaDB 10.11."""

import socket
import threading

import pytest

from rig.hosts.native import health
from rig.hosts.native.layout import Layout


@pytest.fixture
def answering():
    """A server that answers once; returns its address."""
    listeners = []

    def start(answer):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve():
            client, _ = listener.accept()
            with client:
                client.sendall(answer)
                client.recv(100)

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    ("scheme", "answer", "works"),
    [
        ("postgresql", b"E\0\0\0\x20SFATAL\0C28000\0Mno pg_hba.conf entry\0\0", True),
        (
            "postgresql",
            b"E\0\0\0\x20SFATAL\0C57P03\0Mis starting up\0\0",
            False,
        ),
        ("mysql", b"\x5b\0\0\0\n5.5.5-10.11.19-MariaDB\0", True),
        ("mysql", b"\x17\0\0\0\xff\x10\x04Too many connections", False),
    ],
)
def test_a_server_works_when_it_takes_clients(tmp_path, answering, scheme, answer, works):
    trouble = health.trouble(Layout("dev", 3, tmp_path), f"{scheme}://{answering(answer)}")
    assert (trouble is None) == works


def test_a_server_that_is_not_there_is_trouble(tmp_path):
    assert "refused" in health.trouble(Layout("dev", 3, tmp_path), "mysql://127.0.0.1:1")
