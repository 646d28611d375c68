"""TenantToken over the life of a token: ten minutes are the least, so here the clock is ours."""

import base64

import pytest

from agent import tenant_secret
from agent.handlers import tenant_token
from agent.handlers.tenant_token import TenantTokens
from tests.agent.test_tokens import token
from tests.support.certificates import Authority
from tests.support.loop import run

SECRETS = "/api/v1/namespaces/tenant-acme/secrets"
ACCOUNT = "/api/v1/namespaces/default/serviceaccounts/ci"
SPEC = {
    "tenant": "acme",
    "server": "https://tenant",
    "credentialsSecret": "host-agent",
    "namespace": "default",
    "serviceAccount": "ci",
    "seconds": 600,
    "secret": "token-ci",
}


def encoded(files):
    return {name: base64.b64encode(text.encode()).decode() for name, text in files.items()}


class Fake:
    """An API server of paths; remembers what is written."""

    def __init__(self, **documents):
        self.documents = documents
        self.asked = []

    async def get(self, path):
        return self.documents[path]

    async def merge(self, path, body):
        self.documents[path]["data"] |= body["data"]

    async def create(self, path, body):
        self.asked.append((path, body["spec"]))
        return {"status": {"token": token(issued=self.now(), seconds=600)}}

    async def close(self):
        pass


@pytest.fixture
def clock(monkeypatch):
    """What time it is; a test moves it."""
    now = [1000]
    monkeypatch.setattr(tenant_token.time, "time", lambda: now[0])
    return now


@pytest.fixture
def acme(monkeypatch, clock):
    found = Fake(
        **{
            ACCOUNT: {"metadata": {"uid": "u-1"}},
            "/openid/v1/jwks": {"keys": [{"kid": "k-1"}]},
        }
    )
    found.now = lambda: clock[0]
    monkeypatch.setattr(tenant_secret, "Client", lambda *_, **__: found)
    return found


@pytest.fixture
def secret():
    return {"data": {}}


@pytest.fixture
def status():
    return {}


@pytest.fixture
def look(acme, secret, status):
    """Look at the object once, as its loop does; its status lives on."""
    authority = Authority("acme")
    certificate, key = authority.issue("tenantplane:host-agent")
    files = {"ca.crt": authority.pem, "tls.crt": certificate, "tls.key": key}
    host = Fake(
        **{f"{SECRETS}/host-agent": {"data": encoded(files)}, f"{SECRETS}/token-ci": secret}
    )
    metadata = {"name": "ci", "namespace": "tenant-acme", "generation": 1}
    body = {"kind": "TenantToken", "metadata": metadata, "spec": SPEC, "status": status}

    def once():
        outcome = run(TenantTokens(host).reconcile(body, lambda: None))
        status.update(outcome.fields)
        return outcome

    return once


def test_a_token_is_asked_for_once_and_after_four_fifths_of_its_life_again(
    look, acme, clock, secret
):
    first = look()
    before = secret["data"]["token"]
    for clock[0] in (1001, 1300, 1479):
        assert look().fields == first.fields
    assert len(acme.asked) == 1
    clock[0] = 1480
    assert look().fields["expires"] == "1970-01-01T00:34:40Z"
    assert len(acme.asked) == 2
    assert secret["data"]["token"] != before


@pytest.mark.parametrize(("now", "seconds"), [(1000, 60), (1450, 30), (1479.5, 1)])
def test_it_is_looked_at_each_minute_and_when_it_is_due(look, clock, now, seconds):
    """The Secret and the account may be others by then."""
    look()
    clock[0] = now
    assert look().again_seconds == seconds


def test_who_asks_says_how_long_and_for_whom(look, acme):
    look()
    assert acme.asked == [(f"{ACCOUNT}/token", {"expirationSeconds": 600})]


def test_a_status_that_was_lost_costs_one_token(look, acme, status):
    """An agent may end between the Secret and the status."""
    look()
    status.clear()
    look()
    look()
    assert len(acme.asked) == 2
