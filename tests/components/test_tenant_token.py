"""A token's Secret is declared empty and stays the agent's; nobody else's rights grow."""

import pulumi
import pytest
from pulumi.runtime.rpc import UNKNOWN

from components import _tenant_token
from components._tenant_store import Place
from core.manifests import agent, crd_tenant_token
from tests.support.mocks import is_secret, settled


@pytest.fixture
def place():
    namespace = pulumi.Output.from_input("tenant-acme")
    return Place(
        name="acme",
        tenant="acme",
        version="1.37.2",
        namespace=namespace,
        home=None,
        agent_namespace="tenantplane-system",
        keys=(1,),
        timeout={"pulumi.com/timeoutSeconds": "45"},
        opts=pulumi.ResourceOptions(),
    )


@pytest.fixture
def token(mocks, place):
    wanted = _tenant_token.Wanted(
        name="token-operator",
        namespace="crossplane-system",
        service_account="crossplane",
        seconds=3600,
    )
    found = _tenant_token.declare(place, "acme-operator", wanted)
    settled(found.resource.urn)
    return found


def test_the_secret_is_declared_empty(mocks, token):
    """What is in it is the agent's: a field that Pulumi never had is none that it takes away."""
    assert set(mocks.named("acme-operator-secret").inputs) <= {"apiVersion", "kind", "metadata"}


def test_the_agent_may_use_that_secret_alone(mocks, token):
    (rule,) = mocks.named("acme-operator-role").inputs["rules"]
    assert rule["resourceNames"] == ["token-operator"]
    assert rule["verbs"] == ["get", "patch"]
    binding = mocks.named("acme-operator-binding").inputs
    assert binding["roleRef"]["name"] == "token-operator"
    (subject,) = binding["subjects"]
    assert (subject["name"], subject["namespace"]) == (agent.NAME, "tenantplane-system")


def test_its_object_says_whose_token_and_where_to(mocks, token):
    found = mocks.named("acme-operator-token").inputs
    assert found["metadata"]["annotations"]["pulumi.com/waitFor"] == "condition=Ready"
    assert found["metadata"]["annotations"]["pulumi.com/timeoutSeconds"] == "45"
    schema = crd_tenant_token.tenant_token()["properties"]["spec"]
    assert set(schema["required"]) <= set(found["spec"]) <= set(schema["properties"])
    assert found["spec"] == {
        "tenant": "acme",
        "server": "https://kube-apiserver.tenant-acme.svc:6443",
        "credentialsSecret": "host-agent",
        "namespace": "crossplane-system",
        "serviceAccount": "crossplane",
        "seconds": 3600,
        "secret": "token-operator",
    }


def test_it_waits_for_what_lets_the_agent_do_it(monitor, token):
    (request,) = [one for urn, one in monitor.requests.items() if "::acme-operator-token" in urn]
    waited = {urn.rpartition("::")[2] for urn in request.dependencies}
    assert {"acme-operator-secret", "acme-operator-role", "acme-operator-binding"} <= waited


def test_another_audience_is_said(mocks, place):
    wanted = _tenant_token.Wanted(
        name="t", namespace="n", service_account="s", seconds=600, audiences=("https://vault.test",)
    )
    settled(_tenant_token.declare(place, "acme-t", wanted).resource.urn)
    assert mocks.named("acme-t-token").inputs["spec"]["audiences"] == ["https://vault.test"]


def test_what_is_read_is_secret(mocks, place, token):
    files = _tenant_token.read(place, token)
    assert set(settled(files)) == {"token", "expires"}
    assert is_secret(files)
    assert mocks.named("acme-operator-now").resource_id == "acme-operator-secret-id"


def test_an_empty_secret_has_nothing(mocks, place, token):
    mocks.secrets["acme-operator-secret-id"] = {}
    assert settled(_tenant_token.read(place, token)) == {}


def test_nothing_is_read_before_it_is_there(first_preview, place):
    """The engine reads nothing by an id that isn't known; by one that was made up it would fail."""
    wanted = _tenant_token.Wanted(name="t", namespace="n", service_account="s", seconds=600)
    token = _tenant_token.declare(place, "acme-t", wanted)
    settled(_tenant_token.read(place, token))
    assert first_preview.named("acme-t-now").resource_id == UNKNOWN
