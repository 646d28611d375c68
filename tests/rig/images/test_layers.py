import io
import os
import stat
import tarfile

import pytest

from rig.images import layers
from rig.images.layers import File


def _members(layer):
    with tarfile.open(layer.path) as tar:
        return {member.name: member for member in tar.getmembers()}


def test_the_same_files_are_the_same_bytes_in_any_order(tmp_path):
    """A layer that differs by a date would be unpacked again in every host."""
    program = tmp_path / "program"
    program.write_bytes(b"elf")
    files = [File("/b/two", program, mode=0o755), File("/a", b"1"), File("/b/link", link="two")]
    one = layers.write(tmp_path / "1.tar", files)
    os.utime(program, (1, 1))
    two = layers.write(tmp_path / "2.tar", reversed(files))
    assert one.digest == two.digest
    assert one.size == one.path.stat().st_size


def test_a_layer_has_files_links_and_the_folders_around_them(tmp_path):
    files = [File("/usr/local/bin/a", b"elf", mode=0o755), File("/usr/local/bin/b", link="a")]
    layer = layers.write(tmp_path / "layer.tar", files)
    members = _members(layer)
    assert list(members) == [
        *("usr", "usr/local", "usr/local/bin"),
        *("usr/local/bin/a", "usr/local/bin/b"),
    ]
    assert members["usr/local/bin"].isdir()
    assert members["usr/local/bin"].mode == 0o755
    assert members["usr/local/bin/a"].mode == 0o755
    assert members["usr/local/bin/b"].linkname == "a"
    assert {member.uid for member in members.values()} == {0}
    with tarfile.open(layer.path) as tar:
        assert tar.extractfile("usr/local/bin/a").read() == b"elf"


def test_folders_come_before_what_is_in_them(tmp_path):
    """`a.b` sorts before `a/b` as text; unpacking needs the folder first."""
    files = [File("/a/b", b""), File("/a.b", b""), File("/a", mode=stat.S_IFDIR | 0o700)]
    members = _members(layers.write(tmp_path / "layer.tar", files))
    assert list(members).index("a") < list(members).index("a/b")
    assert members["a"].mode == 0o700


def test_a_tree_is_taken_without_what_is_unwanted_or_dangerous(tmp_path):
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "su").write_bytes(b"elf")
    (root / "bin" / "su").chmod(0o4755)
    (root / "bin" / "sh").symlink_to("su")
    (root / "doc" / "deep").mkdir(parents=True)
    (root / "doc" / "deep" / "readme").touch()
    os.mkfifo(root / "bin" / "pipe")
    layer = layers.write_tree(tmp_path / "layer.tar", root, lambda path: path != "/doc")
    members = _members(layer)
    assert set(members) == {"bin", "bin/su", "bin/sh"}
    assert members["bin/su"].mode == 0o755
    assert members["bin/sh"].linkname == "su"


def test_a_layer_on_disk_is_known_again(tmp_path):
    layer = layers.write(tmp_path / "layer.tar", [File("/a", b"1")])
    assert layers.read(tmp_path / "layer.tar") == layer


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 3 << 20])
def test_content_of_any_size_is_whole(tmp_path, size):
    data = os.urandom(size)
    (tmp_path / "data").write_bytes(data)
    files = [File("/disk", tmp_path / "data"), File("/memory", data)]
    layer = layers.write(tmp_path / "layer.tar", files)
    with tarfile.open(fileobj=io.BytesIO(layer.path.read_bytes())) as tar:
        assert tar.extractfile("disk").read() == data
        assert tar.extractfile("memory").read() == data
