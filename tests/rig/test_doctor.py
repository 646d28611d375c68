import os
import socket
from pathlib import Path
from typing import NamedTuple

import pytest

from rig import doctor, packages, toolchain
from rig.doctor import Finding
from rig.hosts import choose, kernel
from rig.hosts.choose import Machine
from rig.hosts.native import machine, state
from rig.packages import Package


class Usage(NamedTuple):
    total: int
    used: int
    free: int


GIB = 1024**3


@pytest.fixture(autouse=True)
def native(monkeypatch):
    """A machine that gets a native host; its kernel is not tried here."""
    seen = Machine(kubeconfig="", docker=False, linux=True, root=True)
    monkeypatch.setattr(choose, "this_machine", lambda: seen)
    monkeypatch.setattr(kernel, "try_all", lambda: iter([(kernel.FEATURES[0], "")]))
    monkeypatch.setattr(packages, "missing", list)
    monkeypatch.setattr(machine, "too_low", dict)
    monkeypatch.setattr(state, "routed", set)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return monkeypatch


def finding(thing):
    (found,) = [one for one in doctor.examine() if one.thing == thing]
    return found


def test_what_fails_or_warns_has_a_remedy_and_what_is_well_has_none(native):
    native.setattr(doctor.shutil, "disk_usage", lambda _: Usage(0, 0, 1 * GIB))
    native.setattr(machine, "too_low", lambda: {"fs.inotify.max_user_instances": (128, 8192)})
    native.setattr(packages, "missing", lambda: [Package("ipset", ("ipset",), "why")])
    native.setenv("PATH", "/nowhere")
    found = doctor.examine()
    assert {one.level for one in found} == {"ok", "warn", "fail"}
    for one in found:
        assert bool(one.remedy) == (one.level != "ok") or "not tried" in one.detail, one


def test_a_missing_package_is_named_with_its_command(native):
    native.setattr(packages, "missing", lambda: [Package("ipset", ("ipset",), "why")])
    found = finding("Debian packages")
    assert found.remedy == "sudo apt-get install -y --no-install-recommends ipset"


def test_what_up_mends_itself_is_a_warning_for_root_alone(native):
    native.setattr(packages, "missing", lambda: [Package("ipset", ("ipset",), "why")])
    native.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert finding("Debian packages").level == "warn"
    native.setattr(os, "geteuid", lambda: 1000)
    assert finding("Debian packages").level == "fail"


def test_a_missing_kernel_feature_fails_with_the_kernels_words(native):
    feature = kernel.FEATURES[0]
    native.setattr(kernel, "try_all", lambda: iter([(feature, "no such device")]))
    found = finding(f"kernel: {feature.name}")
    assert found.level == "fail"
    assert "CONFIG_OVERLAY_FS" in found.remedy
    assert "no such device" in found.remedy


def test_a_setting_that_is_too_low_says_what_up_does(native):
    native.setattr(machine, "too_low", lambda: {"fs.inotify.max_user_instances": (128, 8192)})
    found = finding("fs.inotify.max_user_instances")
    assert found.level == "warn"
    assert found.detail.startswith("128, `up` raises it to 8192")
    assert found.remedy == "sudo sysctl -w fs.inotify.max_user_instances=8192"


@pytest.mark.parametrize(("free", "level"), [(100, "ok"), (4, "warn"), (1, "fail")])
def test_disk(native, free, level):
    native.setattr(doctor.shutil, "disk_usage", lambda _: Usage(0, 0, free * GIB))
    assert finding("disk for the hosts").level == level


@pytest.mark.parametrize(("free", "level"), [(9000, "ok"), (2000, "warn"), (1000, "fail")])
def test_memory(native, free, level):
    read = Path.read_text

    def fake(path, *arguments, **options):
        if str(path) == "/proc/meminfo":
            return f"MemTotal: 1 kB\nMemAvailable: {free * 1024} kB\n"
        return read(path, *arguments, **options)

    native.setattr(Path, "read_text", fake)
    assert finding("memory").level == level


def test_a_foreign_route_is_a_warning_and_our_own_is_none(native):
    native.setattr(state, "routed", lambda: {1, 7})
    native.setattr(state, "numbers", lambda: {1: "dev"})
    found = finding("subnets")
    assert found.level == "warn"
    assert "n = 7;" in found.detail


@pytest.mark.parametrize(("version", "level"), [("go1.20.1", "fail"), ("go99.0", "ok")])
def test_go_must_be_new_enough_for_every_recipe(native, tmp_path, version, level):
    program = tmp_path / "go"
    program.write_text(f"#!/bin/sh\necho go version {version} linux/amd64\n")
    program.chmod(0o755)
    native.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert finding("Go").level == level
    if level == "fail":
        newest = toolchain.recipe("kube").go_version()
        assert newest in finding("Go").remedy


def test_with_docker_the_native_hosts_needs_are_not_asked_for(native):
    seen = Machine(kubeconfig="", docker=True, linux=True, root=True)
    native.setattr(choose, "this_machine", lambda: seen)
    native.setenv("PATH", "/nowhere")
    found = doctor.examine()
    assert finding("kind").level == "fail"
    assert "Debian packages" not in [one.thing for one in found]


def test_a_port_that_kind_needs_is_looked_at(native):
    seen = Machine(kubeconfig="", docker=True, linux=True, root=True)
    native.setattr(choose, "this_machine", lambda: seen)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        native.setattr(doctor, "GATEWAY_PORT", port)
        assert finding(f"port {port} of 127.0.0.1").level == "ok"
        listener.listen()
        assert finding(f"port {port} of 127.0.0.1").level == "warn"


def test_an_adopted_cluster_needs_nothing_of_the_machine(native):
    seen = Machine(kubeconfig="/k", docker=True, linux=True, root=True)
    native.setattr(choose, "this_machine", lambda: seen)
    assert [one.thing for one in doctor.examine()] == ["Python", "host dev"]


def test_a_machine_with_no_way_to_a_host_fails(native):
    seen = Machine(kubeconfig="", docker=False, linux=False, root=False)
    native.setattr(choose, "this_machine", lambda: seen)
    assert finding("host dev").level == "fail"
    assert "cgroups" not in [one.thing for one in doctor.examine()]  # there is no /proc to ask


def test_lines_are_aligned_and_remedies_stand_below():
    text = doctor.shown([Finding("ok", "a", "fine"), Finding("fail", "long", "bad", "do it")])
    assert text == "✓ a     fine\n✗ long  bad\n        -> do it"
