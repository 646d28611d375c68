"""When a TenantManifests that goes lets go of its objects, on a host that answers as told."""

import base64

import pytest

from agent import host
from agent.discovery import Reference
from agent.handlers import tenant_manifests
from agent.handlers.tenant_manifests import TenantManifests
from agent.kube import ApiError, UnreachableError
from agent.outcome import NotReadyError
from core.manifests import crds
from tests.support.loop import run

LISTED = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "ops"}}
CLAIM = {"apiVersion": "x.test/v1", "kind": "Claim", "metadata": {"name": "c", "namespace": "ops"}}


class Host:
    """Answers every question for the Secret alike, and takes every patch."""

    def __init__(self, answer):
        self.answer = answer
        self.patches = []

    async def get(self, path):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def merge(self, path, body):
        self.patches.append(body)
        return body


@pytest.fixture
def events(monkeypatch):
    posted = []
    monkeypatch.setattr(host, "event", lambda body, post, reason, message: posted.append(reason))
    return posted


def look(client, **more):
    metadata = {
        "name": "base",
        "namespace": "tenant-acme",
        "uid": "u",
        "resourceVersion": "1",
        "finalizers": [crds.TENANT_MANIFESTS_FINALIZER],
        **more,
    }
    spec = {"tenant": "acme", "server": "https://127.0.0.1:1", "credentialsSecret": "host-agent"}
    body = {"metadata": metadata, "spec": {**spec, "objects": [LISTED]}}
    body["status"] = {"inventory": [Reference.of(one).entry() for one in (LISTED, CLAIM)]}
    return run(TenantManifests(client).reconcile(body, lambda: None))


def remove(client):
    return look(client, deletionTimestamp="2026-11-23T12:00:00Z")


def refusal(status):
    return ApiError("GET secrets/host-agent", status, "Reason", "")


def secret(**files):
    return {"data": {name: base64.b64encode(text).decode() for name, text in files.items()}}


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_a_passing_refusal_of_the_host_orphans_nothing(events, status):
    """Its API server was busy or away for a moment: the Secret is still there."""
    client = Host(refusal(status))
    with pytest.raises(NotReadyError, match=f"^objects not removed yet: .*{status}.*set deletion"):
        remove(client)
    assert client.patches == events == []


def test_a_host_that_does_not_answer_orphans_nothing(events):
    client = Host(UnreachableError("no answer"))
    with pytest.raises(NotReadyError, match="objects not removed yet: no answer"):
        remove(client)
    assert client.patches == events == []


@pytest.mark.parametrize("files", [{}, {"ca.crt": b"x", "tls.crt": b"x", "tls.key": b"x"}])
def test_an_unusable_secret_orphans_nothing(events, files):
    """It can be mended as long as it is there; a namespace that goes takes it along."""
    client = Host(secret(**files))
    with pytest.raises(NotReadyError, match=r"objects not removed yet: .*credentials Secret"):
        remove(client)
    assert client.patches == events == []


@pytest.mark.parametrize("status", [403, 404], ids=["RoleBinding", "Secret"])
def test_lets_go_once_the_secret_or_the_right_to_read_it_is_gone(events, status):
    """Both go with the namespace, in any order; waiting for them would hold it for ever."""
    client = Host(refusal(status))
    assert remove(client).finished
    (patch,) = client.patches
    assert patch["metadata"]["finalizers"] == []
    assert events == ["ObjectsLeft"]


class Tenant:
    """Takes what is applied; what it keeps of what is removed, the tests say."""

    client = discovery = None

    def __init__(self, *_):
        pass

    async def check_ready(self):
        pass

    async def follow_groups(self, roles):
        pass


@pytest.fixture
def left(monkeypatch):
    """What is still there after it was removed."""
    left = {}

    async def apply_all(client, discovery, objects, owner):
        pass

    async def remove_all(client, discovery, references, owner):
        return left

    for name, value in (("Tenant", Tenant), ("apply_all", apply_all), ("remove_all", remove_all)):
        monkeypatch.setattr(tenant_manifests, name, value)
    return left


class TestLeaving:
    """What was deleted is there as long as finalizers hold it."""

    def test_it_is_not_over_before_all_is_gone(self, left):
        """The operator's pods go next, and nobody else takes the finalizers off."""
        left[Reference.of(CLAIM)] = "Claim ops/c waits for its finalizers x.test/f"
        client = Host(secret(**{"ca.crt": b"x", "tls.crt": b"x", "tls.key": b"x"}))
        with pytest.raises(NotReadyError) as caught:
            remove(client)
        assert str(caught.value) == (
            "not removed yet: Claim ops/c waits for its finalizers x.test/f; have who set a "
            "finalizer take it off; to let go of them, set deletionPolicy to Orphan"
        )
        assert caught.value.reason == "Removing"
        assert client.patches == []
        left.clear()
        assert remove(client).finished
        assert client.patches[0]["metadata"]["finalizers"] == []

    def test_many_are_counted_and_three_are_shown(self, left):
        for number in range(9):
            left[Reference("v1", "Claim", "ops", f"c-{number}")] = f"Claim ops/c-{number} waits"
        client = Host(secret(**{"ca.crt": b"x", "tls.crt": b"x", "tls.key": b"x"}))
        with pytest.raises(NotReadyError, match="9 objects are still there") as caught:
            remove(client)
        assert str(caught.value).count(" waits") == 3
        assert "and 6 more" in str(caught.value)

    def test_what_left_the_list_is_known_until_it_is_gone_and_makes_nothing_unready(self, left):
        left[Reference.of(CLAIM)] = "Claim ops/c waits for its finalizers x.test/f"
        client = Host(secret(**{"ca.crt": b"x", "tls.crt": b"x", "tls.key": b"x"}))
        both = [Reference.of(one).entry() for one in (LISTED, CLAIM)]
        outcome = look(client)
        assert (outcome.reason, outcome.fields["applied"]) == ("Applied", 1)
        assert outcome.fields["inventory"] == both
        assert outcome.message == (
            "1 objects are in place; of what left the list, Claim ops/c waits for its finalizers "
            "x.test/f"
        )
        assert outcome.warns
        assert outcome.again_seconds == 15
        left.clear()
        outcome = look(client)
        assert outcome.fields["inventory"] == both[:1]
        assert outcome.message == "1 objects are in place"
