"""Keys are replaced step by step while the tenant is used: nobody is locked out, no data is lost.

`two` has two replicas, in a pool of this test; `own` has one, and an etcd of its own, whose one
member restarts with each step; `one` has one on an SQL server, where the host has some. What a
plain restart of all that a step restarts costs is measured here first.
"""

import base64
import itertools
import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from core import flags
from tests.support.kubectl import Kubectl, eventually
from tests.support.probe import Target
from tests.support.rotor import ETCDS, TENANTS, Rotor, outage
from tests.support.sql_servers import sql_settings

STEPS = ([1, 2], [2, 1], [2])
PLAINTEXT = "correct horse battery staple"
PLAIN = "/t/two/ranges/servicenodeports"
"""The one thing that an API server never encrypts: which node ports are taken, a bitmap."""

RESTARTS = 3
"""How often a plain restart is measured; the longest counts."""

LEAST = 3.0
"""Seconds that a restart counts for at least: a client of etcd connects again after 1 s, and if it
comes too early after 1.6 s more, a fifth more or less (gRPC's connection-backoff.md). So the same
restart costs 1.1 s one time and 3.3 s another."""

MOST = 2
"""How many times as long as such a restart an outage may be: it is one restart, on a busy machine.

That it is one is told by rollouts.
"""


@pytest.fixture(scope="module")
def rotor(stack):
    """A stack with these tenants, in which a test may change keys.

    With checkpoints: how long tenants are away depends on the pace of an update.
    """
    before, servers = stack.config["tenants"], sql_settings()
    stack.config |= {"etcd": {"shared": {}, "turning": {}}, "sql": servers}
    added = [
        {"name": "two", "replicas": 2, "encryption": "all", "datastore": "turning"},
        {"name": "own", "datastore": "dedicated"},
        {"name": "one", "datastore": next(iter(servers), "turning")},
    ]
    stack.config["tenants"] = before + added
    try:
        stack.up()
        for name in TENANTS:
            user = Kubectl(stack.kubeconfig(name))
            user.run("create", "secret", "generic", "s", f"--from-literal=k={PLAINTEXT}")
        with stack.with_checkpoints():
            yield Rotor(stack)
    finally:
        stack.config["tenants"] = before
        stack.up()
        del stack.config["etcd"], stack.config["sql"]
        stack.up()


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


def keys_in_use(values):
    """Which keys encrypt what a store has, and the paths of what is plain."""
    assert not [path for path, value in values.items() if PLAINTEXT.encode() in value]
    matches = {
        path: re.match(rb"k8s:enc:secretbox:v1:(\w+):", value) for path, value in values.items()
    }
    return {match[1].decode() if match else path for path, match in matches.items()}


@pytest.fixture(scope="module")
def stored(host, etcdctl):
    """All that a store has under a prefix; a member of an own etcd shows its own certificate."""

    def get(*args):
        everything = ("get", *args, "--prefix", "--write-out=json")
        if args[0].startswith("/t/two/"):
            return etcdctl(*everything, pool="turning").stdout
        files = {"cacert": "ca.crt", "cert": "server.crt", "key": "server.key"}
        options = [f"--{name}={flags.KEYS_DIR}/{file}" for name, file in files.items()]
        endpoint = f"--endpoints=https://localhost:{flags.ETCD_CLIENT_PORT}"
        member = ("exec", "-n", ETCDS["own"], "etcd-0", "--", "etcdctl")
        return host.out(*member, endpoint, *options, *everything)

    def values(prefix):
        return {
            base64.b64decode(one["key"]).decode(): base64.b64decode(one["value"])
            for one in json.loads(get(prefix))["kvs"]
        }

    return values


@pytest.fixture(scope="module")
def restart(rotor, host):
    """The longest outage of each tenant in a restart of what a step restarts, without any change.

    That is the one member of each etcd and then, as in a step, all API servers at once; and as in
    a step, Pulumi runs meanwhile and takes its share of the machine.
    """
    longest = dict.fromkeys(TENANTS, LEAST)
    etcds = [("statefulset/etcd", "-n", namespace) for namespace in ETCDS.values()]
    servers = [("deployment/control-plane", "-n", f"tenant-{name}") for name in TENANTS]
    for _ in range(RESTARTS):
        with rotor.probed() as probes, ThreadPoolExecutor(1) as beside:
            for together in (etcds, servers):
                busy = beside.submit(rotor.stack.preview)
                for one in together:
                    host.run("rollout", "restart", *one)
                for one in together:
                    host.run("rollout", "status", *one, timeout=300)
                busy.result()
        longest = {name: max(longest[name], outage(probes[name])) for name in TENANTS}
    return longest


@pytest.fixture(scope="module")
def rollouts(host):
    """Tell how often each thing that owns pods of tenants and pool was changed so far."""

    def count():
        found = {}
        for namespace in {ETCDS["two"], *(f"tenant-{name}" for name in TENANTS)}:
            for one in host.json("get", "deployments,statefulsets", "-n", namespace)["items"]:
                name = f"{namespace}/{one['metadata']['name']}"
                found[name] = one["metadata"]["generation"]
        return found

    return count


