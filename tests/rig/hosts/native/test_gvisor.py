import tomllib

import pytest

from rig.hosts.native import configs, gvisor
from rig.hosts.native.layout import Layout


class Recorded:
    """A client that remembers what it was told."""

    def __init__(self):
        self.calls = []

    def apply_manifest(self, manifest):
        self.calls.append(("apply", manifest["metadata"]["name"]))

    def delete(self, path):
        self.calls.append(("delete", path))


@pytest.fixture
def layout(tmp_path, monkeypatch):
    monkeypatch.setattr(configs, "cni_folder", lambda: tmp_path / "cni")
    return Layout("dev", 3, tmp_path)


@pytest.fixture
def runsc(tmp_path):
    """Make a runsc that ends as it is told."""

    def make(code, said=""):
        program = tmp_path / "runsc"
        program.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit {code}\n")
        program.chmod(0o755)
        return program

    return make


@pytest.fixture(autouse=True)
def _unshared(tmp_path, monkeypatch):
    """Let `unshare` run the rest of its command line: namespaces need root."""
    (tmp_path / "unshare").write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def test_a_kernel_that_can_gets_the_runtime_class(runsc):
    client = Recorded()
    assert gvisor.offer(client, runsc(0)) == ""
    assert client.calls == [("apply", "gvisor")]


def test_a_kernel_that_cannot_is_no_reason_to_fail(runsc):
    """The rest of the host works; pods that ask for gVisor are refused, as their class is gone."""
    client = Recorded()
    assert gvisor.offer(client, runsc(1, "seccomp: not supported")) == "seccomp: not supported"
    assert client.calls == [("delete", "/apis/node.k8s.io/v1/runtimeclasses/gvisor")]


def test_containerd_starts_the_shim_with_its_configuration(layout):
    files = configs.files(layout)
    cri = tomllib.loads(files[layout.run / "containerd.toml"])["plugins"]
    handler = cri["io.containerd.grpc.v1.cri"]["containerd"]["runtimes"][gvisor.HANDLER]
    program = gvisor.program(layout, "containerd-shim-runsc-v1")
    assert handler["runtime_type"] == str(program)
    config = tomllib.loads(files[layout.root / handler["options"]["ConfigPath"]])
    assert config["binary_name"] == str(gvisor.program(layout, "runsc"))


def test_programs_of_pods_are_not_among_the_components(layout):
    """What runs from there without being remembered is a stray, and killed by the next `up`."""
    for name in gvisor.BINARIES:
        assert not gvisor.program(layout, name).is_relative_to(layout.run / "bin")


def test_another_version_takes_the_place_of_the_one_before(layout, tmp_path):
    layout.run.mkdir(parents=True)
    for version in ("old", "new"):
        gvisor.link(layout, {name: tmp_path / version / name for name in gvisor.BINARIES})
    assert gvisor.program(layout, "runsc").readlink() == tmp_path / "new" / "runsc"
