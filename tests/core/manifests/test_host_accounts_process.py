"""Tokens of a real host for a real tenant: who they name there, and where they name nobody.

A host's API server issues them, the agent says with which keys, and two tenants' API servers judge.
"""

import time
from dataclasses import dataclass

import pytest

from core import names
from core.manifests.host_accounts import DISCOVERY, HostAccounts
from tests.support import control_plane
from tests.support.agent_process import Agent, prepare
from tests.support.certificates import Authority, new_key, private_key_pem, public_key_pem
from tests.support.control_plane import DOMAIN, ControlPlane
from tests.support.kubectl import eventually
from tests.support.oidc_issuer import signed
from tests.support.processes import free_port

pytestmark = pytest.mark.processes

ISSUER = "https://host.test"
CORE = "/api/v1/namespaces"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
CACHED_SECONDS = 10
"""How long an API server remembers that a token was good (k8s.io/apiserver, token cache)."""


def audience(tenant):
    return names.issuer(tenant, DOMAIN)


@dataclass
class World:
    """A host with two tenants."""

    host: ControlPlane
    agent: Agent
    tenants: dict[str, ControlPlane]

    def account(self, namespace, name):
        """A ServiceAccount of the host, as the program declares one for an operator's."""
        self.host.masters.create(CORE, {"metadata": {"name": namespace}})
        path = f"{CORE}/{namespace}/serviceaccounts"
        self.host.masters.create(path, {"metadata": {"name": name}})
        return f"{path}/{name}"

    def token(self, name="ops.core", namespace="tenant-acme", audiences=None):
        """What the kubelet asks for, and gets; for acme if nothing else is said."""
        wanted = [audience("acme")] if audiences is None else list(audiences)
        spec = {"audiences": wanted, "expirationSeconds": 600}
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        answer = self.host.masters.create(f"{self.account(namespace, name)}/token", body)
        assert answer.ok, answer
        return answer.body["status"]["token"]

    def made(self, key=None, *, seconds=600, name="ops.core", namespace="tenant-acme", **claims):
        """The same, signed here: with another key, or for a shorter life."""
        account = {"name": name, "uid": "u"}
        now = int(time.time())
        usual = {
            "iss": ISSUER,
            "aud": [audience("acme")],
            "sub": f"system:serviceaccount:{namespace}:{name}",
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
            "kubernetes.io": {"namespace": namespace, "serviceaccount": account},
        }
        return signed(key or self.host.service_account_key, usual | claims)

    def rotate(self, *keys):
        """Have the host sign with the first key, and know all of them."""
        (self.host.keys / "service-account.key").write_text(private_key_pem(keys[0]))
        known = "".join(public_key_pem(key) for key in keys)
        (self.host.keys / "service-account.pub").write_text(known)
        self.host.service_account_key = keys[0]
        self.host.restart()


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("accounts")
    etcd = control_plane.Etcd(folder / "etcd")
    host = control_plane.host(folder / "host", etcd).wait()
    prepare(host)
    authority, port, tls = Authority("agent"), free_port(), folder / "tls"
    tls.mkdir()
    certificate, key = authority.issue("host-agent", names=["127.0.0.1"])
    (tls / "tls.crt").write_text(certificate)
    (tls / "tls.key").write_text(key)
    ports = {"AGENT_TLS": str(tls), "AGENT_DISCOVERY_PORT": str(port)}
    agent = Agent(folder / "agent", host, {}, **ports).wait()
    discovery = f"https://127.0.0.1:{port}{DISCOVERY}"

    def accounts(tenant):
        given = {"issuer": ISSUER, "audience": audience(tenant), "ca_pem": authority.pem}
        return HostAccounts(tenant=tenant, **given), discovery

    tenants = {
        name: control_plane.tenant(folder / name, etcd, name, accounts=accounts(name))
        for name in ("acme", "globex")
    }
    for plane in tenants.values():
        plane.wait()
    yield World(host, agent, tenants)
    for plane in (*tenants.values(), host):
        plane.stop()
    agent.process.kill()
    etcd.process.kill()


