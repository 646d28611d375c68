"""TenantToken, as the running agent treats it: real tokens of a real tenant, in a host's Secret.

Not here: what takes longer than a test may (test_tenant_token_renewal.py).
"""

import base64
import itertools
import time

import pytest

from agent import tokens
from core.manifests import agent as agent_manifests
from core.manifests import tenant
from tests.support import control_plane
from tests.support.agent_process import USER
from tests.support.certificates import new_key, private_key_pem, public_key_pem
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"
SECRETS = "/api/v1/namespaces/tenant-acme/secrets"
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
_NUMBERS = itertools.count()


@pytest.fixture
def name(acme):
    """A ServiceAccount of its own, and so the name of everything of one test."""
    found = f"program-{next(_NUMBERS)}"
    assert acme.masters.create(ACCOUNTS, {"metadata": {"name": found}}).ok
    return found


def make_secret(world, namespace, name):
    """An empty Secret that the agent may get and patch, as the product declares it."""
    masters = world.host.masters
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": USER}
    rules = agent_manifests.token_role_rules(name)
    assert masters.create(f"{rbac}/roles", {"metadata": {"name": name}, "rules": rules}).ok
    binding = {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]}
    assert masters.create(f"{rbac}/rolebindings", binding).ok
    secrets = f"/api/v1/namespaces/{namespace}/secrets"
    assert masters.create(secrets, {"metadata": {"name": name}}).ok
    return f"{secrets}/{name}"


@pytest.fixture
def secret(world, acme, name):
    return make_secret(world, "tenant-acme", name)


def wanted(plane, name, tenant_id="acme"):
    return {
        "tenant": tenant_id,
        "server": plane.server,
        "credentialsSecret": tenant.AGENT_SECRET,
        "namespace": "default",
        "serviceAccount": name,
        "seconds": 600,
        "secret": name,
    }


@pytest.fixture
def declare(world, acme, name):
    """Apply a TenantToken; it is removed after the test."""

    def apply(**spec):
        spec = wanted(acme, name) | spec
        return world.objects.apply("TenantToken", "tenant-acme", name, spec)

    yield apply
    world.objects.delete("TenantToken", "acme", name)
    world.objects.wait_gone("TenantToken", "acme", name)


@pytest.fixture
def issued(world, name, secret, declare):
    """The token that is in the Secret once it is ready."""
    declare()
    world.objects.wait("TenantToken", "acme", name)
    return files(world, secret)["token"]


def files(world, secret):
    data = world.host.masters.get(secret).body.get("data", {})
    return {file: base64.b64decode(text).decode(errors="replace") for file, text in data.items()}


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def status(world, name):
    return world.objects.get("TenantToken", "acme", name).body["status"]


def user(plane, token):
    """Who the tenant takes the bearer for, None if it lets nobody in."""
    answer = plane.token_api(token).create(REVIEWS, REVIEW)
    return answer.body["status"]["userInfo"]["username"] if answer.ok else None


def renewed(world, secret, before):
    """Wait for another token than that one."""

    def other():
        found = files(world, secret).get("token")
        return found if found and found != before else None

    return eventually(other, "a new token")


def test_the_secret_is_what_a_program_finds_at_the_usual_place(world, acme, name, secret, issued):
    """Mounted at /var/run/secrets/kubernetes.io/serviceaccount it needs no other."""
    found = files(world, secret)
    assert set(found) == {"token", "ca.crt", "namespace", "expires"}
    assert found["ca.crt"] == acme.authority.pem
    assert found["namespace"] == "default"
    assert found["expires"] == status(world, name)["expires"]
    assert user(acme, issued) == f"system:serviceaccount:default:{name}"
    assert tokens.claims(issued).expires - time.time() == pytest.approx(600, abs=30)


def test_the_token_is_in_no_status_event_or_log(world, name, issued):
    found = world.objects.get("TenantToken", "acme", name).body
    assert issued not in str(found)
    assert issued.split(".")[2] not in world.agent.process.text()
    assert not [text for text in world.objects.events("acme", "Issued") if issued in text]


def test_a_token_that_is_right_is_left(world, name, secret, issued):
    """A look every two seconds here, and each new token would be a change for all who mount it."""
    version = world.host.masters.get(secret).body["metadata"]["resourceVersion"]
    began = time.monotonic()
    eventually(lambda: time.monotonic() - began > 5, "two looks")
    assert world.host.masters.get(secret).body["metadata"]["resourceVersion"] == version


@pytest.mark.parametrize(
    "spoiled",
    [
        {"token": None},
        {"token": encoded("not a token")},
        {"token": encoded("a.b.c")},
        {"token": "/w=="},
    ],
    ids=["gone", "text", "parts", "bytes"],
)
def test_a_spoiled_token_is_replaced(world, acme, secret, issued, spoiled):
    assert world.host.masters.merge(secret, {"data": spoiled}).ok
    eventually(lambda: files(world, secret).get("token", "").startswith("eyJ"), "a new token")
    assert user(acme, files(world, secret)["token"])


def test_a_token_with_another_signature_is_replaced(world, secret, issued):
    """All that it says of itself is right."""
    head, _, signature = issued.rpartition(".")
    assert world.host.masters.merge(
        secret, {"data": {"token": encoded(f"{head}.{signature[::-1]}")}}
    )
    found = renewed(world, secret, f"{head}.{signature[::-1]}")
    assert found != issued


