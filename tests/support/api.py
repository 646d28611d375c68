"""A Kubernetes API over HTTP, as one user, for tests that ask hundreds of times."""

import http.client
import json
import os
import ssl
import tempfile
from pathlib import Path
from urllib.parse import urlencode, urlsplit

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"


class Answer:
    """What the server said."""

    def __init__(self, status, body):
        self.status = status
        try:
            self.body = json.loads(body) if body else {}
        except ValueError:
            self.body = {"message": body.decode(errors="replace")}

    @property
    def ok(self):
        return self.status < 300

    @property
    def message(self):
        return self.body.get("message", "")

    def __repr__(self):
        return f"<{self.status} {self.message or self.body}>"


class Api:
    """One user's view of one API server."""

    def __init__(self, server, ca_pem, certificate=None, token=None):
        self.server, self._token = server, token
        self._context = ssl.create_default_context(cadata=ca_pem)
        if certificate:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "pair.pem"
                file.touch(mode=0o600)
                file.write_text("".join(certificate))
                self._context.load_cert_chain(os.fspath(file))

    def request(self, method, path, body=None, content_type="application/json", **query):
        """Send one request; query names are the API's own, e.g. fieldManager="x"."""
        url = urlsplit(self.server)
        connection = http.client.HTTPSConnection(
            url.hostname, url.port, context=self._context, timeout=15
        )
        headers = {"Content-Type": content_type}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            target = f"{path}?{urlencode(query)}" if query else path
            connection.request(method, target, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        finally:
            connection.close()

    def get(self, path, **query):
        return self.request("GET", path, **query)

    def create(self, path, body):
        return self.request("POST", path, body)

    def merge(self, path, body):
        return self.request("PATCH", path, body, MERGE)

    def apply(self, path, body):
        return self.request("PATCH", path, body, APPLY, fieldManager="test", force="true")

    def delete(self, path):
        return self.request("DELETE", path)

    def ready(self):
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False
