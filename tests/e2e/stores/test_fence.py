"""Stores of tenants' own and SQL servers: who reaches them, and where their tenants' pods get.

Tried from inside of pods as in test_network.py, which has the shared etcd.
"""

import pytest

from tests.support.kubectl import eventually
from tests.support.pod_network import FORBIDDEN, check_closed, pod_of
from tests.support.sql_servers import sql_settings

CLIENTS, PEERS, METRICS = 2379, 2380, 2381

pytestmark = pytest.mark.usefixtures("on_stores")


def test_a_tenants_own_etcd_is_reached_by_its_api_server_alone(host, reach):
    address = pod_of(host, "on-dedicated's etcd")["status"]["podIP"]
    eventually(lambda: reach("on-dedicated", (address, CLIENTS)) == "open", "its own reaches it")
    for port in (CLIENTS, PEERS, METRICS):
        assert reach(None, (address, port)) == "open"
        for other in ("acme", "agent", "traefik", "etcd"):
            assert reach(other, (address, port)).startswith("closed"), (other, port)
    assert reach("on-dedicated", (address, METRICS)).startswith("closed")


def test_an_sql_server_is_reached_by_its_tenants_and_the_agent_alone(reach):
    servers = sql_settings()
    for kind, other in (("postgresql", "mariadb"), ("mariadb", "postgresql")):
        place = servers[kind]["address"], servers[kind]["port"]
        for allowed in (f"on-{kind}", "agent"):
            eventually(lambda p=allowed, at=place: reach(p, at) == "open", f"{allowed} to {kind}")
        for outsider in (f"on-{other}", "on-dedicated", "acme", "traefik", "etcd"):
            assert reach(outsider, place).startswith("closed"), (outsider, kind)


@pytest.mark.parametrize("place", [*FORBIDDEN, "etcd", "etcd's peers"])
@pytest.mark.parametrize(
    "pod", ["on-dedicated", "on-dedicated's etcd", "on-postgresql", "on-mariadb"]
)
def test_another_store_opens_no_other_way(reach, pod, place):
    check_closed(reach, pod, place)
