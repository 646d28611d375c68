"""Keys are replaced step by step while the tenant is used: nobody is locked out, no data is lost.

`two` has two replicas, in a pool of this test; `own` has one, and an etcd of its own, whose one
member restarts with each step.
"""

import base64
import itertools
import json
import re

import pytest

from tests.support.kubectl import Kubectl
from tests.support.probe import Probe, Target

STEPS = ([1, 2], [2, 1], [2])
PLAINTEXT = "correct horse battery staple"
PLAIN = "/t/two/ranges/servicenodeports"
"""The one thing that an API server never encrypts: which node ports are taken, a bitmap."""

GAP_SECONDS = 15
"""Failures closer together than this are one outage: while its store is away an API server leaves
and comes back by its readiness probe, which looks every ten seconds."""


@pytest.fixture(scope="module")
def rotor(stack):
    """A stack with both tenants, in which a test may change keys."""
    before = stack.config["tenants"]
    stack.config["etcd"] = {"shared": {}, "turning": {}}
    both = [
        {"name": "two", "replicas": 2, "encryption": "all", "datastore": "turning"},
        {"name": "own", "datastore": "dedicated"},
    ]
    stack.config["tenants"] = before + both
    try:
        stack.up()
        for name in ("two", "own"):
            user = Kubectl(stack.kubeconfig(name))
            user.run("create", "secret", "generic", "s", f"--from-literal=k={PLAINTEXT}")
        yield Rotor(stack)
    finally:
        stack.config["tenants"] = before
        stack.up()
        del stack.config["etcd"]
        stack.up()


class Rotor:
    """Keys of tenants and of the pool, changed by one `pulumi up` at a time."""

    def __init__(self, stack):
        self.stack = stack

    def tenants(self, keys):
        for tenant in self.stack.config["tenants"]:
            if tenant["name"] in {"two", "own"}:
                tenant["keys"] = keys
        self.replaces_only_certificates()
        self.stack.up()

    def pool(self, keys):
        self.stack.config["etcd"]["turning"]["keys"] = keys
        self.replaces_only_certificates()
        self.stack.up()

    def replaces_only_certificates(self):
        """No provider, no tenant object, no pod's owner is made anew."""
        steps = json.loads(self.stack.preview("--json").stdout)["steps"]
        replaced = {one["urn"].split("::")[2] for one in steps if "replace" in one["op"]}
        assert all(kind.endswith(":LocallySignedCert") for kind in replaced), replaced

    def user(self, name):
        return Kubectl(self.stack.kubeconfig(name))

    def target(self, name):
        return Target(self.stack.kubeconfig(name))


def works(user):
    """Reads what was encrypted with any key so far, and writes."""
    data = user.json("get", "secret", "s")["data"]
    user.run("annotate", "secret", "s", "--overwrite", "touched=again")
    return base64.b64decode(data["k"]).decode() == PLAINTEXT


def token(user):
    return user.out("create", "token", "default")


def reviewed(user, text):
    """Whether the tenant takes a token for its own."""
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": text},
    }
    result = user.run("create", "-o", "json", "-f", "-", stdin=json.dumps(review))
    return json.loads(result.stdout)["status"].get("authenticated", False)


def outages(failures):
    """How often a probe's failures stopped and began again."""
    times = sorted(at for at, _ in failures)
    gaps = itertools.pairwise(times)
    return (1 if times else 0) + sum(later - at > GAP_SECONDS for at, later in gaps)


def keys_in_use(etcdctl, tenant):
    """Which keys encrypt a tenant's objects in the store, and the paths of what is plain."""
    everything = ("get", f"/t/{tenant}/", "--prefix", "--write-out=json")
    found = json.loads(etcdctl(*everything, pool="turning").stdout)
    values = {
        base64.b64decode(one["key"]).decode(): base64.b64decode(one["value"])
        for one in found["kvs"]
    }
    assert not [path for path, value in values.items() if PLAINTEXT.encode() in value]
    matches = {
        path: re.match(rb"k8s:enc:secretbox:v1:(\w+):", value) for path, value in values.items()
    }
    return {match[1].decode() if match else path for path, match in matches.items()}


