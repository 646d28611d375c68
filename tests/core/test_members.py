"""Three members with the product's flags and certificates: killed, and rekeyed, under load."""

import signal
import threading

import pytest

from agent.etcd import Etcd
from agent.stores import Store
from core import pki
from tests.support import loop
from tests.support.etcd_members import NAMES, Client, Members
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

TENANT = "acme"
STEPS = ((1, 2), (2, 1), (2,))
"""After (1,)."""


@pytest.fixture
def members(tmp_path):
    """With a tenant in them, as the host agent makes it."""
    members = Members(tmp_path)
    driver = Etcd(Store("shared", members.root.folder), str(members.etcdctl))
    loop.run(driver.ensure_tenant(TENANT))
    yield members
    members.close()


def tenant(members, keys=(1,)):
    return Client(members, pki.store_client(TENANT), keys)


class Storm:
    """Clients of a tenant that write without a pause, and know what was acknowledged."""

    def __init__(self, members, clients):
        self._members = members
        self.acknowledged = {client: [] for client in clients}
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=[one]) for one in clients]

    def _write(self, client):
        number = 0
        while not self._stop.is_set():
            key = f"/t/{TENANT}/{id(client)}-{number}"
            if client.ctl("put", key, str(number), check=False).returncode == 0:
                self.acknowledged[client].append(key)
            number += 1

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        self.goes_on()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def goes_on(self, writes=10):
        """Wait until each client has had so many more writes acknowledged."""
        before = {client: len(keys) for client, keys in self.acknowledged.items()}
        for client, count in before.items():
            eventually(
                lambda one=client, n=count: len(self.acknowledged[one]) >= n + writes,
                "writes go on",
            )

    def check(self):
        """Every member has every acknowledged write, and all have the same."""
        wanted = {key for keys in self.acknowledged.values() for key in keys}
        prefix = ("get", f"/t/{TENANT}/", "--prefix", "--keys-only")
        for name in NAMES:
            assert wanted <= {*self._members.root.ctl(*prefix, at=name).stdout.split()}, name
        hashes = [self._members.root.json("endpoint", "hashkv", at=name)[0] for name in NAMES]
        assert len({one["HashKV"]["hash"] for one in hashes}) == 1, hashes


@pytest.mark.parametrize("who", ["the leader", "another"])
def test_a_killed_member_loses_nothing(members, who):
    leader = members.leader()
    killed = leader if who == "the leader" else next(one for one in NAMES if one != leader)
    with Storm(members, [tenant(members), tenant(members)]) as storm:
        members.stop(killed, signal.SIGKILL)
        storm.goes_on(30)
        members.start(killed)
        members.wait()
        storm.goes_on()
    storm.check()


def test_one_of_three_acknowledges_nothing(members):
    """What a quorum is: a write on one member alone would be lost with it."""
    client = tenant(members)
    for name in NAMES[:2]:
        members.stop(name, signal.SIGKILL)
    alone = client.ctl("put", f"/t/{TENANT}/x", "v", check=False)
    assert alone.returncode
    for name in NAMES[:2]:
        members.start(name)
    members.wait()
    client.ctl("put", f"/t/{TENANT}/x", "v")


def test_authorities_are_replaced_member_by_member_while_clients_write(members):
    """Each step with a client that follows it before the members do, and one that does after."""
    early, late = tenant(members), tenant(members)
    with Storm(members, [early, late]) as storm:
        for keys in STEPS:
            early.follow(keys)
            for name in reversed(NAMES):  # as a StatefulSet does
                members.stop(name)
                storm.goes_on()
                members.start(name, keys)
                for client in (early, late):
                    members.wait(client)
                storm.goes_on()
            late.follow(keys)
            members.root.follow(keys)
    storm.check()
    assert not [said for name in NAMES for said in rejections(members, name)]
    for outdated in ((1,), (1, 2)):
        assert not tenant(members, outdated).works(NAMES[0])
    said = rejections(members, NAMES[0])
    assert any("remote error: tls: bad certificate" in one for one in said), said
    assert any("certificate signed by unknown authority" in one for one in said), said


def rejections(members, name):
    """What TLS had against callers that a member turned away."""
    lines = members.log(name)
    said = [one["error"] for one in lines if one["msg"].startswith("rejected connection")]
    return [one for one in said if "tls: " in one]


def test_a_member_that_leaves_a_step_out_stays_alone(members):
    """What the steps are for: it trusts none of the others, and none of them trusts it."""
    last = NAMES[-1]
    with Storm(members, [tenant(members)]) as storm:
        members.stop(last)
        members.start(last, (2,))
        for name in (NAMES[0], last):  # each turns the other away
            eventually(lambda at=name: rejections(members, at), f"{name} turns its peer away")
        assert not tenant(members, (2,)).works(last)
        storm.goes_on()
        members.stop(last)
        members.start(last, (1, 2))
        members.wait()
    storm.check()
