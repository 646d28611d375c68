"""A real native host, used: names, volumes, policies, identities. Needs root on Linux."""

import pytest

from rig.hosts.native import NativeHost, cgroup, processes
from rig.hosts.native.layout import Layout
from rig.hosts.native.up import STEPS
from rig.progress import Silent
from tests.support.marks import ROOT_ON_LINUX
from tests.support.native_host import (
    answers,
    apply,
    ask,
    claim,
    http,
    kubectl,
    namespace,
    number,
    output,
    pod,
    policy,
    ready,
    until,
)

pytestmark = [
    pytest.mark.processes,
    ROOT_ON_LINUX,
]


def test_every_component_works_and_has_its_log(host):
    parts = host.status()
    assert len(parts) == 9
    assert [part.name for part in parts if not part.healthy] == []
    assert [part.name for part in parts if not part.log.exists()] == []


def test_a_second_up_touches_nothing(host):
    """Nothing is compiled, written, imported or restarted: each would be a step or a line more."""
    before = [(part.name, part.pid) for part in host.status()]
    report = Silent()
    host.up(report)
    assert report.started == [name for name, _ in STEPS]
    assert ("images", "0 new", None) in report.updates
    assert report.said == []
    assert [(part.name, part.pid) for part in host.status()] == before


def test_a_claim_gets_a_volume_that_outlives_its_pod_and_goes_with_the_claim(host):
    namespace(host, "stored")
    apply(host, claim("data", "stored"))
    get = ("get", "pvc", "data", "-n", "stored", "-o=jsonpath={.status.phase}")
    until(lambda: kubectl(host, *get) == "Bound", "bound")
    apply(host, pod("first", "stored", claim="data"))
    ready(host, "stored", "first")
    put = ("exec", "-n", "stored", "first", "--", "etcdctl", "put", "kept", "yes")
    kubectl(host, *put)
    kubectl(host, "delete", "pod", "first", "-n", "stored")
    apply(host, pod("second", "stored", claim="data"))
    ready(host, "stored", "second")
    found = kubectl(host, "exec", "-n", "stored", "second", "--", "etcdctl", "get", "kept")
    assert found.split() == ["kept", "yes"]
    folders = Layout(host.name, 0).volumes
    assert len(list(folders.iterdir())) == 1
    kubectl(host, "delete", "namespace", "stored", "--wait=false")
    until(lambda: not list(folders.iterdir()), "the data is gone")
    until(lambda: not kubectl(host, "get", "pv", "-o=name"), "the volume is gone")


def test_policies_decide_who_reaches_a_pod_by_name_and_by_host_port(host):
    """Services, DNS, host port and NetworkPolicy together, as a tenant uses them."""
    for space in ("inside", "outside"):
        namespace(host, space)
        apply(host, pod("client", space))
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "server", "namespace": "inside"},
        "spec": {"selector": {"app": "server"}, "ports": [{"port": 2379}]},
    }
    apply(host, pod("server", "inside", host_port=8443), service)
    ready(host, "inside", "client", "server")
    ready(host, "outside", "client")
    name = "http://server.inside.svc.cluster.local:2379"
    from_machine = f"http://10.231.{number(host)}.2:8443/health"

    def seen():
        clients = [answers(host, space, "client", name) for space in ("inside", "outside")]
        return [*clients, http(from_machine) == 200]

    until(lambda: seen() == [True, True, True], "all reach it without a policy")

    apply(host, policy("deny", "inside", policyTypes=["Ingress"]))
    until(lambda: not http(from_machine), "the policy is enforced", 5)
    assert seen() == [False, False, False]

    friends = {"from": [{"podSelector": {}}], "ports": [{"port": 2379}]}
    apply(host, policy("friends", "inside", ingress=[friends]))
    until(lambda: seen() == [True, False, False], "its own namespace reaches it")

    apply(host, policy("all", "inside", ingress=[{"ports": [{"port": 2379}]}]))
    until(lambda: seen() == [True, True, True], "all reach its port")
    kubectl(host, "delete", "namespace", "inside", "outside", "--wait=false")


def test_nothing_leaves_the_machine(host):
    label = Layout(host.name, 0).label
    routes = output("ip", "-netns", label, "route").splitlines()
    assert [route for route in routes if route.startswith("default")] == []


def test_a_name_that_is_not_of_the_cluster_does_not_exist(host):
    """An answer at once, not a timeout: nobody waits for servers that can't be reached."""
    namespace(host, "names")
    apply(host, pod("client", "names"))
    ready(host, "names", "client")
    asked = ask(host, "names", "client", "http://example.com:2379")
    assert "no such host" in asked.stderr
    kubectl(host, "delete", "namespace", "names", "--wait=false")


def test_anonymous_users_see_health_and_the_keys_of_tokens_alone(host):
    server = f"https://10.231.{number(host)}.2:6443"
    for path in ("/readyz", "/livez", "/.well-known/openid-configuration", "/openid/v1/jwks"):
        assert http(server + path) == 200, path
    for path in ("/version", "/api/v1/namespaces/kube-system/secrets", "/metrics"):
        assert http(server + path) == 401, path


def test_no_key_stands_in_a_log(host):
    for log in Layout(host.name, 0).logs.rglob("*.log"):
        if log.is_file():
            assert "PRIVATE KEY" not in log.read_text(errors="replace"), log


def test_components_are_in_the_hosts_own_cgroup(host):
    """And so is every container: what is not in there would outlive the host."""
    layout = Layout(host.name, number(host))
    components = {part.pid for part in host.status()}
    everything = processes.with_descendants(cgroup.members(layout))
    inside = cgroup.members(layout)
    assert components < inside
    # Probes come and go between the two readings; a stray process lives on outside.
    assert [pid for pid in everything - inside if processes.identify(pid)] == []


def test_two_hosts_run_side_by_side(host, name):
    other = NativeHost(name)
    other.up(Silent())
    assert number(other) != number(host)
    for one in (host, other):
        nodes = kubectl(one, "get", "nodes", "-o=jsonpath={.items[*].metadata.name}")
        assert nodes == f"tp-{one.name}"
        assert all(part.healthy for part in one.status())
