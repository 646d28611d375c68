"""A host with the agent, and one tenant on it, all as processes; started once for this folder."""

from dataclasses import dataclass

import pytest

from core.manifests import agent as agent_manifests
from tests.support import control_plane
from tests.support.agent_process import Agent, Objects, prepare
from tests.support.control_plane import ControlPlane, Etcd

RESYNC_SECONDS = "2"


@dataclass
class World:
    """What the tests of this folder share."""

    etcd: Etcd
    host: ControlPlane
    agent: Agent
    objects: Objects


@pytest.fixture
def without_operators(world):
    """Nothing is left of the rights in acme's namespace that operators of other tests gave."""
    world.objects.revoke("tenant-acme", agent_manifests.OPERATORS_ROLE)


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    etcd = Etcd(folder / "etcd")
    host = control_plane.host(folder / "host", etcd).wait()
    prepare(host)
    stores = {"shared": etcd}
    agent = Agent(folder / "agent", host, stores, AGENT_RESYNC_SECONDS=RESYNC_SECONDS).wait()
    yield World(etcd, host, agent, Objects(host))
    for process in (agent.process, host.process, etcd.process):
        process.kill()


@pytest.fixture
def second(world, tmp_path):
    """Another pool, only for one test, since it is going to be down."""
    etcd = Etcd(tmp_path / "second")
    pool = f"second-{etcd.process.pid}"
    world.agent.add_store(pool, etcd)
    yield pool, etcd
    etcd.process.kill()


@pytest.fixture(scope="session")
def acme(world, tmp_path_factory):
    """A tenant with its API server and controllers; tests keep their own objects apart."""
    world.objects.etcd_tenant("acme")
    world.objects.wait("EtcdTenant", "acme")
    plane = control_plane.tenant(tmp_path_factory.mktemp("acme"), world.etcd, "acme").wait()
    plane.start_controllers()
    world.objects.credentials("acme", world.objects.agent_credentials(plane))
    yield plane
    plane.stop()
