"""Other certificates, claims in headers, and HTTP: what a shared etcd's ports make of them.

Not here: calls with a tenant's own certificate (test_shared_etcd.py).
"""

import http.client
import json
import ssl
from urllib.parse import urlsplit

import pytest

from core import pki
from tests.isolation.parties import TENANTS, b64
from tests.isolation.verdicts import outcome
from tests.support import outcomes
from tests.support.certificates import Authority
from tests.support.control_plane import Etcd
from tests.support.etcd_rpc import Client

pytestmark = pytest.mark.processes

DOCUMENT = "etcd-outcomes.md"
OWN_KEY = {"key": b64(TENANTS["a"].key)}
NEIGHBOURS_KEY = {"key": b64(TENANTS["aa"].key)}


def http_outcome(url, path, ca_pem, pair, folder, body=None):
    """What an HTTP request gets: a status, or why TLS ended.

    Args:
        url: Of the server.
        path: What is asked for.
        ca_pem: The authority that the server's certificate is checked against.
        pair: Certificate and key of the client, or None.
        folder: Where they are put for a moment.
        body: Posted as JSON; without one it is a GET.
    """
    context = ssl.create_default_context(cadata=ca_pem)
    if pair:
        pem = folder / "pair.pem"
        pem.write_text("".join(pair))
        context.load_cert_chain(pem)
    address = urlsplit(url)
    connection = http.client.HTTPSConnection(
        address.hostname, address.port, context=context, timeout=5
    )
    try:
        connection.request("POST" if body else "GET", path, body=body and json.dumps(body))
        answer = connection.getresponse()
        return f"{answer.status}", answer.read().decode()
    except ssl.SSLError as error:
        return f"TLS: {error.reason}", ""
    finally:
        connection.close()


@pytest.fixture(scope="module")
def certificates(shared):
    """Pairs of certificate and key by what they are."""
    leaf, etcd, tenants_own = pki.store_client("a"), shared.etcd, Authority("tenant a")
    return {
        "the tenant's own": etcd.authority.sign(leaf),
        "none": None,
        "the tenant's own, expired": etcd.authority.sign(leaf, expired=True),
        "its name, by another authority": Authority("stranger").sign(leaf),
        "its name, by another authority with the same name": Authority("etcd clients").sign(leaf),
        "a neighbour's name, by the tenant's own authority": tenants_own.sign(
            pki.store_client("aa")
        ),
        "root, by the tenant's own authority": tenants_own.sign(pki.store_root()),
        "a tenant's admin": tenants_own.sign(pki.tenant_user_leaves()[-1]),
        "a user that isn't there, by etcd's authority": etcd.authority.sign(
            pki.store_client("nobody")
        ),
        "for servers, by etcd's authority": etcd.authority.issue("a", usages=["server_auth"]),
        "the members', for their peers": etcd.peers.issue("etcd-peer"),
    }


def test_only_a_tenants_own_certificate_is_let_in(shared, certificates, tmp_path):
    """By gRPC the words for a failed handshake hold addresses: TLS' are asked for over HTTP."""
    ca, lines = shared.etcd.authority.pem, []
    for what, pair in certificates.items():
        status, _ = http_outcome(shared.etcd.url, "/version", ca, pair, tmp_path)
        client = Client(shared.etcd.url, ca, *(pair or ()))
        by_grpc = outcome(client, "KV/Range", OWN_KEY).partition(": failed to connect")[0]
        client.close()
        peers = shared.etcd.peer_url
        peer, _ = http_outcome(peers, "/version", shared.etcd.peers.pem, pair, tmp_path)
        lines.append([what, status, by_grpc, peer])
        if what == "the tenant's own":
            assert (status, by_grpc) == ("200", "shows a count, values")
        else:
            assert not by_grpc.startswith("shows"), what
        assert (peer == "200") == what.startswith("the members'"), what
    columns = ["certificate", "client port", "its own key", "peer port"]
    outcomes.check(DOCUMENT, "Certificates", columns, lines)


HEADERS = {
    "none": (),
    "`grpcgateway-accept`, as the gateway sends it": (("grpcgateway-accept", "*/*"),),
    "`token`, made up": (("token", "root.1"),),
    "`authorization`, made up": (("authorization", "root.1"),),
    "`username: root`": (("username", "root"), ("user", "root")),
    "`x-forwarded-client-cert` with root": (("x-forwarded-client-cert", 'Subject="CN=root"'),),
}


def test_headers_make_nobody_somebody_else(shared, thieves):
    lines = []
    for what, headers in HEADERS.items():
        found = [
            outcome(thieves["a"], "KV/Range", request, metadata=headers)
            for request in (OWN_KEY, NEIGHBOURS_KEY)
        ]
        lines.append([what, *found])
        assert not found[1].startswith("shows"), what
    assert lines[0][1].startswith("shows")
    columns = ["headers", "its own key", "a neighbour's"]
    outcomes.check(DOCUMENT, "Headers", columns, lines)


PATHS = {
    "/version": None,
    "/health": None,
    "/readyz": None,
    "/livez": None,
    "/metrics": None,
    "/debug/pprof/": None,
    "/debug/vars": None,
    "/v2/keys": None,
    "/members": None,
    "/raft": None,
    "/leases": None,
    "/v3/kv/range": OWN_KEY,
    "/v3/auth/status": {"x": 1},
    "/v3/maintenance/snapshot": {"x": 1},
    "/v3beta/kv/range": OWN_KEY,
}


@pytest.fixture(scope="module")
def with_gateway(tmp_path_factory):
    """An etcd that differs from the product's by one flag."""
    etcd = Etcd(tmp_path_factory.mktemp("gateway"), **{"enable-grpc-gateway": "true"})
    yield etcd
    etcd.process.kill()


def test_over_http_there_is_no_key(shared, certificates, with_gateway, tmp_path):
    """The gateway, which takes no certificate for a user, isn't there; where it is, it answers."""
    pair, lines = certificates["the tenant's own"], []
    holds = [one.key.encode() for one in (*shared.tenants.values(), *shared.platform)]
    for path, body in PATHS.items():
        ca = shared.etcd.authority.pem
        status, text = http_outcome(shared.etcd.url, path, ca, pair, tmp_path, body)
        lines.append([f"`{'POST' if body else 'GET'} {path}`", status])
        assert not any(key in text.encode() for key in holds), path
        assert not path.startswith("/v3") or status == "404"
    outcomes.check(DOCUMENT, "HTTP", ["request", "status"], lines)
    mine = with_gateway.authority.sign(pki.store_client("a"))
    address, ca = with_gateway.url, with_gateway.authority.pem
    assert http_outcome(address, "/v3/kv/range", ca, mine, tmp_path, OWN_KEY)[0] == "200"
