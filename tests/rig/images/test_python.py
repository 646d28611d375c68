import sys
import tarfile
from dataclasses import replace

import pytest

from core.errors import TenantplaneError
from rig import pypi
from rig.images import python
from rig.images.python import Python
from rig.progress import Silent

MMDEBSTRAP = f"""#!{sys.executable}
import pathlib, sys
root = pathlib.Path(sys.argv[-1])
(root / "etc").mkdir(parents=True)
(root / "etc" / "asked").write_text(" ".join(sys.argv[1:-1]))
for path in ("usr/bin/python3", "usr/share/doc/python3/copyright", "etc/hostname", "var/log/x"):
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(path)
"""
CHROOT = f"""#!{sys.executable}
import pathlib, sys
(pathlib.Path(sys.argv[1]) / "compiled").write_text(" ".join(sys.argv[2:]))
"""


@pytest.fixture
def tools(tmp_path, monkeypatch):
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, text in (("mmdebstrap", MMDEBSTRAP), ("chroot", CHROOT)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("TENANTPLANE_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.fixture
def wanted(tmp_path, monkeypatch):
    """A program's Python; pip writes down what it was asked for instead."""

    def install(requirements, target, *options):
        target.mkdir(parents=True)
        (target / "asked").write_text(" ".join([requirements.read_text(), *options]))

    monkeypatch.setattr(pypi, "install", install)
    (tmp_path / "requirements.txt").write_text("kopf==1.45.2")
    return Python("x-python", "program x", tmp_path / "requirements.txt", "/opt/x/packages")


def _content(layer):
    with tarfile.open(layer.path) as tar:
        return {
            member.name: tar.extractfile(member).read().decode()
            for member in tar.getmembers()
            if member.isfile()
        }


def test_the_layer_is_debians_python_and_the_packages_alone(tools, wanted):
    files = _content(wanted.layer(Silent()))
    assert set(files) == {"etc/asked", "usr/bin/python3", "opt/x/packages/asked", "compiled"}


def test_libraries_come_with_python_and_make_another_layer(tools, wanted):
    """Of grpcio: without libstdc++ the function ended at its first import (2026-11-30)."""
    plain = wanted.layer(Silent())
    asked = _content(replace(wanted, libraries=("libstdc++6",)).layer(Silent()))["etc/asked"]
    assert " --include=python3,libstdc++6 bookworm" in asked
    assert _content(plain)["etc/asked"].endswith(" --include=python3 bookworm")


def test_packages_are_those_of_the_images_python_not_of_the_rigs(tools, wanted):
    asked = _content(wanted.layer(Silent()))["opt/x/packages/asked"]
    assert asked.startswith("kopf==1.45.2 ")
    assert "--python-version 3.11" in asked
    assert f"--platform manylinux_2_36_{python.platform.machine()}" in asked
    assert "manylinux_2_37" not in asked


def test_everything_is_compiled_before_the_file_system_is_read_only(tools, wanted):
    compiled = _content(wanted.layer(Silent()))["compiled"]
    assert "--invalidation-mode unchecked-hash" in compiled
    assert compiled.endswith("/usr/lib/python3.11 /opt/x/packages")


def test_it_is_made_again_only_if_other_packages_are_asked_for(tools, wanted):
    report = Silent()
    before = wanted.layer(report)
    assert wanted.layer(report) == before
    assert report.started == ["prepare program x's Python"]
    wanted.requirements.write_text("kopf==1.45.3")
    assert wanted.layer(report).digest != before.digest


def test_a_missing_mmdebstrap_is_named_with_its_package(tools, wanted):
    (tools / "mmdebstrap").unlink()
    with pytest.raises(TenantplaneError, match=r"mmdebstrap: .*`apt-get install mmdebstrap`"):
        wanted.layer(Silent())


def test_a_failure_shows_the_last_lines(tools, wanted):
    text = f"#!{sys.executable}\nprint('E: no mirror')\nraise SystemExit(7)\n"
    (tools / "mmdebstrap").write_text(text)
    with pytest.raises(TenantplaneError, match=r"program x's image, .* 7; (?s:.*)E: no mirror"):
        wanted.layer(Silent())
