from pathlib import Path

from rig.hosts import kernel
from rig.hosts.kernel import Feature
from tests.support.marks import ROOT_ON_LINUX

pytestmark = ROOT_ON_LINUX


def tried(monkeypatch, script):
    feature = Feature("x", "why", script, "CONFIG_X", "x_mod")
    monkeypatch.setattr(kernel, "FEATURES", (feature,))
    ((_, trouble),) = kernel.try_all()
    return trouble


def test_a_missing_feature_is_said_with_the_kernels_words(monkeypatch):
    assert "Unknown device type" in tried(monkeypatch, "ip link add try0 type nonsense")


def test_every_command_of_a_try_counts(monkeypatch):
    assert tried(monkeypatch, "false\ntrue") == "no word"


def test_a_try_leaves_nothing_behind(monkeypatch):
    before = (Path("/proc/mounts").read_text(), sorted(Path("/sys/class/net").iterdir()))
    folders = sorted(Path("/var/lib").iterdir())
    script = "ip link add try0 type dummy || ip link add try0 type bridge\nmount -t tmpfs none $D"
    assert tried(monkeypatch, script) == ""
    after = (Path("/proc/mounts").read_text(), sorted(Path("/sys/class/net").iterdir()))
    assert after == before
    assert sorted(Path("/var/lib").iterdir()) == folders


def test_the_remedy_names_the_option_and_the_module():
    feature = Feature("x", "why", "true", "CONFIG_X", "x_mod")
    assert "CONFIG_X" in feature.remedy
    assert "modprobe x_mod" in feature.remedy
