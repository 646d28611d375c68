import os
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import HostError
from rig import packages
from rig.packages import Package
from rig.progress import Silent

THERE = Package("shell", ("sh",), "is everywhere")
LACKING = Package("lacking", ("no-such-program", "/no/such/file"), "is needed for this")

APT = """#!/bin/sh
echo "$@" | sed 's/ -o .*//' >> {folder}/calls
for word; do
  case "$word" in DPkg::Path=*)
    PATH="${word#*=}" command -v pg_createcluster
    PATH="${word#*=}" command -v invoke-rc.d ;;
  esac
done >> {folder}/found
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


def ensure(*more):
    report = Silent()
    with report.step("packages") as step:
        packages.ensure(report, step, more)
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


def test_nothing_of_a_package_runs_beside_ours(apt, monkeypatch):
    """Debian's postgresql makes databases and docker-registry a service when they are installed."""
    folder, _ = apt
    monkeypatch.setattr(packages, "PACKAGES", (THERE,))
    (folder / "updated").touch()
    ensure(*(replace(one, files=()) for one in (*packages.SQL, *packages.REGISTRY)))
    found = [Path(line) for line in (folder / "found").read_text().splitlines()]
    replaced = [path for path in found if not path.is_relative_to("/usr")]
    assert {path.name for path in replaced} == {"pg_createcluster", "invoke-rc.d"}
    assert not any(path.exists() for path in replaced)  # gone with the installation


def test_what_does_nothing_does_so_for_its_own_package_alone(apt, monkeypatch):
    folder, _ = apt
    (folder / "updated").touch()
    ensure(replace(LACKING, name="other", without=("invoke-rc.d",)))
    assert (folder / "calls").read_text().splitlines() == [
        "install -y --no-install-recommends lacking",
        "install -y --no-install-recommends other",
    ]


def test_packages_of_sql_servers_are_looked_for_if_these_are_wanted(monkeypatch):
    monkeypatch.setattr(packages, "PACKAGES", (THERE,))
    assert packages.missing((LACKING,)) == [LACKING]
    assert packages.missing() == []


def test_a_file_may_be_there_in_any_version(tmp_path):
    (tmp_path / "17").mkdir()
    (tmp_path / "17" / "postgres").touch()
    versioned = Package("postgresql", (f"{tmp_path}/*/postgres",), "stores")
    assert packages.missing((versioned,)) == packages.missing()


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
