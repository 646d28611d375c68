"""Files that several processes read and write at once."""

import threading

from rig import files


def test_what_is_written_replaces_what_was_there(tmp_path):
    place = tmp_path / "launcher"
    place.write_text("old and longer")
    files.write(place, "new", 0o755)
    assert place.read_text() == "new"
    assert place.stat().st_mode & 0o777 == 0o755
    assert [one.name for one in tmp_path.iterdir()] == ["launcher"]


def test_who_has_the_old_file_open_keeps_it(tmp_path):
    """It is never there half: not the file changes, another one takes its place."""
    place = tmp_path / "hosts.json"
    place.write_text("old")
    with place.open() as reader:
        files.write(place, "new")
        assert reader.read() == "old"


def test_a_lock_is_waited_for(tmp_path):
    lock, waits, order = tmp_path / "deep" / "lock", threading.Event(), []

    def second():
        with files.locked(lock, waiting=waits.set):
            order.append("second")

    with files.locked(lock):
        thread = threading.Thread(target=second)
        thread.start()
        assert waits.wait(timeout=30)
        order.append("first")
    thread.join(timeout=30)
    assert order == ["first", "second"]


def test_a_file_that_is_written_is_private_and_whole(tmp_path):
    path = tmp_path / "folder" / "key"
    assert files.write(path, "one")
    assert not files.write(path, "one")
    assert files.write(path, "two")
    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_was_readable_becomes_private(tmp_path):
    path = tmp_path / "key"
    path.write_text("same")
    path.chmod(0o644)
    files.write(path, "same")
    assert path.stat().st_mode & 0o777 == 0o600