@pytest.fixture(scope="module")
def turned(rotor, restart, stored, rollouts):
    """Every step of the tenants' keys, and what was seen meanwhile: after plain restarts."""
    first = {name: rotor.stack.kubeconfig(name) for name in TENANTS}
    seen = {"first": first, "tokens": [token(rotor.user("two"))], "probes": [], "old_users": []}
    seen["rollouts"] = [rollouts()]
    for keys in STEPS:
        user = rotor.user("two")
        with rotor.probed() as probes:
            rotor.tenants(keys)
        seen["probes"].append(probes)
        seen["rollouts"].append(rollouts())
        seen["old_users"].append(user.out("get", "--raw", "/readyz"))
        assert all(works(rotor.user(name)) for name in TENANTS)
        seen["tokens"].append(token(rotor.user("two")))
        seen.setdefault("encrypted", []).append(keys_in_use(stored("/t/two/")))
        seen.setdefault("secrets", []).append(keys_in_use(stored("/t/own/secrets/")))
        seen.setdefault("reviews", []).append(
            [reviewed(rotor.user("two"), text) for text in seen["tokens"]]
        )
    return seen


def test_no_request_fails_with_two_replicas(turned):
    for probes in turned["probes"]:
        probes["two"].check()


def test_a_step_costs_one_replica_a_restart(turned, restart):
    for probes in turned["probes"]:
        for name in ("own", "one"):
            assert outage(probes[name]) <= MOST * restart[name], probes[name].failures


def test_a_step_rolls_each_tenant_out_once_and_not_the_pool(turned):
    for before, after in itertools.pairwise(turned["rollouts"]):
        rolled = {name: after[name] - count for name, count in before.items()}
        assert rolled.pop(f"{ETCDS['two']}/etcd") == 0
        assert set(rolled.values()) == {1}, rolled


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


def test_an_etcd_of_ones_own_holds_no_secret_in_clear(turned, stored):
    assert turned["secrets"] == [{"key1"}, {"key2"}, {"key2"}]
    everything = stored("/")
    assert any(path.startswith("/t/own/configmaps/") for path in everything)
    assert not [path for path, value in everything.items() if PLAINTEXT.encode() in value]


@pytest.mark.usefixtures("turned")
def test_a_step_that_would_lock_somebody_out_is_refused(rotor):
    (two,) = [one for one in rotor.stack.config["tenants"] if one["name"] == "two"]
    two["keys"] = [3]
    try:
        refused = rotor.stack.preview(check=False)
    finally:
        two["keys"] = [2]
    assert refused.returncode
    assert "can't go from [2] in one step" in refused.stdout
    assert "set it to [2, 3] and run `pulumi up` first" in refused.stdout


def is_controlled(user):
    """Whether the controllers of a tenant work: a namespace gets its ServiceAccount, and goes.

    With several replicas one leads; after a rollout the next one waits for the end of its lease.
    """
    user.run("create", "namespace", "controlled")
    eventually(
        lambda: "default" in user.names("serviceaccounts", "-n", "controlled"),
        "the controllers make a ServiceAccount",
        seconds=120,
    )
    return user.run("delete", "namespace", "controlled").returncode == 0


def test_renewed_certificates_are_picked_up(rotor, restart, rollouts):
    """What `pulumi up` does on its own in the last 30 of 90 days.

    With two replicas no request fails, with one it is a restart.
    """
    rolled = rollouts()
    before = rotor.target("two").served_certificate(rotor.target("two").name)
    options = rotor.leaves("two-")
    wanted = ("apiserver", "controller-manager", "host-agent", "break-glass", "admin", "etcd")
    assert set(options) == {f"two-{name}-cert" for name in wanted}
    with rotor.probed() as probes:
        rotor.stack.up(*options.values(), *rotor.leaves("one-").values())
    probes["two"].check()
    assert outage(probes["one"]) <= MOST * restart["one"], probes["one"].failures
    now = rollouts()
    for name in ("tenant-two/control-plane", "tenant-one/control-plane"):
        assert now[name] == rolled[name] + 1
    after = rotor.target("two").served_certificate(rotor.target("two").name)
    assert before != after
    assert is_controlled(rotor.user("two"))


def members(host):
    return {name: host.json("get", "pod", "etcd-0", "-n", ns) for name, ns in ETCDS.items()}


def test_renewed_certificates_of_etcds_cost_a_restart(rotor, restart, rollouts, host, etcdctl):
    before, rolled = members(host), rollouts()
    options = rotor.leaves("own-", "etcd-turning-")
    assert {"etcd-turning-root-cert", "etcd-turning-server-cert", "own-etcd-peer-cert"} <= set(
        options
    )
    with rotor.probed() as probes:
        rotor.stack.up(*options.values())
    after, now = members(host), rollouts()
    changed = {name for name, count in now.items() if count != rolled[name]}
    assert {f"{namespace}/etcd" for namespace in ETCDS.values()} <= changed
    assert all(now[name] == rolled[name] + 1 for name in changed), (rolled, now)
    for name in ETCDS:
        assert outage(probes[name]) <= MOST * restart[name], probes[name].failures
        assert before[name]["metadata"]["uid"] != after[name]["metadata"]["uid"]
        assert is_controlled(rotor.user(name))
    etcdctl("endpoint", "health", pool="turning")


@pytest.mark.parametrize("keys", STEPS, ids=str)
def test_the_pools_keys_are_replaced_with_one_restart_of_its_one_member(
    rotor, restart, rollouts, keys
):
    pool = f"{ETCDS['two']}/etcd"
    before = rollouts()[pool]
    with rotor.probed() as probes:
        rotor.pool(keys)
    assert outage(probes["two"]) <= MOST * restart["two"], probes["two"].failures
    assert rollouts()[pool] == before + 1
    probes["own"].check()
    assert all(works(rotor.user(name)) for name in TENANTS)
