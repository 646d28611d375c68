import os

import pytest

from core.errors import HostError
from rig import packages
from rig.packages import Package
from rig.progress import Silent

THERE = Package("shell", ("sh",), "is everywhere")
LACKING = Package("lacking", ("no-such-program", "/no/such/file"), "is needed for this")

APT = """#!/bin/sh
echo "$@" >> {folder}/calls
case "$1" in
install) if [ -e {folder}/updated ]; then exit 0; fi; echo "E: not found"; exit 100 ;;
update) {update} ;;
esac
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """An apt-get that knows no package before it is updated."""

    def install(update="touch {folder}/updated"):
        program = tmp_path / "apt-get"
        text = APT.replace("{update}", update).replace("{folder}", str(tmp_path))
        program.write_text(text)
        program.chmod(0o755)

    install()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(packages, "PACKAGES", (THERE, LACKING))
    return tmp_path, install


def ensure():
    report = Silent()
    with report.step("packages") as step:
        packages.ensure(report, step)
    return report


def test_only_what_is_missing_is_installed_and_it_is_said_why(apt):
    folder, _ = apt
    report = ensure()
    assert report.said == ["   installs lacking (is needed for this)"]
    calls = (folder / "calls").read_text().splitlines()
    assert calls == [
        "install -y --no-install-recommends lacking",
        "update",
        "install -y --no-install-recommends lacking",
    ]


def test_the_lists_are_fetched_only_if_they_are_too_old(apt):
    folder, _ = apt
    (folder / "updated").touch()
    ensure()
    assert "update" not in (folder / "calls").read_text().split()


def test_nothing_is_called_when_all_are_there(apt, monkeypatch):
    folder, _ = apt
    monkeypatch.setattr(packages, "PACKAGES", (THERE,))
    ensure()
    assert not (folder / "calls").exists()


def test_a_failure_shows_what_apt_said(apt):
    _, install = apt
    install(update="echo 'E: no network'; exit 100")
    with pytest.raises(HostError, match="E: no network"):
        ensure()


def test_who_is_not_root_gets_the_command(apt, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(
        HostError, match="run `sudo apt-get install -y --no-install-recommends lack"
    ):
        ensure()


def test_any_of_a_packages_files_is_enough(monkeypatch):
    elsewhere = Package("cni", ("/no/such/file", "/bin/sh"), "another distribution's place")
    monkeypatch.setattr(packages, "PACKAGES", (elsewhere,))
    assert packages.missing() == []
