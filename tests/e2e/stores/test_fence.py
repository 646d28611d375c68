"""Stores of tenants' own and SQL servers: who reaches them, and where their pods listen.

Tried from inside of pods as in test_network.py, which has the shared etcd.
"""

import os

import pytest

from rig.hosts.native.layout import Layout
from tests.e2e.conftest import HOST
from tests.e2e.test_network import CONNECT, network_of, pod_of, run_inside
from tests.e2e.test_ports import listening
from tests.support.kubectl import eventually
from tests.support.sql_servers import sql_settings

CLIENTS, PEERS, METRICS = 2379, 2380, 2381
APISERVER = {("kube-apiserver", 6443), ("kube-controller-manager", 10257)}
ETCD = {("etcd", CLIENTS), ("etcd", PEERS), ("etcd", METRICS)}


@pytest.fixture(scope="module")
def node(on_stores):
    """The node's network, from where every pod is reached."""
    network = Layout(HOST, 0).network_namespace
    if os.geteuid() or not network.exists():
        pytest.skip("pods can't be entered: this needs root and a native host")
    return network


@pytest.fixture
def reach(host, node):
    """Try to connect from a pod, or from None, the node: `open` or why not."""

    def connect(pod, address, port):
        return run_inside(network_of(host, pod) if pod else node, CONNECT, address, port)

    return connect


def test_a_tenants_own_etcd_is_reached_by_its_api_server_alone(host, reach):
    address = pod_of(host, "on-dedicated's etcd")["status"]["podIP"]
    eventually(lambda: reach("on-dedicated", address, CLIENTS) == "open", "its own reaches it")
    for port in (CLIENTS, PEERS, METRICS):
        assert reach(None, address, port) == "open"
        for other in ("acme", "agent", "traefik", "etcd"):
            assert reach(other, address, port).startswith("closed"), (other, port)
    assert reach("on-dedicated", address, METRICS).startswith("closed")


def test_an_sql_server_is_reached_by_its_tenants_and_the_agent_alone(reach):
    servers = sql_settings()
    if set(servers) != {"postgresql", "mariadb"}:
        pytest.skip("no SQL servers beside the host; `rig up --sql` brings them")
    for kind, other in (("postgresql", "mariadb"), ("mariadb", "postgresql")):
        place = servers[kind]["address"], servers[kind]["port"]
        for allowed in (f"on-{kind}", "agent"):
            eventually(lambda p=allowed, at=place: reach(p, *at) == "open", f"{allowed} to {kind}")
        for outsider in (f"on-{other}", "on-dedicated", "acme", "traefik", "etcd"):
            assert reach(outsider, *place).startswith("closed"), (outsider, kind)


@pytest.mark.parametrize(
    ("pod", "wanted"),
    [
        ("on-dedicated", APISERVER),
        ("on-dedicated's etcd", ETCD),
        ("on-postgresql", APISERVER),
        ("on-mariadb", APISERVER),
    ],
)
def test_no_store_adds_a_port(host, node, on_stores, pod, wanted):
    """A kine listens on a socket in its pod; docs/isolation/ports.md has what each port asks."""
    kind = pod.removeprefix("on-").partition("'")[0]
    if kind not in on_stores:
        pytest.skip(f"no {kind} beside the host; `rig up --sql` brings it")
    assert {(program, port) for program, _, port in listening(network_of(host, pod))} == wanted
