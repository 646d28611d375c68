"""Connections to a tenant through its host's public address, and a probe that counts failures."""

import base64
import http.client
import socket
import ssl
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import yaml

_ANSWER_SECONDS = 2
_IN_FLIGHT = 64  # more than leave while one waits that long


class Target:
    """One tenant as its kubeconfig describes it: address, name, authority, user."""

    def __init__(self, kubeconfig):
        document = yaml.safe_load(kubeconfig)
        cluster = document["clusters"][0]["cluster"]
        user = document["users"][0]["user"]
        url = urlsplit(cluster["server"])
        self.host, self.port = url.hostname, url.port
        self.name = cluster.get("tls-server-name", url.hostname)
        self.ca_pem = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.certificate_pem = base64.b64decode(user["client-certificate-data"]).decode()
        self.key_pem = base64.b64decode(user["client-key-data"]).decode()

    def context(self, *, identified=True):
        """TLS context that trusts the tenant's authority and shows the user's certificate."""
        context = ssl.create_default_context(cadata=self.ca_pem)
        if identified:
            with tempfile.TemporaryDirectory() as folder:
                pem = Path(folder) / "user.pem"
                pem.write_text(self.certificate_pem + self.key_pem)
                context.load_cert_chain(pem)
        return context

    def connect(self, *, sni=None, context=None, seconds=5):
        """A TLS socket to the public address, asking for a name."""
        raw = socket.create_connection((self.host, self.port), timeout=seconds)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # body and headers leave apart
        chosen = context or self.context()
        return chosen.wrap_socket(raw, server_hostname=sni or self.name)

    def connection(self, *, identified=True, seconds=10):
        """An HTTP connection to the public address, for one request after another."""
        connection = http.client.HTTPConnection(self.name)
        connection.sock = self.connect(context=self.context(identified=identified), seconds=seconds)
        return connection

    def request(self, method, path, body=None, *, identified=True, headers=None, seconds=10):
        """One HTTP request on a connection of its own: (status, body)."""
        connection = self.connection(identified=identified, seconds=seconds)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def served_certificate(self, sni):
        """DER of the certificate that answers to a name, verified or not."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with self.connect(sni=sni, context=context) as sock:
            return sock.getpeercert(binary_form=True)


class Probe:
    """GET /readyz at 10 Hz, each on a new connection; `failures` lists what went wrong and when.

    Requests leave by the clock, whether those before were answered or not: a server that is slow
    gets no fewer of them, and what a machine that is slow misses is sent later.
    """

    def __init__(self, target, *, hertz=10):
        self.target, self.period = target, 1 / hertz
        self.sent, self.successes, self.failures = 0, 0, []
        self.seconds = 0.0
        """How long it probed."""
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        start = time.monotonic()
        with ThreadPoolExecutor(max_workers=_IN_FLIGHT) as pool:
            while not self._stop.is_set():
                pool.submit(self._ask)
                self.sent += 1
                self._stop.wait(max(0, start + self.sent * self.period - time.monotonic()))
            self.seconds = time.monotonic() - start

    def _ask(self):
        try:
            status, _ = self.target.request("GET", "/readyz", seconds=_ANSWER_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            self._count(repr(error))
        else:
            self._count(status)

    def _count(self, answer):
        with self._lock:
            if answer == http.HTTPStatus.OK:
                self.successes += 1
            else:
                self.failures.append((time.time(), answer))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def check(self):
        """Every request was answered, and there were as many as the clock says."""
        assert not self.failures, self.failures
        assert self.successes == self.sent
        assert self.sent >= 0.9 * self.seconds / self.period
