"""One tenant that does not come up takes nobody's outputs with it; each kind exports its own."""

from types import SimpleNamespace

import pulumi
import pytest
from pulumi.runtime.stack import ResourceRegistrationFailed

from stacks import outputs
from tests.support.mocks import is_secret, settled


class Tenant:
    """What a TenantControlPlane hands out."""

    def __init__(self, name, error=None):
        def value(text):
            if error is not None:
                raise error
            return f"{name} {text}"

        for attribute in ("kubeconfig", "admin_kubeconfig", "endpoint", "version"):
            setattr(self, attribute, pulumi.Output.from_input(attribute).apply(value))
        self.certificates = pulumi.Output.from_input("2030").apply(
            lambda end: {"admin": value(end)}
        )
        self.user_kubeconfigs = pulumi.Output.from_input("jane").apply(
            lambda user: {user: value("opens")}
        )
        self.user_expiry = self.user_kubeconfigs


HOST = SimpleNamespace(
    name="dev",
    domain="tenants.test",
    stores={},
    cluster=SimpleNamespace(server="https://x", kubernetes_version="v1.37.2"),
    gateway=SimpleNamespace(address="192.0.2.1", port=8443),
)
"""What Handles hold, as far as outputs look at it."""


@pytest.mark.parametrize("kind", ["host", "dev"])
def test_the_contract_of_a_host_is_exported_and_secret_as_a_whole(kind):
    """Stacks of kind tenants may stand on either; it opens the host."""
    handles = SimpleNamespace(**vars(HOST), contract=lambda: {"kubeconfig": "opens"})
    host = outputs.DeclaredHost(handles=handles, certificates={})
    found = outputs.of_host(host) if kind == "host" else outputs.of_both(host, {}, {}, {})
    assert settled(found["hostContract"]) == {"kubeconfig": "opens"}
    assert is_secret(found["hostContract"])


def test_a_stack_of_tenants_hands_its_host_to_nobody():
    assert "hostContract" not in outputs.of_tenants(HOST, {}, {}, {})


def test_what_an_operator_is_made_of_is_known_in_a_preview():
    """Plain data, and no output of a resource."""
    made = {"host": ["Deployment.apps demo"], "tenant": [], "hooks": [], "leftOut": {}}
    serving = {"acme": {"demo": SimpleNamespace(objects=made)}}
    found = outputs.of_tenants(HOST, {"acme": Tenant("acme")}, serving, {})
    assert found["operators"] == {"acme": {"demo": made}}


def test_readmes_say_how_one_bad_tenant_stays_alone():
    """Without the flag the engine stops at the first resource that fails."""
    host = SimpleNamespace(**vars(HOST), contract=dict)
    made = outputs.of_host(outputs.DeclaredHost(handles=host, certificates={}))
    for found in (made, outputs.of_tenants(HOST, {}, {}, {})):
        assert "`pulumi up --continue-on-error`" in found["readme"]


def test_a_tenant_that_failed_is_null_and_the_others_are_there():
    failed = Tenant("acme", ResourceRegistrationFailed("control-plane"))
    found = outputs.of_tenants(HOST, {"acme": failed, "globex": Tenant("globex")}, {}, {})
    assert settled(found["endpoints"]) == {"acme": None, "globex": "globex endpoint"}
    assert settled(found["kubeconfigs"]) == {"acme": None, "globex": "globex kubeconfig"}
    assert is_secret(found["kubeconfigs"]["globex"])
    assert settled(found["userKubeconfigs"]) == {"acme": None, "globex": {"jane": "globex opens"}}
    assert is_secret(found["userKubeconfigs"]["globex"])


def test_a_mistake_of_ours_is_not_hidden():
    """Only a resource that the engine could not make is taken for a tenant that failed."""
    found = outputs.of_tenants(HOST, {"acme": Tenant("acme", KeyError("typo"))}, {}, {})
    with pytest.raises(KeyError, match="typo"):
        settled(found["endpoints"])
    for kind in (
        *("kubeconfigs", "userKubeconfigs", "userExpiry", "adminKubeconfigs"),
        *("versions", "certificateExpiry"),
    ):
        with pytest.raises(KeyError, match="typo"):
            settled(found[kind])


def test_the_readme_names_outputs_that_exist():
    found = outputs.of_tenants(HOST, {"acme": Tenant("acme")}, {}, {})
    for name in ("endpoints", "versions", "certificateExpiry"):
        assert f"${{outputs.{name}.acme}}" in found["readme"]
        assert "acme" in found[name]
    settled(found["endpoints"])
