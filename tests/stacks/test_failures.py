"""A tenant that can't be made fails alone: the program goes on, and the engine has said why."""

import pytest
from pulumi.runtime.proto import resource_pb2

from tests.support.mocks import RecordingMonitor, settled

FAILS = "acme-ns"


@pytest.fixture
def refusing(monkeypatch):
    """An engine that can't make one resource and goes on, as with PULUMI_CONTINUE_ON_ERROR."""
    register = RecordingMonitor.RegisterResource

    def refuse(self, request):
        response = register(self, request)
        if request.name == FAILS:
            response.result = resource_pb2.Result.FAIL
        return response

    monkeypatch.setattr(RecordingMonitor, "RegisterResource", refuse)


def test_the_other_tenants_are_declared_to_the_end(refusing, up, dev, monitor):
    """Without settle() the first dependent of what failed ended the whole program."""
    outputs = up(dev)
    names = {urn.rpartition("::")[2] for urn in monitor.urns}
    assert "acme-control-plane" not in names
    assert {"globex-control-plane", "globex-base", "globex-route"} <= names
    assert settled(outputs["endpoints"])["globex"] == "https://127.0.0.1:8443"
    assert settled(outputs["endpoints"])["acme"] is None


def test_the_kubeconfig_of_a_tenant_that_failed_is_null(refusing, up, dev):
    outputs = up(dev)
    assert settled(outputs["kubeconfigs"])["acme"] is None
    assert "acme" not in settled(outputs["kubeconfigs"])["globex"]


def test_what_is_no_failed_resource_still_ends_the_program(up, dev, monkeypatch):
    """A mistake of ours in a callback must be seen, not taken for a tenant that failed."""

    def broken(_self, request):
        raise KeyError(request.name)

    monkeypatch.setattr(RecordingMonitor, "RegisterResource", broken)
    with pytest.raises(KeyError):
        up(dev)
