"""The host issuer's documents, as a tenant's API server gets them from the agent."""

import asyncio
import json
import socket
import ssl
import threading
import urllib.error
import urllib.request

import pytest

from agent import discovery_server
from agent.discovery_server import DiscoveryServer
from agent.kube import UnreachableError
from core import names, pki
from core.manifests import host_accounts
from tests.support.certificates import Authority
from tests.support.processes import free_port

NAME = f"{names.AGENT}.{names.AGENT_NAMESPACE}.svc"


class Host:
    """Says who issues its tokens; counts how often it is asked."""

    def __init__(self):
        self.asked = []
        self.keys = [{"kid": "1"}]
        self.away = False

    async def get(self, path):
        self.asked.append(path)
        if self.away:
            raise UnreachableError("no answer")
        if path == host_accounts.KEYS:
            return {"keys": list(self.keys)}
        return {"issuer": "https://host.test", "jwks_uri": "https://10.0.0.1:6443/openid/v1/jwks"}


class Served:
    """The server on loopback, in a loop of its own."""

    def __init__(self, folder, host):
        self.host, self.authority = host, Authority("agent")
        certificate, key = self.authority.sign(pki.agent_server())
        (folder / "tls.crt").write_text(certificate)
        (folder / "tls.key").write_text(key)
        self.port = free_port()
        self.server = DiscoveryServer(host, folder, self.port)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self.server.start())

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    def close(self):
        self._do(self.server.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)

    def get(self, path=host_accounts.DISCOVERY, version=None):
        """Status and document, as asked of the name that the server has in the host."""
        context = ssl.create_default_context(cadata=self.authority.pem)
        context.check_hostname = False  # the name leads nowhere here; see below
        if version is not None:
            context.maximum_version = version
        request = urllib.request.Request(
            f"https://127.0.0.1:{self.port}{path}", headers={"Host": f"{NAME}:8443"}
        )
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def host():
    return Host()


@pytest.fixture
def served(tmp_path, host):
    found = Served(tmp_path, host)
    yield found
    found.close()


@pytest.fixture
def forgetful(monkeypatch):
    """Nothing is kept longer than it takes to answer."""
    monkeypatch.setattr(discovery_server, "_FRESH_SECONDS", 0.0)
    monkeypatch.setattr(discovery_server, "_PATIENCE_SECONDS", 0.0)


def test_it_says_who_issues_and_that_the_keys_are_to_be_had_here(served):
    """The host's own address is none that a tenant reaches."""
    assert served.get() == (
        200,
        {"issuer": "https://host.test", "jwks_uri": f"https://{NAME}:8443{host_accounts.KEYS}"},
    )


def test_it_has_the_keys_and_nothing_else(served):
    assert served.get(host_accounts.KEYS) == (200, {"keys": [{"kid": "1"}]})
    assert served.get("/api")[0] == 404
    assert served.get("/")[0] == 404


def test_the_host_is_asked_once_however_many_ask(served, host):
    """A token with a key that nobody knows has an API server ask again, and anybody can make it."""
    for _ in range(5):
        served.get()
        served.get(host_accounts.KEYS)
    assert host.asked == [host_accounts.DISCOVERY, host_accounts.KEYS]


def test_other_keys_of_the_host_are_served(forgetful, served, host):
    served.get(host_accounts.KEYS)
    host.keys.append({"kid": "2"})
    assert served.get(host_accounts.KEYS)[1] == {"keys": [{"kid": "1"}, {"kid": "2"}]}
    del host.keys[0]
    assert served.get(host_accounts.KEYS)[1] == {"keys": [{"kid": "2"}]}


def test_while_the_host_is_away_what_it_said_is_still_right(forgetful, served, host, caplog):
    before = served.get(host_accounts.KEYS)
    host.away = True
    assert served.get(host_accounts.KEYS) == before
    assert "issuer of the host: no answer" in caplog.text


def test_a_host_that_has_said_nothing_yet_is_no_issuer_without_keys(served, host):
    """A 503 is asked again; an empty list of keys would refuse every token."""
    host.away = True
    assert served.get(host_accounts.KEYS) == (503, "the host's API server has not said it yet")


def test_a_host_that_is_away_is_not_asked_by_every_request(served, host):
    """Each would wait until the one before has given up, for seconds."""
    host.away = True
    for _ in range(5):
        served.get()
    assert len(host.asked) == 1


def test_its_certificate_is_for_the_name_that_tenants_are_told(served):
    context = ssl.create_default_context(cadata=served.authority.pem)
    with (
        socket.create_connection(("127.0.0.1", served.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as connection,
    ):
        assert connection.version() == "TLSv1.3"


def test_nothing_older_than_tls_13_is_spoken(served):
    with pytest.raises(urllib.error.URLError):
        served.get(version=ssl.TLSVersion.TLSv1_2)
