"""Two etcds as the product runs them: one that tenants share, and one that only root ever uses."""

import pytest

from agent.etcd import Etcd as Driver
from agent.stores import Store
from core import pki
from tests.isolation.parties import PLATFORM, TENANTS, seed
from tests.isolation.verdicts import administration
from tests.support import loop
from tests.support.control_plane import Etcd
from tests.support.etcd_rpc import Client
from tests.support.processes import binary


class Shared:
    """An etcd with its tenants, made by the host agent's own code, and everybody's keys."""

    def __init__(self, folder):
        self.etcd = Etcd(folder)
        self._clients = []
        for name, text in ({"endpoint": self.etcd.url} | self.etcd.root).items():
            (folder / name).write_text(text)
        loop.run(self._prepare(folder))
        self.root = self.client(pki.store_root())
        self.tenants = {name: seed(self.root, party) for name, party in TENANTS.items()}
        self.platform = [seed(self.root, party) for party in PLATFORM]
        self.leases = {one.lease for one in (*self.tenants.values(), *self.platform)}

    def mend(self, name):
        """Make a tenant's own keys what they were, after it tried something on them."""
        self.tenants[name] = seed(self.root, self.tenants[name])

    def holds(self):
        """What no call of a tenant may change, besides keys."""
        return administration(self.root, self.leases)

    @staticmethod
    async def _prepare(folder):
        driver = Driver(Store("shared", folder), str(binary("etcdctl", of="etcd")))
        for name in TENANTS:
            await driver.ensure_tenant(name)

    def client(self, leaf):
        """Somebody with a certificate of the etcd's authority, as core/pki.py plans it."""
        pair = self.etcd.authority.sign(leaf)
        self._clients.append(Client(self.etcd.url, self.etcd.authority.pem, *pair))
        return self._clients[-1]

    def close(self):
        for client in self._clients:
            client.close()
        self.etcd.process.kill()


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    shared = Shared(tmp_path_factory.mktemp("shared"))
    yield shared
    shared.close()


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory):
    """A second one, on which root makes every call that tenants make on the first."""
    elsewhere = Shared(tmp_path_factory.mktemp("elsewhere"))
    yield elsewhere
    elsewhere.close()


@pytest.fixture(scope="session")
def thieves(shared):
    """Each tenant by its own certificate, with its party."""
    return {name: shared.client(pki.store_client(name)) for name in TENANTS}
