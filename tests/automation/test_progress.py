from collections.abc import Mapping

import pytest
from pulumi.automation import EngineEvent

from automation.progress import Phase, Watch

TENANT = "tenantplane:index:TenantControlPlane"


def urn(name, parents=(), token="tls:index/privateKey:PrivateKey"):  # noqa: S107
    return f"urn:pulumi:dev::tenantplane::{'$'.join([*parents, token])}::{name}"


def engine(kind, **data):
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: data})


def step(kind, name, operation="create", tenant="a"):
    """A step of a resource below a tenant; tenant None: below none."""
    resource = urn(name, [TENANT] if tenant else [])
    state = {"urn": resource, "parent": urn(tenant, token=TENANT) if tenant else ""}
    side = "old" if operation == "delete" else "new"
    token = "tls:index/privateKey:PrivateKey"
    return engine(kind, metadata={"op": operation, "urn": resource, "type": token, side: state})


def component(name, operation="create"):
    resource = urn(name, token=TENANT)
    return engine("resourcePreEvent", metadata={"op": operation, "urn": resource, "type": TENANT})


def diagnostic(message, urn="", severity="error", *, ephemeral=False):
    return engine(
        "diagnosticEvent", message=message, urn=urn, severity=severity, ephemeral=ephemeral
    )


@pytest.fixture
def events():
    return []


@pytest.fixture
def watch(events):
    return Watch(events.append)


@pytest.mark.parametrize("operation", ["create", "same", "delete"])
def test_a_child_belongs_to_the_tenant_that_is_its_parent(watch, operation):
    """A tenant may be called like another one's child: `a-key` is a key of a, or a tenant."""
    for kind in ("resourcePreEvent", "resOutputsEvent"):
        watch(step(kind, "a-key", operation, "a"))
        watch(step(kind, "a-key-key", operation, "a-key"))
    assert watch.tenant_of(urn("a-key", [TENANT])) == "a"
    assert watch.tenant_of(urn("a-key-key", [TENANT])) == "a-key"


def test_a_grandchild_belongs_to_the_tenant_too(watch):
    watch(step("resourcePreEvent", "a-pki"))
    parent = urn("a-pki", [TENANT])
    child = urn("other-name", [TENANT, "x:index:Pki"])
    metadata = {"op": "create", "urn": child, "type": "t", "new": {"urn": child, "parent": parent}}
    watch(engine("resourcePreEvent", metadata=metadata))
    assert watch.tenant_of(child) == "a"


def test_a_child_that_was_refused_belongs_by_its_name(watch):
    """Wrong inputs are told before there is a step, which would name the parent."""
    for name in ("a", "a-b", "acme"):
        watch(component(name, "same"))
    for name, tenant in {"a-key": "a", "a-b-key": "a-b", "acme-x": "acme", "b-key": None}.items():
        assert watch.tenant_of(urn(name, [TENANT])) == tenant


def test_the_component_itself_belongs_to_its_tenant(watch):
    assert watch.tenant_of(urn("acme", token=TENANT)) == "acme"


@pytest.mark.parametrize("other", [urn("acme-key"), urn("acme", ["other:index:Thing"]), "", "x"])
def test_what_is_below_no_tenant_belongs_to_none(watch, other):
    assert watch.tenant_of(other) is None


def test_resources_are_told_from_start_to_end(watch, events):
    watch(step("resourcePreEvent", "a-key"))
    watch(step("resOutputsEvent", "a-key"))
    started, finished = events
    assert (started.phase, started.seconds) == (Phase.STARTED, None)
    assert (finished.phase, finished.tenant, finished.resource) == (Phase.FINISHED, "a", "a-key")
    assert finished.seconds >= 0


def test_what_stays_as_it_is_is_not_told(watch, events):
    """There may be thousands."""
    watch(step("resourcePreEvent", "a-key", "same"))
    watch(step("resOutputsEvent", "a-key", "same"))
    assert events == []


def test_pulumi_s_own_resources_are_not_told(watch, events):
    """A provider is a process, and the stack is made of everything else."""
    resource = urn("default", token="pulumi:providers:tls")
    metadata = {"op": "create", "urn": resource, "type": "pulumi:providers:tls"}
    watch(engine("resourcePreEvent", metadata=metadata))
    assert events == []


def test_a_failure_has_its_reason_and_its_tenant(watch, events):
    watch(step("resourcePreEvent", "a-b-key", tenant="a-b"))
    watch(diagnostic("<{%reset%}>error: too small\n<{%reset%}>", urn("a-b-key", [TENANT])))
    watch(step("resOpFailedEvent", "a-b-key", tenant="a-b"))
    assert watch.failures() == ({"a-b": ["a-b-key: too small"]}, [])
    assert [event.phase for event in events] == [Phase.STARTED, Phase.MESSAGE, Phase.FAILED]
    assert events[1].text == "too small"


def test_a_failure_of_no_tenant_stands_by_itself(watch):
    watch(diagnostic("boom", urn("gateway")))
    watch(step("resOpFailedEvent", "gateway", tenant=None))
    assert watch.failures() == ({}, ["gateway: boom"])


def test_a_failure_without_a_reason_is_not_lost(watch):
    watch(step("resOpFailedEvent", "a-key"))
    assert watch.failures() == ({"a": ["a-key: failed; see the events before"]}, [])


def test_what_the_engine_says_to_sum_up_is_no_reason(watch):
    stack = urn("tenantplane-dev", token="pulumi:pulumi:Stack")
    watch(diagnostic("update failed", stack))
    watch(diagnostic("an unhandled error occurred: Program exited with non-zero exit code: 1"))
    watch(diagnostic("tenants[0].name: is refused", stack))
    assert watch.failures() == ({}, ["tenants[0].name: is refused"])


def test_passing_remarks_are_not_told(watch, events):
    """Progress of waiting, and what a program prints."""
    watch(diagnostic("waiting", severity="info"))
    watch(diagnostic("[1/2] pods", severity="warning", ephemeral=True))
    assert events == []
    watch(diagnostic("take care", severity="warning"))
    assert [event.text for event in events] == ["take care"]
    assert watch.failures() == ({}, [])


def test_counts_are_by_operation(watch):
    watch(engine("summaryEvent", resourceChanges={"create": 3, "same": 7}, durationSeconds=1))
    assert isinstance(watch.changes, Mapping)
    assert watch.changes == {"create": 3, "same": 7}


def test_nobody_has_to_listen():
    silent = Watch()
    silent(step("resourcePreEvent", "a-key"))
    assert silent.changes_by_tenant == {"a": {"create": 1}}