@pytest.fixture(scope="module")
def turned(rotor, etcdctl):
    """Every step of the tenants' keys, and what was seen meanwhile."""
    first = {name: rotor.stack.kubeconfig(name) for name in ("two", "own")}
    seen = {"first": first, "tokens": [token(rotor.user("two"))], "probes": [], "old_users": []}
    for keys in STEPS:
        user = rotor.user("two")
        with Probe(rotor.target("two")) as probe:
            rotor.tenants(keys)
        seen["probes"].append(probe)
        seen["old_users"].append(user.out("get", "--raw", "/readyz"))
        assert all(works(rotor.user(name)) for name in ("two", "own"))
        seen["tokens"].append(token(rotor.user("two")))
        seen.setdefault("encrypted", []).append(keys_in_use(etcdctl, "two"))
        seen.setdefault("reviews", []).append(
            [reviewed(rotor.user("two"), text) for text in seen["tokens"]]
        )
    return seen


def test_no_request_fails_with_two_replicas(turned):
    for probe in turned["probes"]:
        probe.check()


def test_a_kubeconfig_outlives_each_single_step(turned):
    assert turned["old_users"] == ["ok"] * len(STEPS)


def test_what_the_old_keys_signed_is_refused_once_they_are_dropped(turned, rotor):
    for name, text in turned["first"].items():
        with pytest.raises(OSError, match=r"CERTIFICATE_VERIFY_FAILED|UNKNOWN_CA"):
            Target(text).request("GET", "/readyz")
        assert rotor.target(name).request("GET", "/readyz") == (200, "ok")


def test_tokens_hold_until_the_key_is_dropped_that_signed_them(turned):
    trusted, switched, dropped = turned["reviews"]
    assert trusted == [True, True]
    assert switched == [True, True, True]
    assert dropped == [False, False, True, True]


def test_all_is_encrypted_with_the_new_key_before_the_old_one_goes(turned):
    trusted, switched, dropped = turned["encrypted"]
    assert trusted == {"key1", PLAIN}
    assert switched == dropped == {"key2", PLAIN}


@pytest.mark.usefixtures("turned")
def test_a_step_that_would_lock_somebody_out_is_refused(rotor):
    for tenant in rotor.stack.config["tenants"]:
        if tenant["name"] == "two":
            tenant["keys"] = [3]
    try:
        refused = rotor.stack.preview(check=False)
    finally:
        rotor.stack.config["tenants"][-2]["keys"] = [2]
    assert refused.returncode
    assert "can't go from [2] in one step" in refused.stdout
    assert "set it to [2, 3] and run `pulumi up` first" in refused.stdout


def test_a_renewed_certificate_is_picked_up_without_a_failed_request(rotor):
    """What `pulumi up` does on its own in the last 30 of 90 days."""
    before = rotor.target("two").served_certificate(rotor.target("two").name)
    state = json.loads(rotor.stack.export())["deployment"]["resources"]
    leaves = [
        one["urn"]
        for one in state
        if one["urn"].endswith(("::two-apiserver-cert", "::two-etcd-cert", "::two-admin-cert"))
    ]
    assert len(leaves) == 3
    with Probe(rotor.target("two")) as probe:
        rotor.stack.up(*(f"--replace={urn}" for urn in leaves))
    probe.check()
    after = rotor.target("two").served_certificate(rotor.target("two").name)
    assert before != after


@pytest.mark.parametrize("keys", STEPS, ids=str)
def test_the_pools_keys_are_replaced_with_one_restart_of_its_one_member(rotor, keys):
    with Probe(rotor.target("two")) as probe:
        rotor.pool(keys)
    assert outages(probe.failures) <= 1, probe.failures
    assert all(works(rotor.user(name)) for name in ("two", "own"))
