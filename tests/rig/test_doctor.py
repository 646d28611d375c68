import os
import socket
from pathlib import Path

import pytest

from rig import doctor, packages, toolchain
from rig.doctor import Finding
from rig.hosts import choose, kernel
from rig.hosts.adopted import AdoptedHost
from rig.hosts.native import machine, state
from rig.packages import Package
from tests.support.machines import KUBECONFIG, choice, meminfo, room, well


@pytest.fixture(autouse=True)
def native(monkeypatch):
    """A machine that gets a native host, and has all that it needs; its kernel is not tried."""
    well(monkeypatch)
    return monkeypatch


@pytest.fixture
def examined(tmp_path):
    """Examine this machine, with nothing remembered of other hosts."""
    return lambda: doctor.examine("dev", tmp_path / "local")


@pytest.fixture
def finding(examined):
    def find(thing):
        (found,) = [one for one in examined() if one.thing == thing]
        return found

    return find


@pytest.fixture
def adopted(tmp_path, native):
    """A machine whose user names a cluster."""
    path = tmp_path / "kubeconfig"
    path.write_text(KUBECONFIG)
    choice(native, kubeconfig=str(path))
    native.setattr(AdoptedHost, "trouble", lambda _: "")
    return native


def test_a_missing_package_is_named_with_its_command(finding, native):
    native.setattr(packages, "missing", lambda: [Package("ipset", ("ipset",), "why")])
    found = finding("Debian packages")
    assert found.remedy == "sudo apt-get install -y --no-install-recommends ipset"


