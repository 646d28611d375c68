"""RemovalHooks while the agent may not use Jobs: the whole namespace goes, or somebody took it."""

import pytest

from agent import host
from agent.handlers.removal_hooks import RemovalHooks
from agent.kube import ApiError
from agent.outcome import NotReadyError
from core.manifests import crds
from tests.support.fake_api import FakeApi
from tests.support.loop import run

JOB = "/apis/batch/v1/namespaces/tenant-acme/jobs/last"
MAY_NOT = ApiError("GET job", 403, "Forbidden", "may not")
GOING = ApiError(
    "PATCH job",
    403,
    "Forbidden",
    "unable to create new content in namespace tenant-acme because it is being terminated",
)
PATH = "/apis/tenantplane.dev/v1alpha1/namespaces/tenant-acme/removalhooks/demo"


@pytest.fixture
def events(monkeypatch):
    posted = []
    monkeypatch.setattr(host, "event", lambda body, post, *said: posted.append(said))
    return posted


@pytest.fixture
def api():
    return FakeApi()


def remove(api):
    metadata = {
        "name": "demo",
        "namespace": "tenant-acme",
        "uid": "u",
        "resourceVersion": "1",
        "deletionTimestamp": "2026-11-30T12:00:00Z",
        "finalizers": [crds.REMOVAL_HOOKS_FINALIZER],
    }
    api.put(PATH, metadata=metadata)
    spec = {"tenant": "acme", "operator": "demo", "jobs": [{"metadata": {"name": "last"}}]}
    return run(RemovalHooks(api).reconcile({"metadata": metadata, "spec": spec}, lambda: None))


def is_let_go(api):
    return api.objects[PATH]["metadata"]["finalizers"] == []


class NoDeletes(FakeApi):
    """Its Job is done, and stays."""

    def __init__(self):
        super().__init__()
        self.put(JOB, status={"conditions": [{"type": "Complete", "status": "True"}]})

    async def delete(self, path):
        raise MAY_NOT


class NoReads(FakeApi):
    """Not even that is known."""

    def __init__(self):
        super().__init__()
        self.refused[JOB] = MAY_NOT


@pytest.mark.parametrize("kind", [NoReads, NoDeletes])
def test_without_a_right_to_jobs_it_goes_and_says_what_may_be_left(kind, events):
    """It would hold a namespace that goes for ever; nobody else says what didn't run."""
    api = kind()
    outcome = remove(api)
    assert (outcome.reason, outcome.finished) == ("Removed", True)
    assert is_let_go(api)
    message = (
        "namespace tenant-acme: not all of the Jobs last may have run, as the agent has no right "
        "to them (GET job: may not (403)); do by hand what they do, and delete them with `kubectl "
        "-n tenant-acme delete job --ignore-not-found last`"
    )
    assert events == [("ObjectsLeft", message)]


def test_where_the_namespace_goes_nothing_is_said(api, events):
    api.refused_writes[JOB] = GOING
    assert remove(api).finished
    assert is_let_go(api)
    assert events == []


def test_a_job_that_the_host_refuses_is_waited_for(api, events):
    """A quota, or an admission rule, answers as who has no right: the Job would be left out."""
    api.refused_writes[JOB] = ApiError("PATCH job", 403, "Forbidden", "exceeded quota: jobs")
    with pytest.raises(NotReadyError, match="exceeded quota") as raised:
        remove(api)
    assert raised.value.reason == "Refused"
    assert not is_let_go(api)
    assert events == []
