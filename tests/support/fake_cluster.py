"""An API server that knows just what a host is judged by, for tests that connect over TLS."""

import base64
import http.server
import json
import ssl
import threading
from typing import Any

from core import kubeconfig
from tests.support.certificates import Authority

GOOD_HOST: dict[str, Any] = {
    "/version": {"gitVersion": "v1.37.2"},
    "/apis/gateway.networking.k8s.io/v1": {
        "resources": [{"name": "gatewayclasses"}, {"name": "gateways"}, {"name": "tlsroutes"}]
    },
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tlsroutes.gateway.networking.k8s.io": {
        "metadata": {"annotations": {"gateway.networking.k8s.io/bundle-version": "v1.6.3"}}
    },
    "/apis/storage.k8s.io/v1/storageclasses": {
        "items": [
            {
                "metadata": {
                    "name": "local",
                    "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
                }
            }
        ]
    },
    "/apis/apps/v1/daemonsets": {"items": [{"metadata": {"name": "cilium"}}]},
    "/api/v1/namespaces/kube-system": {"metadata": {"name": "kube-system"}},
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    "?labelSelector=kubernetes.io/service-name=kubernetes": {
        "items": [{"ports": [{"name": "https", "port": 16443}]}]
    },
    "/.well-known/openid-configuration": {"issuer": "https://kubernetes.default.svc"},
}


class FakeCluster:
    """Serves `documents` by path over TLS; anything else is not found."""

    def __init__(self, folder, documents: dict[str, Any] | None = None, *, sni: str | None = None):
        """Start it on a free port; `sni` is the only name in its certificate."""
        self.documents = GOOD_HOST if documents is None else documents
        self.status = 200
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.users: list[object] = []
        self.names: list[str | None] = []
        authority = Authority("fake-ca")
        self.ca_pem = authority.pem
        self.client_pem, self.client_key_pem = authority.issue("admin")
        identity = authority.issue("fake", names=[sni or "127.0.0.1"])
        context = _server_context(folder, *identity, self.ca_pem)
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def server(self) -> str:
        return f"https://127.0.0.1:{self._server.server_address[1]}"

    def kubeconfig(self, name: str = "fake", sni: str | None = None) -> str:
        """A kubeconfig with a client certificate."""
        pems = (self.ca_pem, self.client_pem, self.client_key_pem)
        return kubeconfig.build(self.server, *pems, name, tls_server_name=sni)

    def ca_data(self) -> str:
        return base64.b64encode(self.ca_pem.encode()).decode()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self):
        cluster = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                peer = self.connection.getpeercert() or {}
                cluster.seen.append((self.path, dict(self.headers)))
                cluster.users.append(peer.get("subject"))
                found = cluster.documents.get(self.path)
                body = json.dumps(found).encode()
                self.send_response(404 if found is None else cluster.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        return Handler


def _server_context(folder, certificate_pem, key_pem, ca_pem):
    """TLS that shows this certificate and looks at the client's, if it has one."""
    chain = folder / "server.pem"
    chain.write_text(certificate_pem + key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    context.load_verify_locations(cadata=ca_pem)
    context.verify_mode = ssl.CERT_OPTIONAL
    return context
