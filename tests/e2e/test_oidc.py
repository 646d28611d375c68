"""A tenant that lets in the users of an issuer, which answers beside the host."""

import json
import os

import pytest

from rig.hosts.native import state
from rig.hosts.native.layout import Layout
from tests.e2e.conftest import HOST
from tests.e2e.test_lifecycle import one_more
from tests.support.kubectl import Kubectl, eventually
from tests.support.oidc_issuer import OidcIssuer
from tests.support.pod_network import FORBIDDEN, check_closed
from tests.support.probe import Target

REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    """On the machine's end of the host's network: a private address, outside of the cluster."""
    numbers = {name: number for number, name in state.numbers().items()}
    if os.geteuid() or HOST not in numbers:
        pytest.skip("only beside a native host is there an address for an issuer")
    address = Layout(HOST, numbers[HOST]).machine_address
    found = OidcIssuer(tmp_path_factory.mktemp("issuer"), address)
    yield found
    found.close()


@pytest.fixture(scope="module")
def federated(stack, issuer):
    """The tenant's kubeconfig."""
    oidc = {
        "issuer": issuer.url,
        "audiences": ["kubernetes"],
        "usernamePrefix": "corp:",
        "groupsClaim": "groups",
        "ca": issuer.authority.pem,
        "network": f"{issuer.address}/32",
    }
    public = {
        "issuer": "https://login.tenants.test",
        "audiences": ["kubernetes"],
        "usernamePrefix": "world:",
    }
    with one_more(stack, "federated", oidc=[oidc, public]):
        stack.up()
        yield stack.kubeconfig("federated")


def asked(kubeconfig, token, method, path, body=None):
    """Status and document, by nothing but the token."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    text = json.dumps(body) if body else None
    status, said = Target(kubeconfig).request(method, path, text, identified=False, headers=headers)
    return status, json.loads(said)


def test_a_token_gets_in_and_has_the_rights_that_are_bound(federated, issuer):
    token = issuer.token(sub="alice", groups=["devs"])

    def user():
        status, said = asked(federated, token, "POST", REVIEWS, REVIEW)
        return status == 201 and said["status"]["userInfo"]

    found = eventually(user, "alice gets in")
    assert found["username"] == "corp:alice"
    assert "corp:devs" in found["groups"]
    path = "/api/v1/namespaces/default/configmaps"
    assert asked(federated, token, "GET", path)[0] == 403
    role = "--clusterrole=tenantplane:tenant-admin"
    Kubectl(federated).run("create", "clusterrolebinding", "devs", role, "--group=corp:devs")
    eventually(lambda: asked(federated, token, "GET", path)[0] == 200, "the group has rights")


def test_it_is_nothing_to_another_tenant(federated, issuer, stack, reach):
    """Which neither knows the issuer nor has a way to it."""
    token = issuer.token(sub="alice")
    assert asked(stack.kubeconfig("acme"), token, "POST", REVIEWS, REVIEW)[0] == 401
    assert reach("acme", (issuer.address, issuer.port)).startswith("closed")


@pytest.mark.parametrize("place", [*FORBIDDEN, "etcd's peers"])
@pytest.mark.usefixtures("federated")
def test_the_way_to_its_issuers_leads_nowhere_else(issuer, reach, place):
    """Not on port 443 either, which is open to whatever is public for the one without a network."""
    assert reach("federated", (issuer.address, issuer.port)) == "open"
    check_closed(reach, "federated", place)