@pytest.fixture(scope="module")
def acme(world):
    """The tenant, once it has the host's keys: they come over the network after its start."""
    plane = world.tenants["acme"]
    eventually(lambda: reviewed(plane, world.token()).ok, "the host's tokens are taken")
    return plane


def reviewed(plane, token):
    return plane.token_api(token).create(REVIEWS, REVIEW)


def status(plane, token):
    return reviewed(plane, token).status


class TestAtItsTenant:
    """There it is the chart's own ServiceAccount, so that the chart's RBAC is right as it is."""

    def test_it_is_the_account_of_the_chart(self, world, acme):
        user = reviewed(acme, world.token()).body["status"]["userInfo"]
        assert user["username"] == "system:serviceaccount:ops:core"
        assert set(user["groups"]) == {
            "system:serviceaccounts",
            "system:serviceaccounts:ops",
            "system:authenticated",
        }

    def test_a_name_may_have_dots_itself(self, world, acme):
        user = reviewed(acme, world.token("ops.core.v2")).body["status"]["userInfo"]
        assert user["username"] == "system:serviceaccount:ops:core.v2"
        assert "system:serviceaccounts:ops" in user["groups"]

    def test_it_may_what_rbac_says_and_nothing_else_and_nothing_after(self, world, acme):
        """Removing an operator removes its bindings: that ends its access, at once."""
        acme.masters.create(CORE, {"metadata": {"name": "ops"}})
        role = {"metadata": {"name": "reader"}}
        role["rules"] = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["list"]}]
        assert acme.masters.create(f"{RBAC}/clusterroles", role).ok
        reference = {"apiGroup": RBAC.split("/")[2], "kind": "ClusterRole", "name": "reader"}
        subject = {"kind": "ServiceAccount", "name": "core", "namespace": "ops"}
        binding = {"metadata": {"name": "reader"}, "roleRef": reference, "subjects": [subject]}
        user = acme.token_api(world.token())
        assert user.get("/api/v1/configmaps").status == 403
        assert acme.masters.create(f"{RBAC}/clusterrolebindings", binding).ok
        eventually(lambda: user.get("/api/v1/configmaps").ok, "the chart's binding counts")
        assert user.get("/api/v1/secrets").status == 403
        acme.masters.delete(f"{RBAC}/clusterrolebindings/reader")
        eventually(lambda: user.get("/api/v1/configmaps").status == 403, "it counts no more")

    def test_it_needs_no_account_in_the_tenant(self, world, acme):
        """The API server asks nobody: what it gives is in RBAC alone."""
        assert acme.masters.get(f"{CORE}/ops/serviceaccounts/core").status == 404
        assert status(acme, world.token()) == 201


