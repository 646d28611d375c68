import json
import tarfile

import pytest

from core import versions
from rig import build, images, modules, pypi
from rig.images import agent, base, layers, pythonic, xpkg
from rig.images.layers import File
from rig.progress import Silent


@pytest.fixture(autouse=True)
def made(tmp_path, monkeypatch):
    """Tiny binaries instead of compiled ones; the names that were asked for."""
    monkeypatch.setenv("TENANTPLANE_CACHE", str(tmp_path / "cache"))
    asked = []

    def binary(name):
        path = tmp_path / "builds" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"binary of {name}")
        return path

    def binaries(names, _report):
        asked.extend(names)
        return {name: binary(name) for name in names}

    python = layers.write(tmp_path / "python.tar", [File("/usr/bin/python3", b"elf", mode=0o755)])
    (tmp_path / "authority.crt").write_text("BEGIN CERTIFICATE")
    monkeypatch.setattr(base, "_MOZILLA", tmp_path)
    monkeypatch.setattr(build, "binaries", binaries)
    monkeypatch.setattr(pypi, "binary", lambda _wheel, program, _report: binary(program))
    monkeypatch.setattr(agent, "python_layer", lambda _project, _report: python)
    monkeypatch.setattr(pythonic, "python_layer", lambda _report: python)
    for folder in ("crds", "webhookconfigurations"):
        (tmp_path / "module" / "cluster" / folder).mkdir(parents=True)
    monkeypatch.setattr(modules, "folder", lambda *_: tmp_path / "module")
    return asked


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    (tmp_path / "project" / "agent").mkdir(parents=True)
    (tmp_path / "project" / "agent" / "__main__.py").write_text("print('agent')\n")
    monkeypatch.setattr(images, "_PROJECT", tmp_path / "project")
    return tmp_path / "project"


def _names(path):
    with tarfile.open(path) as tar:
        index = json.load(tar.extractfile("index.json"))
    return {entry["annotations"]["io.containerd.image.name"] for entry in index["manifests"]}


def _files(path):
    """Return the regular files of an archive's layers, upper ones winning."""
    found = {}
    with tarfile.open(path) as tar:
        index = json.load(tar.extractfile("index.json"))
        digest = index["manifests"][0]["digest"].replace(":", "/")
        manifest = json.load(tar.extractfile(f"blobs/{digest}"))
        for layer in manifest["layers"]:
            blob = tar.extractfile(f"blobs/{layer['digest'].replace(':', '/')}")
            with tarfile.open(fileobj=blob) as content:
                for member in content.getmembers():
                    if member.isfile():
                        found[member.name] = content.extractfile(member).read().decode()
    return found


def test_the_host_gets_every_image_that_the_product_names(made):
    archives = images.archives(Silent())
    names = [name for path in archives for name in _names(path)]
    wanted = set(versions.IMAGE_NAMES) - {"kubectl"}  # comes with the operators'
    assert sorted(names) == sorted(versions.image(name) for name in wanted)
    assert sorted(made) == ["coredns", "etcd", "kine", "kube", "pause"]


def test_operators_images_are_made_when_they_are_asked_for(made):
    """They cost ten minutes of compiling."""
    before = {name for path in images.archives(Silent()) for name in _names(path)}
    del made[:]
    names = {name for path in images.archives(Silent(), operators=True) for name in _names(path)}
    assert {versions.image("crossplane"), versions.image("kubectl")} <= names - before
    assert "crossplane" in made
    assert set(made) | {"crank", "provider-kubernetes"} == set(
        images.compiled([versions.DEFAULT_KUBERNETES], operators=True)
    )


def test_packages_of_crossplane_have_the_image_that_runs_them(made, monkeypatch):
    built = {}
    monkeypatch.setattr(xpkg, "build", lambda name, *given: built.setdefault(name, given))
    images.crossplane_packages(Silent())
    assert sorted(built) == sorted(versions.CROSSPLANE_PACKAGES)
    folder, provider, _crank, _report = built["provider-kubernetes"]
    assert folder.name == "package"
    assert _names(provider) == {versions.image("provider-kubernetes")}
    files = _files(provider)
    program = "usr/local/bin/crossplane-kubernetes-provider"
    assert files[program] == "binary of provider-kubernetes"
    assert _files(built["function-pythonic"][1])["usr/bin/python3"] == "elf"


def test_an_image_has_its_binary_and_what_programs_look_up():
    (kube,) = [path for path in images.archives(Silent()) if path.name == "kube-1.37.2.tar"]
    files = _files(kube)
    assert files["usr/local/bin/kube-apiserver"] == "binary of kube"
    assert "BEGIN CERTIFICATE" in files["etc/ssl/certs/ca-certificates.crt"]


def test_the_agents_image_has_python_its_sources_and_etcdctl():
    *_, archive = images.archives(Silent())
    files = _files(archive)
    assert files["usr/bin/python3"] == "elf"
    assert files["opt/agent/agent/__main__.py"] == "print('agent')\n"
    assert files["usr/local/bin/etcdctl"] == "binary of etcd"


def test_nothing_is_written_twice():
    archives = images.archives(Silent())
    report = Silent()
    assert images.archives(report) == archives
    assert report.started == []


def test_an_edit_of_the_agent_rewrites_its_image_alone(project):
    before = images.archives(Silent())
    (project / "agent" / "__main__.py").write_text("print('edited')\n")
    report = Silent()
    after = images.archives(report)
    assert report.started == ["write image host-agent"]
    assert after[:-1] == before[:-1]
    assert _files(after[-1])["opt/agent/agent/__main__.py"] == "print('edited')\n"


def test_a_second_version_is_made_when_it_is_asked_for(made):
    archives = images.archives(Silent(), ["1.36.3", "1.37.2"])
    names = {name for path in archives for name in _names(path)}
    assert "kube-1.36" in made
    assert "registry.k8s.io/kube-apiserver:v1.36.3" in names
