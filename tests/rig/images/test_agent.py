import sys
import tarfile

import pytest

from core.errors import TenantplaneError
from rig import pypi
from rig.images import agent
from rig.progress import Silent

MMDEBSTRAP = f"""#!{sys.executable}
import pathlib, sys
root = pathlib.Path(sys.argv[-1])
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
def project(tmp_path, monkeypatch):
    """A checkout with an agent; pip writes down what it was asked for instead."""

    def install(requirements, target, *options):
        target.mkdir(parents=True)
        (target / "asked").write_text(" ".join([requirements.read_text(), *options]))

    monkeypatch.setattr(pypi, "install", install)
    for path in ("agent/__main__.py", "agent/handlers/x.py", "core/names.py", "stacks/dev.py"):
        (tmp_path / "project" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "project" / path).write_text(f"# {path}\n")
    (tmp_path / "project" / "agent" / "requirements.txt").write_text("kopf==1.45.2")
    return tmp_path / "project"


def _content(layer):
    with tarfile.open(layer.path) as tar:
        return {
            member.name: tar.extractfile(member).read().decode()
            for member in tar.getmembers()
            if member.isfile()
        }


def test_the_layer_is_debians_python_and_the_agents_packages_alone(tools, project):
    files = _content(agent.python_layer(project, Silent()))
    assert set(files) == {"usr/bin/python3", "opt/agent/site-packages/asked", "compiled"}


def test_packages_are_those_of_the_images_python_not_of_the_rigs(tools, project):
    asked = _content(agent.python_layer(project, Silent()))["opt/agent/site-packages/asked"]
    assert asked.startswith("kopf==1.45.2 ")
    assert "--python-version 3.11" in asked
    assert f"--platform manylinux_2_36_{agent.platform.machine()}" in asked
    assert "manylinux_2_37" not in asked


def test_everything_is_compiled_before_the_file_system_is_read_only(tools, project):
    compiled = _content(agent.python_layer(project, Silent()))["compiled"]
    assert "--invalidation-mode unchecked-hash" in compiled
    assert compiled.endswith("/usr/lib/python3.11 /opt/agent/site-packages")


def test_an_edit_of_the_agent_does_not_touch_its_python(tools, project):
    report = Silent()
    before = agent.python_layer(project, report)
    (project / "agent" / "__main__.py").write_text("# edited\n")
    assert agent.python_layer(project, report) == before
    assert len(report.started) == 1
    (project / "agent" / "requirements.txt").write_text("kopf==1.45.3")
    assert agent.python_layer(project, report).digest != before.digest


def test_the_sources_are_the_agent_and_core_and_no_more(project):
    paths = [file.path for file in agent.sources(project)]
    assert paths == [
        "/opt/agent/agent/__main__.py",
        "/opt/agent/agent/handlers/x.py",
        "/opt/agent/core/names.py",
    ]


def test_a_missing_mmdebstrap_is_named_with_its_package(tools, project):
    (tools / "mmdebstrap").unlink()
    with pytest.raises(TenantplaneError, match=r"mmdebstrap: .*`apt-get install mmdebstrap`"):
        agent.python_layer(project, Silent())


def test_a_failure_shows_the_last_lines(tools, project):
    text = f"#!{sys.executable}\nprint('E: no mirror')\nraise SystemExit(7)\n"
    (tools / "mmdebstrap").write_text(text)
    with pytest.raises(TenantplaneError, match=r"exit code 7; (?s:.*)E: no mirror"):
        agent.python_layer(project, Silent())
