"""RemovalHooks, as the running agent treats it: Jobs that run when an operator goes.

There are no nodes: how a Job ends, the tests say.
"""

import itertools

import pytest

from core.manifests import agent as agent_manifests
from core.manifests import crds
from tests.support.kubectl import eventually
from tests.support.operator_objects import template, workload

pytestmark = pytest.mark.processes

JOBS = "/apis/batch/v1/namespaces/tenant-acme/jobs"
NOW = "2026-11-30T12:00:00Z"
_NUMBERS = itertools.count()


def job(name):
    made = workload("Job", name, None, pod=template(restartPolicy="Never"))
    made["spec"]["backoffLimit"] = 0
    return made


class Hooks:
    """One object with two Jobs."""

    def __init__(self, world, name):
        self._objects, self._api, self.name = world.objects, world.objects.api, name
        self.jobs = [f"{name}-first", f"{name}-second"]
        self._objects.grant("tenant-acme", "removal", agent_manifests.OPERATORS_ROLE)
        spec = {"tenant": "acme", "operator": name, "jobs": [job(one) for one in self.jobs]}
        self._objects.apply("RemovalHooks", "tenant-acme", name, spec)

    def wait(self, **kwargs):
        return self._objects.wait("RemovalHooks", "acme", self.name, **kwargs)

    def body(self):
        return self._objects.get("RemovalHooks", "acme", self.name).body

    def delete(self):
        self._objects.delete("RemovalHooks", "acme", self.name)

    def is_gone(self):
        return self._objects.get("RemovalHooks", "acme", self.name).status == 404

    def wait_gone(self):
        self._objects.wait_gone("RemovalHooks", "acme", self.name)

    def runs(self, job_name):
        return self._api.get(f"{JOBS}/{job_name}").ok

    def ends(self, job_name, *conditions, **status):
        """Say what the Job controller would say."""
        eventually(lambda: self.runs(job_name), f"{job_name} runs", seconds=10)
        listed = [
            {"type": one, "status": "True", "message": "it said no", "reason": "Tried"}
            for one in conditions
        ]
        answer = self._api.merge(
            f"{JOBS}/{job_name}/status",
            {"status": {"startTime": NOW, "conditions": listed, **status}},
        )
        assert answer.ok, answer

    def remove(self, job_name):
        """As kubectl does it, and with no garbage collector here no other way."""
        body = {"propagationPolicy": "Background"}
        assert self._api.request("DELETE", f"{JOBS}/{job_name}", body).ok

    def succeeds(self, job_name):
        ended = {"completionTime": NOW, "succeeded": 1, "active": None, "ready": None}
        self.ends(job_name, "SuccessCriteriaMet", "Complete", **ended)

    def fails(self, job_name):
        self.ends(job_name, "FailureTarget", "Failed", failed=1)


@pytest.fixture
def hooks(world, acme):
    made = Hooks(world, f"hooks-{next(_NUMBERS)}")
    yield made
    for name in made.jobs:
        if not made.is_gone():
            made.delete()
            made.succeeds(name)
    made.wait_gone()


def test_nothing_runs_before_it_is_deleted(hooks):
    condition = hooks.wait()
    assert condition["message"] == "2 Jobs run when this object is deleted"
    assert crds.REMOVAL_HOOKS_FINALIZER in hooks.body()["metadata"]["finalizers"]
    assert not any(hooks.runs(name) for name in hooks.jobs)


def test_jobs_run_one_after_the_other_and_then_it_is_gone_with_them(hooks):
    hooks.wait()
    first, second = hooks.jobs
    hooks.delete()
    eventually(lambda: hooks.runs(first), "the first runs")
    described = f"`kubectl -n tenant-acme describe job {first}` says what they wait for"
    assert hooks.wait(reason="Running")["message"] == (
        f"Job {first} runs (pods: 0 active, 0 ready, 0 failed); {described}"
    )
    assert not hooks.runs(second)
    hooks.succeeds(first)
    eventually(lambda: hooks.runs(second), "the second runs")
    eventually(lambda: hooks.body()["status"].get("done") == 1, "one is done")
    assert not hooks.is_gone()
    hooks.succeeds(second)
    hooks.wait_gone()
    assert not any(hooks.runs(name) for name in hooks.jobs)


def test_how_the_pods_of_a_job_fare_is_told(hooks):
    """They may wait for an image, a node or a file, and `pulumi up` with them."""
    hooks.wait()
    first, _ = hooks.jobs
    hooks.delete()
    hooks.ends(first, active=1, ready=0, failed=2)
    eventually(
        lambda: "(pods: 1 active, 0 ready, 2 failed)" in hooks.wait(reason="Running")["message"],
        "it says so",
    )


def test_a_job_that_fails_holds_it_and_says_what_to_do(world, hooks):
    """What comes after would destroy what the Job was to save."""
    hooks.wait()
    first, second = hooks.jobs
    hooks.delete()
    hooks.fails(first)
    condition = hooks.wait(status="False", reason="HookFailed")
    assert condition["message"] == (
        f"Job {first} failed (it said no); see `kubectl logs job/{first}`, delete the Job to have "
        "it run again, or take the finalizer off this object to go on without it"
    )
    assert not hooks.runs(second)
    hooks.remove(first)
    hooks.wait(reason="Running")
    assert hooks.runs(first)


def test_an_agent_that_starts_anew_goes_on_where_it_was(world, hooks):
    hooks.wait()
    first, second = hooks.jobs
    hooks.delete()
    hooks.succeeds(first)
    eventually(lambda: hooks.runs(second), "the second runs")
    world.agent.process.kill()
    world.agent.process.start()
    world.agent.wait()
    hooks.succeeds(second)
    hooks.wait_gone()


def test_one_that_nobody_is_to_run_goes_without(world, hooks):
    hooks.wait()
    path = world.objects.path("RemovalHooks", "tenant-acme", hooks.name)
    hooks.delete()
    hooks.fails(hooks.jobs[0])
    hooks.wait(status="False", reason="HookFailed")
    world.objects.api.merge(path, {"metadata": {"finalizers": []}})
    hooks.wait_gone()
    hooks.remove(hooks.jobs[0])


def test_it_works_in_its_own_tenants_namespace_alone(world, acme):
    world.objects.namespace("globex")
    spec = {"tenant": "acme", "operator": "demo", "jobs": [job("x")]}
    world.objects.apply("RemovalHooks", "tenant-globex", "stray", spec)
    condition = world.objects.wait("RemovalHooks", "globex", "stray", status="False")
    assert condition["reason"] == "WrongNamespace"
    world.objects.delete("RemovalHooks", "globex", "stray")
    world.objects.wait_gone("RemovalHooks", "globex", "stray")
