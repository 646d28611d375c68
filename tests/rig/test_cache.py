import os
import threading
import time
from pathlib import Path

import pytest

from rig import cache


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("TENANTPLANE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def _write(text):
    def make(folder: Path) -> None:
        (folder / "content").write_text(text)

    return make


def test_the_folder_is_the_users_choice_then_the_systems(monkeypatch, root):
    assert cache.root() == root
    assert cache.is_custom()
    monkeypatch.delenv("TENANTPLANE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert cache.root() == Path("/somewhere/tenantplane")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    assert cache.root() == Path("/home/me/.cache/tenantplane")
    assert not cache.is_custom()


def test_keys_tell_where_a_part_ends():
    """Else moving a character from go.mod to go.sum would go unnoticed."""
    assert cache.key("ab", "c") != cache.key("a", "bc")
    assert cache.key("ab", b"c") == cache.key(b"ab", "c")
    assert cache.key("a", "b") != cache.key("b", "a")


def test_an_entry_is_made_once():
    made = []

    def make(folder: Path) -> None:
        made.append(folder)

    first = cache.entry("sort", "thing", cache.key("1"), make)
    again = cache.entry("sort", "thing", cache.key("1"), make)
    other = cache.entry("sort", "thing", cache.key("2"), make)
    assert first == again != other
    assert len(made) == 2


def test_a_failed_make_leaves_nothing_that_looks_like_an_entry(root):
    def fail(folder: Path) -> None:
        (folder / "content").write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        cache.entry("sort", "thing", cache.key("1"), fail)
    assert list((root / "sort").iterdir()) == []
    entry = cache.entry("sort", "thing", cache.key("1"), _write("whole"))
    assert (entry / "content").read_text() == "whole"


def test_what_a_killed_process_left_is_not_taken_over(root):
    left = root / "sort" / f".thing-{cache.key('1')}.partial"
    left.mkdir(parents=True)
    (left / "leftover").write_text("half")
    entry = cache.entry("sort", "thing", cache.key("1"), _write("whole"))
    assert [path.name for path in entry.iterdir()] == ["content"]


def test_who_comes_second_waits_and_makes_nothing():
    """Two `make up` at the same time must not compile the same for five minutes each."""
    begun, go_on = threading.Event(), threading.Event()
    made, waited, found = [], [], []

    def make(folder: Path) -> None:
        made.append(folder)
        begun.set()
        assert go_on.wait(30)

    def ask() -> None:
        key = cache.key("1")
        found.append(cache.entry("sort", "thing", key, make, waiting=lambda: waited.append(1)))

    first, second = threading.Thread(target=ask), threading.Thread(target=ask)
    first.start()
    assert begun.wait(30)
    second.start()
    deadline = time.monotonic() + 30
    while not waited and time.monotonic() < deadline:
        time.sleep(0.005)
    go_on.set()
    first.join(30)
    second.join(30)
    assert len(made) == 1
    assert waited == [1]
    assert found[0] == found[1]


def test_old_entries_go_but_only_those_of_the_same_name(root):
    """Each edit makes a new entry; kube is 145 MB a piece, and kube-router is another program."""
    cache.entry("sort", "kube-router", cache.key("x"), _write(""))
    for number in range(6):
        entry = cache.entry("sort", "kube", cache.key(str(number)), _write(""))
        os.utime(entry, (number, number))
    left = {path.name for path in (root / "sort").iterdir()}
    kept = {f"kube-{cache.key(str(number))}" for number in (3, 4, 5)}
    assert left == {f"kube-router-{cache.key('x')}", *kept}


def test_an_entry_in_use_is_not_an_old_one(root):
    old = cache.entry("sort", "kube", cache.key("0"), _write(""))
    os.utime(old, (1, 1))
    for number in range(1, 6):
        cache.entry("sort", "kube", cache.key("0"), _write(""))
        entry = cache.entry("sort", "kube", cache.key(str(number)), _write(""))
        os.utime(entry, (number, number))
    assert old.exists()
    assert len(list((root / "sort").iterdir())) == 3
