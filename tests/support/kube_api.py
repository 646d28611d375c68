"""A tenant's API as a program uses it: connections that stay open, one per thread."""

import http.client
import itertools
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

_SECONDS = 150  # ten thousand objects are deleted by one request


class Answer:
    """Status and document of one answer."""

    def __init__(self, status, body):
        self.status = status
        self.body = json.loads(body) if body.startswith(b"{") else body.decode()

    @property
    def version(self):
        """The resourceVersion of what was answered."""
        return self.body["metadata"]["resourceVersion"]


class KubeApi:
    """One tenant's API server at its public address."""

    def __init__(self, target):
        self._target = target
        self._local = threading.local()

    def call(self, method, path, body=None, *, content_type="application/json"):
        """One request; a connection that broke is made anew by the next.

        A GET on a connection that was used before and that the server has closed meanwhile, as a
        replaced API server does, is sent once more on a new one, as every Kubernetes client does.
        """
        used_before = hasattr(self._local, "connection")
        connection = self._connection()
        text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            connection.request(method, path, body=text, headers={"Content-Type": content_type})
            response = connection.getresponse()
            answer = Answer(response.status, response.read())
        except (OSError, http.client.HTTPException) as error:
            del self._local.connection
            closed = isinstance(error, http.client.RemoteDisconnected)
            if closed and used_before and method == "GET":
                return self.get(path)
            raise
        if response.will_close:
            del self._local.connection
        return answer

    def get(self, path):
        return self.call("GET", path)

    def create(self, path, body):
        """Create an object that must be new."""
        answer = self.call("POST", path, body)
        assert answer.status == http.HTTPStatus.CREATED, answer.body
        return answer

    def create_all(self, path, bodies, *, threads=8):
        """Create many, as fast as some threads can."""
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(lambda body: self.create(path, body), bodies))

    def pages(self, path, limit):
        """The lists that a client gets that follows `continue`."""
        token = ""
        while True:
            page = self.get(f"{path}?limit={limit}" + (f"&continue={token}" if token else ""))
            assert page.status == http.HTTPStatus.OK, page.body
            yield page.body
            token = page.body["metadata"].get("continue", "")
            if not token:
                return

    def watch(self, path, query, *, seconds=10) -> Iterator[dict]:
        """Events of a watch that the server ends after some seconds, on a connection of its own."""
        connection = self._connect()
        try:
            connection.request("GET", f"{path}?watch=1&timeoutSeconds={seconds}&{query}")
            response = connection.getresponse()
            if response.status != http.HTTPStatus.OK:
                yield {"type": "ERROR", "object": json.loads(response.read())}
                return
            for line in response:
                yield json.loads(line)
        finally:
            connection.close()

    def first(self, count, path, query):
        """The first so many events of a watch: (type, name)."""
        events = itertools.islice(self.watch(path, query), count)
        return [(event["type"], event["object"]["metadata"]["name"]) for event in events]

    def _connection(self):
        if not hasattr(self._local, "connection"):
            self._local.connection = self._connect()
        return self._local.connection

    def _connect(self):
        connection = http.client.HTTPConnection(self._target.name)
        connection.sock = self._target.connect(seconds=_SECONDS)
        return connection


def config_map(name, data=None, **metadata):
    """A ConfigMap, the plainest of all objects."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, **metadata},
        "data": data or {},
    }