class TestElsewhere:
    """Nowhere else it names anybody, and nobody else's token names anybody there."""

    def test_it_does_not_open_the_host(self, world, acme):
        assert world.host.token_api(world.token()).get("/api").status == 401

    def test_it_does_not_open_another_tenant(self, world, acme):
        theirs = world.token("ops.core", "tenant-globex", [audience("globex")])
        globex = world.tenants["globex"]
        eventually(lambda: reviewed(globex, theirs).ok, "globex takes its own")
        assert status(globex, world.token()) == 401
        assert status(acme, theirs) == 401

    @pytest.mark.parametrize(
        "audiences",
        [[], ["https://host.test"], ["https://globex.tenants.test"], ["https://acme.tenants.tes"]],
        ids=["the host's", "the issuer", "another tenant", "nearly"],
    )
    def test_one_for_somebody_else_is_refused(self, world, acme, audiences):
        assert status(acme, world.token(audiences=audiences)) == 401

    @pytest.mark.parametrize(
        "namespace", ["tenant-globex", "default", "kube-system", "tenant-acme-2"]
    )
    def test_one_of_another_namespace_is_refused(self, world, acme, namespace):
        """Whoever may make a ServiceAccount anywhere on the host could ask for this audience."""
        assert status(acme, world.token(namespace=namespace)) == 401

    @pytest.mark.parametrize(
        "name",
        [
            "default",
            "kube-system.generic-garbage-collector",
            "kube-public.x",
            "tenantplane-people.x",
        ],
    )
    def test_one_that_no_operator_has_is_refused(self, world, acme, name):
        """Tokens of the controllers' own accounts would be a way to every right in the tenant."""
        assert status(acme, world.token(name)) == 401

    @pytest.mark.parametrize(
        "name", ["", ".", "ops.", ".core", "OPS.core", "ops:x.core", "ops.core\n", "a b.core"]
    )
    def test_no_other_name_gets_through(self, world, acme, name):
        """None of these can be a ServiceAccount; whatever signs them, the rule stands alone."""
        assert status(acme, world.made(name=name)) == 401

    def test_one_that_a_stranger_signed_is_refused(self, world, acme):
        assert status(acme, world.made()) == 201
        assert status(acme, world.made(new_key())) == 401

    @pytest.mark.parametrize(
        "claims",
        [
            {"iss": "https://acme.tenants.test"},
            {"kubernetes.io": {}},
            {"kubernetes.io": {"namespace": "tenant-acme"}},
            {"kubernetes.io": None},
        ],
        ids=["issuer", "nobody", "no account", "null"],
    )
    def test_one_with_other_claims_is_refused(self, world, acme, claims):
        assert status(acme, world.made(**claims)) == 401


class TestTime:
    """Short lives, renewed by the kubelet, and keys that come and go."""

    def test_it_ends(self, world, acme):
        """But for what the API server remembers of it."""
        token = world.made(seconds=3)
        assert status(acme, token) == 201
        seconds = 3 + CACHED_SECONDS + 5
        eventually(lambda: status(acme, token) == 401, "it has expired", seconds=seconds)
        assert status(acme, world.made(seconds=-1)) == 401

    def test_keys_are_followed_while_the_tenant_runs_on(self, world, acme):
        """A second key signs, then the first is dropped, as a host's operator does it."""
        first, second, pid = world.host.service_account_key, new_key(), acme.process.pid
        before = world.token()
        world.rotate(second, first)
        renewed = world.token()
        eventually(lambda: reviewed(acme, renewed).ok, "a token of the new key is taken")
        assert status(acme, before) == 201
        world.rotate(second)
        assert status(acme, world.token()) == 201
        assert acme.process.pid == pid

    def test_a_key_that_was_dropped_opens_nothing_once_others_are_known(self, world, acme):
        """The API server keeps keys until it meets one that it doesn't know."""
        old, new = world.host.service_account_key, new_key()
        forged = world.made(old)
        assert status(acme, forged) == 201
        world.rotate(new)
        renewed = world.token()
        eventually(lambda: reviewed(acme, renewed).ok, "a token of the new key is taken")
        eventually(lambda: status(acme, forged) == 401, "the old key opens nothing")

    def test_known_keys_go_on_working_without_the_agent(self, world, acme):
        assert status(acme, world.token()) == 201
        world.agent.process.kill()
        try:
            for _ in range(3):
                assert status(acme, world.token()) == 201
        finally:
            world.agent.process.start()
            world.agent.wait()

    def test_a_tenant_that_starts_without_the_agent_serves_and_takes_tokens_later(self, world):
        """Its users need not wait for its operators; it asks every ten seconds."""
        globex = world.tenants["globex"]
        token = world.token("ops.core", "tenant-globex", [audience("globex")])
        world.agent.process.kill()
        try:
            globex.restart()
            assert globex.masters.get("/readyz").ok
            assert status(globex, token) == 401
        finally:
            world.agent.process.start()
            world.agent.wait()
        eventually(lambda: reviewed(globex, token).ok, "it has the keys", seconds=40)

    def test_a_host_that_is_away_takes_no_operator_from_its_tenant(self, world, acme):
        """The tenant asks the agent at most, and the agent says what it knew."""
        token = world.token()
        world.host.process.kill()
        try:
            assert status(acme, token) == 201
        finally:
            world.host.process.start()
            world.host.wait()
