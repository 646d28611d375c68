import http.server
import json
import ssl
import threading

import pytest

from rig.hosts.native import pki
from rig.hosts.native.api import Api, ApiError, path
from rig.hosts.native.layout import Layout


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        self.server.seen.append((self.command, self.path, self.headers["Content-Type"], body))
        status, text = self.server.answers.get(self.path.split("?")[0], (404, "{}"))
        data = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    layout = Layout("dev", 1, tmp_path_factory.mktemp("host"))
    pki.ensure(layout)
    return layout.pki


@pytest.fixture
def server(keys):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=keys / "ca.crt")
    context.load_cert_chain(keys / "apiserver.crt", keys / "apiserver.key")
    context.verify_mode = ssl.CERT_REQUIRED
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        running.seen, running.answers = [], {}
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def client(server, keys):
    with Api(f"https://127.0.0.1:{server.server_port}", keys, "admin") as api:
        yield api


def test_what_is_not_there_is_none(client):
    assert client.get("/api/v1/nodes/x") is None
    assert client.metadata("/api/v1/nodes/x") is None
    client.delete("/api/v1/nodes/x")


def test_a_refusal_carries_what_the_server_said(server, client):
    server.answers["/api/v1/nodes"] = (403, json.dumps({"message": "nodes is forbidden"}))
    with pytest.raises(ApiError, match=r"GET /api/v1/nodes: was refused, got 403 'nodes is forb"):
        client.get("/api/v1/nodes")


def test_one_that_exists_already_is_no_error(server, client):
    server.answers["/api/v1/persistentvolumes"] = (409, "{}")
    assert client.create("/api/v1/persistentvolumes", {}) is False
    server.answers["/api/v1/persistentvolumes"] = (201, "{}")
    assert client.create("/api/v1/persistentvolumes", {}) is True


def test_apply_takes_fields_over_from_others(server, client):
    server.answers["/api/v1/namespaces/a"] = (200, "{}")
    client.apply_manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}})
    ((method, target, content, _),) = server.seen
    assert method == "PATCH"
    assert "force=true" in target
    assert "fieldManager=tenantplane-rig" in target
    assert content == "application/apply-patch+yaml"


def test_a_watch_yields_events_until_it_ends(server, client):
    events = [{"type": "ADDED", "object": {}}, {"type": "BOOKMARK", "object": {}}]
    server.answers["/api/v1/pods"] = (200, "".join(json.dumps(one) + "\n" for one in events))
    assert list(client.watch("/api/v1/pods", "5", 1)) == events
    assert "resourceVersion=5" in server.seen[0][1]


def test_a_watch_that_is_refused_is_an_error(server, client):
    server.answers["/api/v1/pods"] = (410, json.dumps({"message": "too old"}))
    with pytest.raises(ApiError, match="too old"):
        list(client.watch("/api/v1/pods", "5", 1))


@pytest.mark.parametrize(
    ("api_version", "kind", "metadata", "expected"),
    [
        ("v1", "Service", {"namespace": "a", "name": "b"}, "/api/v1/namespaces/a/services/b"),
        ("apps/v1", "Deployment", {"namespace": "a", "name": "b"},
         "/apis/apps/v1/namespaces/a/deployments/b"),
        ("storage.k8s.io/v1", "StorageClass", {"name": "b"},
         "/apis/storage.k8s.io/v1/storageclasses/b"),
        ("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", {"name": "b"},
         "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/b"),
        ("rbac.authorization.k8s.io/v1", "ClusterRole", {"name": "system:x"},
         "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Ax"),
    ],
)  # fmt: skip
def test_paths_of_objects(api_version, kind, metadata, expected):
    assert path({"apiVersion": api_version, "kind": kind, "metadata": metadata}) == expected
