"""Charts made by a test, and repositories on loopback that have them: by index.yaml, and OCI.

Not here: charts of real operators (charts.py).
"""

import base64
import hashlib
import http.server
import io
import json
import ssl
import tarfile
import threading

import yaml

from tests.support.certificates import Authority

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.cncf.helm.config.v1+json"
_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"


def write_chart(folder, files, *, name="demo", version="1.2.3", **metadata):
    """Write a chart with these files into a folder; return the folder."""
    described = {"apiVersion": "v2", "name": name, "version": version, **metadata}
    for path, text in {"Chart.yaml": yaml.safe_dump(described), **files}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def archive(chart):
    """The archive that `helm package` would make of a chart, as bytes."""
    name = yaml.safe_load((chart / "Chart.yaml").read_text())["name"]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.add(chart, arcname=name)
    return packed.getvalue()


class _Server:
    """Serves what `_answer` says: (status, headers, body) of a path and an Authorization."""

    def __init__(self, context=None):
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                authorization = self.headers.get("Authorization")
                server.asked.append(self.path)
                status, headers, body = server._answer(self.path, authorization)
                self.send_response(status)
                for key, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            def do_HEAD(self):
                self.do_GET()

            def log_message(self, *_):
                pass

        self.asked = []
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._http.server_address[1]}"
        if context:
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._http.shutdown()
        self._http.server_close()


class ChartRepository(_Server):
    """A repository with an index.yaml; with a login, for that user alone."""

    def __init__(self, *charts, login=None):
        self._login = login and f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"
        self._archives, entries = {}, {}
        for chart in charts:
            described = yaml.safe_load((chart / "Chart.yaml").read_text())
            path = f"{described['name']}-{described['version']}.tgz"
            self._archives[f"/{path}"] = archive(chart)
            entries.setdefault(described["name"], []).append({**described, "urls": [path]})
        self._index = yaml.safe_dump({"apiVersion": "v1", "entries": entries}).encode()
        super().__init__()
        self.url = f"http://{self.address}"

    def _answer(self, path, authorization):
        if self._login and authorization != self._login:
            return 401, {}, b""
        if path == "/index.yaml":
            return 200, {}, self._index
        found = self._archives.get(path)
        return (200, {}, found) if found else (404, {}, b"")


class OciRegistry(_Server):
    """A registry with one chart, at `oci://<address>/charts/<name>`, by TLS."""

    def __init__(self, folder, chart):
        authority = Authority("registry")
        self.ca = folder / "registry-ca.pem"
        self.ca.write_text(authority.pem)
        pair = folder / "registry.pem"
        pair.touch(mode=0o600)
        pair.write_text("".join(authority.issue("registry", names=["127.0.0.1"])))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair)
        described = yaml.safe_load((chart / "Chart.yaml").read_text())
        self._documents = _oci_documents(described, archive(chart))
        super().__init__(context)
        self.url = f"oci://{self.address}/charts"

    def _answer(self, path, _):
        found = self._documents.get(path)
        if found is None:
            return 404, {}, b"{}"
        kind, body = found
        return 200, {"Content-Type": kind, "Docker-Content-Digest": _digest(body)}, body


def _oci_documents(described, packed):
    config = json.dumps(described).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, config),
            "layers": [_descriptor(_LAYER, packed)],
        }
    ).encode()
    root = f"/v2/charts/{described['name']}"
    return {
        f"{root}/manifests/{described['version']}": (_MANIFEST, manifest),
        f"{root}/manifests/{_digest(manifest)}": (_MANIFEST, manifest),
        **{
            f"{root}/blobs/{_digest(data)}": ("application/octet-stream", data)
            for data in (config, packed)
        },
    }


def _descriptor(kind, data):
    return {"mediaType": kind, "digest": _digest(data), "size": len(data)}


def _digest(data):
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