def test_what_stands_beside_the_token_is_put_right_without_a_new_one(world, secret, issued):
    wrong = {"ca.crt": encoded("another"), "namespace": None, "theirs": encoded("kept")}
    assert world.host.masters.merge(secret, {"data": wrong}).ok
    eventually(lambda: files(world, secret).get("namespace") == "default", "repaired")
    found = files(world, secret)
    assert "CERTIFICATE" in found["ca.crt"]
    assert (found["token"], found["theirs"]) == (issued, "kept")


def test_a_secret_made_anew_is_filled_anew(world, acme, name, secret, issued):
    assert world.host.masters.delete(secret).ok
    world.objects.wait("TenantToken", "acme", name, status="False", reason="NoSecret")
    assert world.host.masters.create(SECRETS, {"metadata": {"name": name}}).ok
    assert user(acme, renewed(world, secret, issued))


def test_a_service_account_made_anew_gets_a_new_token(world, acme, name, secret, issued):
    """The old one is of another account of that name, and refused within seconds."""
    assert acme.masters.delete(f"{ACCOUNTS}/{name}").ok
    eventually(lambda: user(acme, issued) is None, "the old token is refused", seconds=15)
    condition = world.objects.wait(
        "TenantToken", "acme", name, status="False", reason="NoServiceAccount"
    )
    assert condition["message"] == (
        f"ServiceAccount default/{name}: the tenant acme has none, got NotFound; create it"
    )
    assert acme.masters.create(ACCOUNTS, {"metadata": {"name": name}}).ok
    assert user(acme, renewed(world, secret, issued))


@pytest.mark.parametrize(
    "change", [{"seconds": 1200}, {"audiences": ["https://vault.test"]}], ids=str
)
def test_another_wish_is_another_token(world, name, secret, issued, declare, change):
    declare(**change)
    found = tokens.claims(renewed(world, secret, issued))
    asked = change.get("seconds", 600)
    assert found.expires - found.issued == asked


def test_a_token_for_somebody_else_is_none_for_the_tenant(world, acme, name, secret, declare):
    declare(audiences=["https://vault.test"])
    world.objects.wait("TenantToken", "acme", name)
    assert user(acme, files(world, secret)["token"]) is None
    declare()
    renewed(world, secret, files(world, secret)["token"])
    assert user(acme, files(world, secret)["token"])


@pytest.mark.usefixtures("without_operators")
def test_it_waits_for_the_right_to_its_secret_and_takes_no_other(world, acme, name, declare):
    """The credentials of the agent itself it may read, and not write."""
    declare(secret=tenant.AGENT_SECRET)
    condition = world.objects.wait("TenantToken", "acme", name, status="False")
    assert condition["reason"] == "NoSecret"
    assert condition["message"] == (
        "Secret tenant-acme/host-agent: the agent can't use it, got Forbidden; create it, and a "
        "Role that lets the agent get and patch it"
    )


def test_one_elsewhere_is_refused(world, acme, name):
    """Who may write such objects in some namespace would get tokens of any tenant."""
    namespace = {"metadata": {"name": "elsewhere"}}
    assert world.host.masters.create("/api/v1/namespaces", namespace).ok
    world.objects.apply("TenantToken", "elsewhere", name, wanted(acme, name))
    path = world.objects.path("TenantToken", "elsewhere", name)

    def reason():
        conditions = world.host.masters.get(path).body.get("status", {}).get("conditions", [{}])
        return conditions[0].get("reason")

    eventually(lambda: reason() == "WrongNamespace", "refused")
    world.host.masters.delete(path)


def test_a_tenant_that_is_away_is_said(world, name, secret, declare):
    declare(server="https://127.0.0.1:9")
    world.objects.wait("TenantToken", "acme", name, status="False", reason="Unreachable")


@pytest.fixture
def turning(world, name, tmp_path):
    """A tenant whose service account keys are replaced in the test."""
    world.objects.etcd_tenant("turning")
    world.objects.wait("EtcdTenant", "turning")
    plane = control_plane.tenant(tmp_path / "turning", world.etcd, "turning").wait()
    world.objects.credentials("turning", world.objects.agent_credentials(plane))
    assert plane.masters.create(ACCOUNTS, {"metadata": {"name": name}}).ok
    yield plane
    world.objects.delete("TenantToken", "turning", name)
    plane.stop()


def test_a_token_of_a_key_that_is_gone_is_replaced(world, turning, name):
    """Before it ends: `keys` may go from [2, 1] to [2] at once, after a leak."""
    secret = make_secret(world, "tenant-turning", name)
    spec = wanted(turning, name, "turning")
    world.objects.apply("TenantToken", "tenant-turning", name, spec)
    world.objects.wait("TenantToken", "turning", name)
    before, key = files(world, secret)["token"], new_key()
    (turning.keys / "service-account.key").write_text(private_key_pem(key))
    (turning.keys / "service-account.pub").write_text(public_key_pem(key))
    turning.restart()
    assert user(turning, before) is None
    assert user(turning, renewed(world, secret, before))
