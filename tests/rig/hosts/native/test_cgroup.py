import pytest

from rig.hosts.native import cgroup


@pytest.fixture
def root(tmp_path):
    """The root of a hierarchy; files that a kernel would make in new folders are made here."""
    return tmp_path


def test_on_v1_a_new_cgroup_gets_cpus_before_processes(root):
    """An empty cpuset takes no process: kubelet failed with `permission denied` (2026-11-23)."""
    (root / "cpuset.cpus").write_text("0-1")
    (root / "cpuset.mems").write_text("0")
    cgroup.make_in(root / "tp-a", unified=False)
    for folder in ("tp-a", "tp-a/components", "tp-a/pods"):
        assert (root / folder / "cpuset.cpus").read_text() == "0-1"
        assert (root / folder / "cpuset.mems").read_text() == "0"


def test_on_v1_other_controllers_have_no_cpus_to_hand_down(root):
    cgroup.make_in(root / "tp-a", unified=False)
    assert {one.name for one in (root / "tp-a").rglob("*")} == {"components", "pods"}


def test_on_v2_pods_may_have_every_controller(root):
    """Kubelet refuses a cgroup root that lacks one which the machine has."""
    (root / "tp-a").mkdir()
    for folder in (root, root / "tp-a"):
        (folder / "cgroup.controllers").write_text("cpu memory pids\n")
    (root / "cgroup.subtree_control").write_text("cpu memory pids\n")
    (root / "tp-a" / "cgroup.subtree_control").write_text("cpu memory\n")
    cgroup.make_in(root / "tp-a", unified=True)
    assert (root / "cgroup.subtree_control").read_text() == "cpu memory pids\n"  # left alone
    assert (root / "tp-a" / "cgroup.subtree_control").read_text() == "+pids"


def test_a_second_time_is_no_error(root):
    cgroup.make_in(root / "tp-a", unified=False)
    cgroup.make_in(root / "tp-a", unified=False)
