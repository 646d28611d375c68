import json
import multiprocessing
import os

import pytest

from core.errors import HostError
from rig.hosts.native import state
from rig.hosts.native.layout import Layout
from rig.hosts.native.processes import Identity
from rig.hosts.native.state import Process, State


@pytest.fixture(autouse=True)
def no_routes(monkeypatch):
    monkeypatch.setattr(state, "routed", set)


def test_a_state_survives_being_written(tmp_path):
    layout = Layout("a", 7, tmp_path)
    saved = State(7, "boot", {"etcd": Process(Identity(1, 2, "boot"), "print")})
    saved.save(layout)
    assert state.load(layout.state) == saved


def test_no_state_is_none(tmp_path):
    assert state.load(tmp_path / "state.json") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"number": 1}', '{"processes": {"etcd": 1}}'])
def test_a_state_that_cannot_be_read_says_what_to_do(tmp_path, text):
    path = tmp_path / "hosts" / "a" / "state.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(HostError, match="run `python -m rig down --host a`"):
        state.load(path)


def test_a_number_is_kept_and_never_shared(tmp_path):
    first, second = state.allocate("a", tmp_path), state.allocate("b", tmp_path)
    assert first.number != second.number
    assert state.allocate("a", tmp_path) == first


def test_a_subnet_that_the_machine_routes_already_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "routed", lambda: {1, 2, 3})
    assert state.allocate("a", tmp_path).number == 4


def test_the_number_is_on_disk_before_anything_is_made(tmp_path):
    """A killed `up` must be found by the next one, and its subnet not handed out twice."""
    layout = state.allocate("a", tmp_path)
    assert json.loads(layout.state.read_text())["number"] == layout.number


def test_no_free_number_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(state, "routed", lambda: set(range(1, 255)))
    with pytest.raises(HostError, match="no subnet"):
        state.allocate("a", tmp_path)


def test_a_lock_names_its_holder_and_leaves_nothing(tmp_path):
    base = tmp_path / "base"
    with state.lock("host-a", base):
        second = state.lock("host-a", base)
        with pytest.raises(HostError, match=f"host a: .*got pid {os.getpid()}"), second:
            pass
        with state.lock("host-b", base):
            pass
    assert not base.exists()


def _increment(base, counter):
    for _ in range(50):
        with state.lock(state.MACHINE, base):
            value = int(counter.read_text())
            counter.write_text(str(value + 1))


def test_the_lock_over_the_machine_is_waited_for(tmp_path):
    """Each holder removes the file and its folder, while others are opening it."""
    counter = tmp_path / "counter"
    counter.write_text("0")
    workers = [
        multiprocessing.Process(target=_increment, args=(tmp_path / "base", counter))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert counter.read_text() == "200"
