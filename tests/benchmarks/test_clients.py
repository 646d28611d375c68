"""The clients that benchmarks measure with, against a real API server."""

import os
from pathlib import Path

import pytest

from benchmarks import clients, processes
from core import pki
from tests.support import control_plane
from tests.support.kubectl import eventually
from tests.support.marks import ROOT_ON_LINUX

pytestmark = [
    pytest.mark.processes,
    ROOT_ON_LINUX,
]


@pytest.fixture(scope="module")
def program():
    with clients.program() as path:
        yield path


@pytest.fixture(scope="module")
def plane(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    store = control_plane.Etcd(folder / "etcd")
    started = control_plane.host(folder / "plane", store).wait()
    yield started
    started.stop()
    store.process.kill()


@pytest.fixture
def kubeconfig(plane):
    return plane.kubeconfig("admin", pki.MASTERS)


def test_rounds_measure_each_kind_of_request_so_often(program, kubeconfig):
    found = clients.rounds(program, kubeconfig, prefix="rounds", count=5).end()
    assert {kind: len(values) for kind, values in found.items()} == dict.fromkeys(
        ("get", "list", "create", "watch"), 5
    )
    assert all(value > 0 for values in found.values() for value in values)


def test_a_probe_asks_by_the_clock(program, kubeconfig):
    found = clients.probing(program, kubeconfig, prefix="probe", seconds=2, hertz=10).end()
    assert found.keys() == {"get", "create"}
    assert len(found["get"]) == len(found["create"]) >= 15


def test_a_request_of_a_probe_that_fails_counts_as_the_longest(program, plane, kubeconfig):
    """Refused at once, as its name is taken, it would look like the fastest."""
    for number in range(3):
        body = {"metadata": {"name": f"taken-{number}"}}
        assert plane.masters.create("/api/v1/namespaces/default/secrets", body).ok
    found = clients.probing(program, kubeconfig, prefix="taken", seconds=2, hertz=10).end()
    assert found["failed"] == [10_000.0] * 3
    assert found["create"].count(10_000.0) == 3


def test_cores_are_kept_busy(program, kubeconfig):
    """By threads that want nothing but a core; how much of it they get is not up to them."""
    with clients.burning(program, kubeconfig, seconds=10) as burning:
        cores = len(os.sched_getaffinity(0))
        busy = lambda: all(_that_want_a_core(program) >= cores for _ in range(10))  # noqa: E731
        eventually(busy, "a thread for each core, ten times in a row")
        assert burning.end() == {}


def _that_want_a_core(program):
    """Count the threads of a program that run or could (state R of proc(5))."""
    found = 0
    for pid in processes.named(program.name):
        try:
            stats = [(one / "stat").read_text() for one in Path(f"/proc/{pid}/task").iterdir()]
        except OSError:  # ended meanwhile
            continue
        found += sum(stat.rpartition(")")[2].split()[0] == "R" for stat in stats)
    return found


def test_a_flood_is_answered(program, kubeconfig):
    found = clients.flooding(program, kubeconfig, prefix="flood", clients=8, seconds=2).end()
    assert {"create", "list"} <= found.keys()
    assert found["create"]["201"] > 0
    assert found["list"]["200"] > 0
