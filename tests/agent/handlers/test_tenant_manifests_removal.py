"""When a TenantManifests that goes lets go of its objects, on a host that answers as told."""

import base64

import pytest

from agent import host
from agent.handlers.tenant_manifests import TenantManifests
from agent.kube import ApiError, UnreachableError
from agent.outcome import NotReadyError
from core.manifests import crds
from tests.support.loop import run


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


def remove(client):
    metadata = {
        "name": "base",
        "namespace": "tenant-acme",
        "uid": "u",
        "resourceVersion": "1",
        "deletionTimestamp": "2026-11-23T12:00:00Z",
        "finalizers": [crds.TENANT_MANIFESTS_FINALIZER],
    }
    spec = {"tenant": "acme", "server": "https://127.0.0.1:1", "credentialsSecret": "host-agent"}
    return run(
        TenantManifests(client).reconcile({"metadata": metadata, "spec": spec}, lambda: None)
    )


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
