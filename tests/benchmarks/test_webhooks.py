"""How a webhook is measured: what is read of an API server, and the calls that go past it."""

import http.server
import json
import ssl
import subprocess
import sys
import threading

import pytest

from benchmarks import webhooks
from tests.support import prometheus
from tests.support.certificates import Authority

METRIC = "apiserver_admission_webhook_admission_duration_seconds"


def sample(ending, value, name=webhooks.WEBHOOK, more=""):
    """A line of an API server's metrics."""
    labels = f'name="{name}",operation="CREATE",rejected="false",type="validating"{more}'
    return f"{METRIC}_{ending}{{{labels}}} {value}"


def test_of_all_that_an_api_server_measures_the_webhooks_own_is_read():
    lines = [
        f"# TYPE {METRIC} histogram",
        sample("bucket", "7", more=',le="0.005"'),
        sample("bucket", "9", more=',le="0.025"'),
        sample("sum", "0.03"),
        sample("count", "9"),
        sample("bucket", "4", name="another.example.org", more=',le="0.005"'),
        sample("sum", "5e+01", name="another.example.org"),
        sample("count", "4", name="another.example.org"),
    ]
    assert webhooks.reading("\n".join(lines)) == {"sum": 0.03, "count": 9.0, "bucket": 7.0}


def test_a_webhook_that_was_never_called_took_no_time():
    assert webhooks.reading("") == {"sum": 0.0, "count": 0.0, "bucket": 0.0}


class Judge(http.server.BaseHTTPRequestHandler):
    """Allows everything, and remembers what it was asked over which connections."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[object, str, dict]]

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.client_address, self.path, review))
        answer = {"response": {"uid": review["request"]["uid"], "allowed": True}}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def served(tmp_path):
    """A webhook on loopback: its port, its authority, what it was asked."""
    authority = Authority("authority of the judge")
    pem = tmp_path / "judge.pem"
    pem.write_text("".join(authority.issue("judge", names=["judge.test"])))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    asked = []
    handler = type("Asked", (Judge,), {"asked": asked})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, authority.pem, asked
        server.shutdown()


def test_the_same_review_is_sent_so_often_over_one_connection(served, tmp_path):
    port, authority, asked = served
    review = webhooks.review(prometheus.rule("up == 0"))
    given = {
        "address": "127.0.0.1",
        "port": port,
        "name": "judge.test",
        "authority": authority,
        "path": "/validate",
        "review": review,
        "calls": 5,
    }
    file = tmp_path / "calls.json"
    file.write_text(json.dumps(given))
    command = [sys.executable, "-c", webhooks.DIRECT, file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    latencies = json.loads(done.stdout)
    assert len(latencies) == 5
    assert all(value > 0 for value in latencies)
    assert asked == [(asked[0][0], "/validate", review)] * 5
