"""A connection to a tenant lives as long as its address and credentials stay."""

import base64

import pytest

from agent.outcome import NotReadyError
from agent.sessions import Sessions
from tests.support.fake_api import FakeApi
from tests.support.loop import run

SECRET = "/api/v1/namespaces/tenant-acme/secrets/host-agent"
SPEC = {"server": "https://acme.test", "credentialsSecret": "host-agent"}


class Session:
    def __init__(self, files):
        self.files = files
        self.closed = False

    async def close(self):
        self.closed = True


def body(uid="a", **spec):
    return {"metadata": {"uid": uid, "namespace": "tenant-acme"}, "spec": SPEC | spec}


def put(host, key="first"):
    files = {"ca.crt": "ca", "tls.crt": "certificate", "tls.key": key}
    host.put(
        SECRET, data={name: base64.b64encode(x.encode()).decode() for name, x in files.items()}
    )


@pytest.fixture
def host():
    made = FakeApi()
    put(made)
    return made


@pytest.fixture
def of(host):
    sessions = Sessions(host)

    def found(given):
        return run(sessions.of(given, Session))

    found.forget = lambda uid: run(sessions.forget(uid))
    return found


def test_it_stays_as_long_as_nothing_changes(of):
    session = of(body())
    assert session.files["tls.key"] == b"first"
    assert of(body()) is session
    assert not session.closed


@pytest.mark.parametrize(
    "spec", [{"server": "https://other.test"}, {"tlsServerName": "acme"}], ids=["address", "name"]
)
def test_for_another_address_it_is_another_one(of, spec):
    before = of(body())
    assert of(body(**spec)) is not before
    assert before.closed


def test_for_other_credentials_it_is_another_one(of, host):
    before = of(body())
    put(host, "second")
    assert of(body()).files["tls.key"] == b"second"
    assert before.closed


def test_each_object_has_its_own(of):
    first, second = of(body("a")), of(body("b"))
    of.forget("a")
    assert (first.closed, second.closed) == (True, False)
    assert of(body("a")) is not first
    of.forget("unknown")


def test_without_the_secret_what_is_open_stays(of, host):
    before = of(body())
    del host.objects[SECRET]
    with pytest.raises(NotReadyError, match="can't read it"):
        of(body())
    put(host)
    assert of(body()) is before
