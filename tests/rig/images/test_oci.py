import hashlib
import json
import tarfile

import pytest

from core.errors import InvalidInputError
from rig.images import layers, oci
from rig.images.layers import File
from rig.images.oci import Config

NAMES = [
    "registry.k8s.io/kube-controller-manager:v1.37.2",
    "registry.k8s.io/kube-apiserver:v1.37.2",
]


@pytest.fixture
def archive(tmp_path):
    low = layers.write(tmp_path / "low.tar", [File("/etc/passwd", b"root")])
    high = layers.write(tmp_path / "high.tar", [File("/usr/local/bin/kube", b"elf", mode=0o755)])
    config = Config(entrypoint=("kube",), environment={"A": "b"}, working_dir="/work")
    path = tmp_path / "image.tar"
    oci.write_archive(path, NAMES, [low, high], config)
    return path


def _blobs(path):
    with tarfile.open(path) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar.getmembers()}


def _blob(blobs, descriptor):
    algorithm, digest = descriptor["digest"].split(":")
    data = blobs[f"blobs/{algorithm}/{digest}"]
    assert hashlib.sha256(data).hexdigest() == digest
    assert len(data) == descriptor["size"]
    return data


def test_every_blob_is_what_its_descriptor_says_and_none_is_left_over(archive):
    blobs = _blobs(archive)
    del blobs["manifest.json"]
    assert json.loads(blobs.pop("oci-layout")) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads(blobs["index.json"])
    manifest = json.loads(_blob(blobs, index["manifests"][0]))
    config = json.loads(_blob(blobs, manifest["config"]))
    stored = [_blob(blobs, layer) for layer in manifest["layers"]]
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    assert len(blobs) == 1 + 1 + 1 + len(stored)


def test_it_is_an_archive_of_docker_save_too(archive):
    """Crossplane's own tool reads no other."""
    blobs = _blobs(archive)
    (saved,) = json.loads(blobs["manifest.json"])
    manifest = json.loads(_blob(blobs, json.loads(blobs["index.json"])["manifests"][0]))
    named = [f"blobs/{layer['digest'].replace(':', '/')}" for layer in manifest["layers"]]
    assert saved["Layers"] == named
    assert saved["Config"] == f"blobs/{manifest['config']['digest'].replace(':', '/')}"
    assert saved["RepoTags"] == sorted(NAMES)


def test_one_image_answers_to_all_its_names(archive):
    """It is this annotation that containerd takes names from, as they are."""
    manifests = json.loads(_blobs(archive)["index.json"])["manifests"]
    named = {manifest["annotations"]["io.containerd.image.name"] for manifest in manifests}
    assert named == set(NAMES)
    assert len({manifest["digest"] for manifest in manifests}) == 1
    tags = {manifest["annotations"]["org.opencontainers.image.ref.name"] for manifest in manifests}
    assert tags == {"v1.37.2"}


def test_a_container_starts_unprivileged_with_its_programs_on_path(archive):
    blobs = _blobs(archive)
    index = json.loads(blobs["index.json"])
    manifest = json.loads(_blob(blobs, index["manifests"][0]))
    config = json.loads(_blob(blobs, manifest["config"]))["config"]
    assert config["User"] == "65532:65532"
    assert config["Entrypoint"] == ["kube"]
    assert config["WorkingDir"] == "/work"
    (path,) = [value for value in config["Env"] if value.startswith("PATH=")]
    assert "/usr/local/bin" in path.removeprefix("PATH=").split(":")
    assert "A=b" in config["Env"]


def test_lower_layers_come_first(archive):
    blobs = _blobs(archive)
    index = json.loads(blobs["index.json"])
    first, second = json.loads(_blob(blobs, index["manifests"][0]))["layers"]
    assert b"etc/passwd" in _blob(blobs, first)
    assert b"usr/local/bin/kube" in _blob(blobs, second)


def test_the_same_image_is_the_same_bytes(archive, tmp_path):
    low, high = layers.read(tmp_path / "low.tar"), layers.read(tmp_path / "high.tar")
    config = Config(entrypoint=("kube",), environment={"A": "b"}, working_dir="/work")
    oci.write_archive(tmp_path / "again.tar", NAMES[::-1], [low, high], config)
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


def test_a_layer_that_comes_twice_is_stored_once(tmp_path):
    layer = layers.write(tmp_path / "layer.tar", [File("/a", b"1")])
    oci.write_archive(tmp_path / "image.tar", NAMES[:1], [layer, layer], Config(("a",)))
    with tarfile.open(tmp_path / "image.tar") as tar:
        names = tar.getnames()
    assert len(names) == len(set(names)) == 6


@pytest.mark.parametrize(("machine", "architecture"), [("x86_64", "amd64"), ("aarch64", "arm64")])
def test_the_platform_is_this_machine(archive, monkeypatch, machine, architecture):
    """It is written in the words of OCI and Go, not in those of uname."""
    monkeypatch.setattr(oci.platform, "machine", lambda: machine)
    assert oci.architecture() == architecture


def test_a_machine_that_no_image_fits_is_refused(monkeypatch):
    monkeypatch.setattr(oci.platform, "machine", lambda: "riscv64")
    with pytest.raises(InvalidInputError, match="got 'riscv64'; use one with amd64 or arm64"):
        oci.architecture()