def test_what_up_mends_itself_is_a_warning_for_root_alone(finding, native):
    native.setattr(packages, "missing", lambda: [Package("ipset", ("ipset",), "why")])
    native.setattr(doctor.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert finding("Debian packages").level == "warn"
    native.setattr(os, "geteuid", lambda: 1000)
    assert finding("Debian packages").level == "fail"


def test_a_missing_kernel_feature_fails_with_the_kernels_words(finding, native):
    feature = kernel.FEATURES[0]
    native.setattr(kernel, "try_all", lambda: iter([(feature, "no such device")]))
    found = finding(f"kernel: {feature.name}")
    assert found.level == "fail"
    assert "CONFIG_OVERLAY_FS" in found.remedy
    assert "no such device" in found.remedy


def test_a_kernel_without_what_gvisor_needs_is_a_warning(finding, native):
    """The host works; pods that ask for gVisor are refused there."""
    (feature,) = [one for one in kernel.FEATURES if not one.needed]
    native.setattr(kernel, "try_all", lambda: iter([(feature, "no word")]))
    assert finding(f"kernel: {feature.name}").level == "warn"


def test_a_setting_that_is_too_low_says_what_up_does(finding, native):
    native.setattr(machine, "to_change", lambda: {"fs.inotify.max_user_instances": (128, 8192)})
    found = finding("fs.inotify.max_user_instances")
    assert found.level == "warn"
    assert found.detail.startswith("128, `up` raises it to 8192")
    assert found.remedy == "sudo sysctl -w fs.inotify.max_user_instances=8192"


def test_a_setting_that_up_sets_is_shown_beforehand(finding, native):
    """kernel.panic reboots a machine that would have stood still: its owner wants to know."""
    native.setattr(machine, "to_change", lambda: {"kernel.panic": (0, 10)})
    found = finding("kernel.panic")
    assert (found.level, found.remedy) == ("warn", "sudo sysctl -w kernel.panic=10")
    assert found.detail == "0, `up` sets it to 10 until the last host goes"
    assert finding("vm.overcommit_memory").level == "ok"


@pytest.mark.parametrize(("free", "level"), [(100, "ok"), (4, "warn"), (1, "fail")])
def test_disk(finding, native, free, level):
    room(native, free)
    assert finding("disk for the hosts").level == level


@pytest.mark.parametrize(("free", "level"), [(9000, "ok"), (2000, "warn"), (1000, "fail")])
def test_memory(finding, native, free, level):
    meminfo(native, free)
    assert finding("memory").level == level


def test_a_foreign_route_is_a_warning_and_our_own_is_none(finding, native):
    native.setattr(state, "routed", lambda: {1, 7})
    native.setattr(state, "numbers", lambda: {1: "dev"})
    found = finding("subnets")
    assert found.level == "warn"
    assert found.detail.endswith("n = 7")


@pytest.mark.parametrize(("version", "level"), [("go1.20.1", "fail"), ("go99.0", "ok")])
def test_go_must_be_new_enough_for_every_recipe(finding, native, tmp_path, version, level):
    program = tmp_path / "go"
    program.write_text(f"#!/bin/sh\necho go version {version} linux/amd64\n")
    program.chmod(0o755)
    native.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert finding("Go").level == level
    if level == "fail":
        known = [recipe.go_version() for recipe in toolchain.RECIPES.values()]
        newest = max(known, key=lambda text: [int(part) for part in text.split(".")])
        assert newest in finding("Go").remedy


def test_with_docker_the_native_hosts_needs_are_not_asked_for(examined, finding, native):
    choice(native, docker=True)
    native.setenv("PATH", "/nowhere")
    found = examined()
    assert finding("kind").level == "fail"
    assert "Debian packages" not in [one.thing for one in found]


def test_a_port_that_kind_needs_is_looked_at(finding, native):
    choice(native, docker=True)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        native.setattr(doctor, "GATEWAY_PORT", port)
        assert finding(f"port {port} of 127.0.0.1").level == "ok"
        listener.listen()
        assert finding(f"port {port} of 127.0.0.1").level == "warn"


def test_an_adopted_cluster_is_asked_and_needs_little_of_the_machine(examined, finding, adopted):
    things = ["Python", "host dev", "Go", "adopted cluster", "ports"]
    assert [one.thing for one in examined()] == things
    assert finding("adopted cluster").detail == "https://one.test answers"
    adopted.setattr(AdoptedHost, "trouble", lambda _: "i/o timeout")
    found = finding("adopted cluster")
    assert (found.level, found.detail) == ("fail", "https://one.test doesn't answer: i/o timeout")


def test_an_adopted_cluster_is_asked_without_the_variable_once_it_is_up(adopted, tmp_path):
    host, _ = choose.choose("dev", tmp_path, choose.this_machine())
    choose.remember(host, tmp_path)
    choice(adopted)
    assert "adopted cluster" in [one.thing for one in doctor.examine("dev", tmp_path)]


def test_with_an_adopted_cluster_go_is_for_pulumi_alone(finding, adopted, tmp_path):
    adopted.setenv("PATH", str(tmp_path))
    assert finding("Go").level == "fail"
    (tmp_path / "pulumi").write_text("#!/bin/sh\n")
    (tmp_path / "pulumi").chmod(0o755)
    assert finding("Go").level == "ok"
    adopted.setattr(doctor.pulumi, "LOCAL", tmp_path)  # it is the checkout's own, made with Go
    assert finding("Go").level == "fail"


def test_kind_needs_go_for_the_gateway_api(finding, native, tmp_path):
    """Its definitions come as a Go module, whatever Pulumi is installed."""
    choice(native, docker=True)
    native.setenv("PATH", str(tmp_path))
    (tmp_path / "pulumi").write_text("#!/bin/sh\n")
    (tmp_path / "pulumi").chmod(0o755)
    assert finding("Go").level == "fail"


def test_kind_on_another_system_has_the_memory_that_docker_says(finding, native, tmp_path):
    choice(native, docker=True, linux=False)
    exists = Path.exists
    native.setattr(Path, "exists", lambda path: str(path) != "/proc/meminfo" and exists(path))
    (tmp_path / "docker").write_text("#!/bin/sh\necho $((2000 * 1024 * 1024))\n")
    (tmp_path / "docker").chmod(0o755)
    native.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = finding("memory")
    assert (found.level, found.detail.partition(";")[0]) == ("warn", "2000 MiB for Docker")


@pytest.mark.parametrize(
    ("seen", "said"),
    [({}, "in its network namespace"), ({"docker": True}, "kind's node binds it")],
)
def test_ports_are_said_for_each_kind_of_host(examined, native, seen, said):
    choice(native, **seen)
    native.setattr(doctor.socket.socket, "connect_ex", lambda *_: 111)
    (port,) = [one for one in examined() if one.thing.startswith("port")]
    assert port.level == "ok"
    assert said in port.detail


def test_each_disks_remedy_is_one_that_helps_there(finding, native):
    """TENANTPLANE_CACHE moves the cache, and nothing else."""
    room(native, 1)
    assert "TENANTPLANE_CACHE" in finding("disk for the cache").remedy
    assert "TENANTPLANE_CACHE" not in finding("disk for the hosts").remedy
    choice(native, docker=True)
    assert "docker system prune" in finding("disk for Docker").remedy


def test_a_machine_with_no_way_to_a_host_is_told_the_ways(examined, finding, native):
    choice(native, linux=False, root=False)
    found = finding("host dev")
    assert found.level == "fail"
    assert found.remedy.startswith("start Docker and install kind, or give a cluster")
    assert "cgroups" not in [one.thing for one in examined()]  # there is no /proc to ask


def test_lines_are_aligned_and_remedies_stand_below():
    text = doctor.shown([Finding("ok", "a", "fine"), Finding("fail", "long", "bad", "do it")])
    assert text == "✓ a     fine\n✗ long  bad\n        -> do it"
