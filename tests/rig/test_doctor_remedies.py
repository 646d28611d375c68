"""Every finding of the doctor that is not well has a remedy, whatever the machine lacks."""

import os

import pytest

from rig import doctor, packages
from rig.hosts import kernel
from rig.hosts.adopted import AdoptedHost
from rig.hosts.native import machine, state
from rig.packages import Package
from tests.support.machines import KUBECONFIG, choice, meminfo, room, well


@pytest.fixture
def native(monkeypatch):
    """A machine that gets a native host, and has all that it needs."""
    well(monkeypatch)
    monkeypatch.setattr(AdoptedHost, "trouble", lambda _: "")
    return monkeypatch


@pytest.fixture
def examined(native, tmp_path):
    """Examine this machine, with nothing remembered of other hosts."""
    return lambda: doctor.examine("dev", tmp_path / "local")


def kinds(tmp_path):
    """Every way in which a machine is examined."""
    file, not_yaml = tmp_path / "kubeconfig", tmp_path / "not"
    file.write_text(KUBECONFIG)
    not_yaml.write_text("{")
    return {
        "native": {},
        "kind": {"docker": True},
        "kind on macOS": {"docker": True, "linux": False},
        "adopted": {"kubeconfig": str(file)},
        "adopted, a file that is not there": {"kubeconfig": str(tmp_path / "missing")},
        "adopted, a file that is no kubeconfig": {"kubeconfig": str(not_yaml)},
        "no way to a host": {"linux": False, "root": False},
    }


def no_program(patch):
    patch.setenv("PATH", "/nowhere")


def no_room(patch):
    room(patch, 1)


def little_room(patch):
    room(patch, 4)


def other_settings(patch):
    names = (*machine.AT_LEAST, *machine.EXACTLY)
    patch.setattr(machine, "to_change", lambda: dict.fromkeys(names, (128, 8192)))


def no_package(patch):
    patch.setattr(packages, "missing", lambda: [Package("ipset", ("ipset",), "why")])


def no_kernel(patch):
    trouble = [(feature, "no such device") for feature in kernel.FEATURES]
    patch.setattr(kernel, "try_all", lambda: iter(trouble))


def not_root(patch):
    patch.setattr(os, "geteuid", lambda: 1000)


def foreign_routes(patch):
    patch.setattr(state, "routed", lambda: {1, 7})
    patch.setattr(state, "numbers", dict)


def no_cgroups(patch):
    patch.setattr(doctor.os, "access", lambda *_: False)


def old_python(patch):
    patch.setattr(doctor, "_PYTHON", (99, 0))


def no_answer(patch):
    patch.setattr(AdoptedHost, "trouble", lambda _: "i/o timeout")


def no_memory(patch):
    meminfo(patch, 100)


def busy_port(patch):
    patch.setattr(doctor.socket.socket, "connect_ex", lambda *_: 0)


TROUBLES = (
    no_program, no_room, little_room, other_settings, no_package, no_kernel, not_root,
    foreign_routes, no_cgroups, old_python, no_answer, no_memory, busy_port,
)  # fmt: skip


def test_what_fails_or_warns_has_a_remedy_and_what_is_well_has_none(examined, native, tmp_path):
    """All findings there can be: each trouble alone and all at once, for each kind of host."""
    for kind, seen in kinds(tmp_path).items():
        choice(native, **seen)
        for troubles in ((), *((one,) for one in TROUBLES), TROUBLES):
            with native.context() as patch:
                for trouble in troubles:
                    trouble(patch)
                found = examined()
            wrong = [one for one in found if bool(one.remedy) != (one.level != "ok")]
            assert wrong == [], (kind, troubles)
            if troubles == TROUBLES and kind != "no way to a host":
                assert "fail" in {one.level for one in found}, kind


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_trouble_is_found(examined, native, tmp_path, trouble):
    """Else the test above says nothing of it."""
    changed = 0
    for seen in kinds(tmp_path).values():
        choice(native, **seen)
        before = examined()
        with native.context() as patch:
            trouble(patch)
            changed += sum(one.level != "ok" for one in examined() if one not in before)
    assert changed
