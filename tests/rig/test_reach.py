import http.server
import socket
import ssl
import threading

import pytest

from automation import TenantAccess
from core import kubeconfig
from rig import reach
from tests.support.certificates import Authority

NAME = "acme.tenants.test"


class Readyz(http.server.BaseHTTPRequestHandler):
    """Answers /readyz with the server's status."""

    def do_GET(self):
        status = self.server.status if self.path == "/readyz" else 404
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def authority():
    return Authority("tenant acme")


@pytest.fixture
def server(authority, tmp_path):
    """A tenant behind a gateway: it has a name, and answers at an address of another."""
    pem = tmp_path / "server.pem"
    pem.write_text("".join(authority.issue("server", names=[NAME])))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    names = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Readyz)
    served.socket = context.wrap_socket(served.socket, server_side=True)
    served.names, served.status = names, 200
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


def tenant(authority, port):
    endpoint = f"https://127.0.0.1:{port}"
    text = kubeconfig.build(endpoint, authority.pem, "c", "k", "acme", tls_server_name=NAME)
    return {
        "acme": TenantAccess(
            name="acme", endpoint=endpoint, version="1.37.2", certificate_expiry="",
            kubeconfig=text, admin_kubeconfig="",
        )
    }  # fmt: skip


def test_a_tenant_is_asked_at_its_address_by_its_name(authority, server):
    assert reach.troubles(tenant(authority, server.server_port), 0) == {}
    assert server.names == [NAME]


def test_an_address_where_nobody_listens_is_said_so(authority):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert reach.troubles(tenant(authority, port), 0) == {"acme": "Connection refused"}


def test_somebody_else_at_the_address_is_no_tenant(server):
    """A gateway that doesn't know the name answers with a certificate of its own."""
    found = reach.troubles(tenant(Authority("another"), server.server_port), 0)
    assert found["acme"].startswith("another one answers: ")


def test_a_tenant_that_is_not_ready_is_told_apart(authority, server):
    server.status = 500
    found = reach.troubles(tenant(authority, server.server_port), 0)
    assert found == {"acme": "/readyz answers 500"}


def test_an_address_may_take_a_moment(authority, server, monkeypatch):
    """That of a new load balancer is known before it leads anywhere."""
    server.status = 500
    monkeypatch.setattr(reach.time, "sleep", lambda _: setattr(server, "status", 200))
    assert reach.troubles(tenant(authority, server.server_port), 30) == {}


def test_with_no_tenants_nothing_is_asked():
    assert reach.troubles({}) == {}
