import json

import pytest

from rig.hosts.native import machine, state
from rig.hosts.native.layout import Layout


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """Kernel settings of our own."""
    folder = tmp_path / "sysctl"
    folder.mkdir()
    for name in (*machine.AT_LEAST, *machine.EXACTLY):
        (folder / name).write_text("128")
    monkeypatch.setattr(machine, "_sysctl", lambda name: folder / name)
    return folder


@pytest.fixture
def base(tmp_path):
    return tmp_path / "base"


def values(settings):
    return {one.name: one.read_text() for one in settings.iterdir()}


def test_settings_are_raised_and_put_back_when_the_last_host_goes(settings, base):
    before = values(settings)
    state.State(1).save(Layout("a", 1, base))
    said = machine.tune(base)
    assert "fs.inotify.max_user_instances: 128 -> 8192" in said
    assert machine.tune(base) == []
    machine.restore(base)
    assert values(settings)["fs.inotify.max_user_instances"] == "8192"  # host a still needs it
    Layout("a", 1, base).state.unlink()
    Layout("a", 1, base).root.rmdir()
    machine.restore(base)
    assert values(settings) == before
    assert not base.exists()


def test_a_setting_that_is_high_enough_is_left_alone(settings, base):
    (settings / "fs.inotify.max_user_instances").write_text("100000")
    assert "fs.inotify.max_user_instances" not in machine.to_change()
    machine.tune(base)
    assert (settings / "fs.inotify.max_user_instances").read_text() == "100000"


def test_what_would_be_changed_is_what_is_changed(settings, base):
    """`doctor` shows it beforehand."""
    expected = machine.to_change()
    assert expected["vm.panic_on_oom"] == (128, 0)
    assert machine.tune(base) == [f"{name}: {a} -> {b}" for name, (a, b) in expected.items()]
    assert machine.to_change() == {}


def test_a_setting_that_the_kernel_does_not_have_is_no_error(settings, base):
    (settings / "kernel.keys.root_maxkeys").unlink()
    machine.tune(base)


def test_the_first_value_is_the_one_that_is_put_back(settings, base):
    """Kubelet or a user may change it again while hosts run."""
    machine.tune(base)
    (settings / "vm.overcommit_memory").write_text("2")
    machine.tune(base)
    machine.restore(base)
    assert (settings / "vm.overcommit_memory").read_text() == "128"


def test_values_of_another_boot_are_forgotten(settings, base, monkeypatch):
    """After a reboot the kernel has its own values; the old ones would be wrong."""
    machine.tune(base)
    monkeypatch.setattr(machine, "boot", lambda: "another")
    (settings / "kernel.panic").write_text("60")
    machine.restore(base)
    assert (settings / "kernel.panic").read_text() == "60"


def test_folders_are_removed_only_if_they_were_made_and_are_empty(settings, base, tmp_path):
    (tmp_path / "there").mkdir()
    for path in ("there/new/deep", "there/used", "there"):
        machine.made(str(tmp_path / path), base)
    (tmp_path / "there" / "used" / "file").touch()
    machine.restore(base)
    assert sorted(one.name for one in (tmp_path / "there").iterdir()) == ["used"]


def test_a_change_is_written_down_before_it_is_made(settings, base, monkeypatch):
    """Killed in between, the machine is put back all the same."""

    def fail(name):
        if json.loads((base / "machine.json").read_text())["sysctls"]:
            raise KeyboardInterrupt
        return settings / name

    monkeypatch.setattr(machine, "_read", lambda name: 1)
    monkeypatch.setattr(machine, "_sysctl", fail)
    with pytest.raises(KeyboardInterrupt):
        machine.tune(base)
