"""Pods in gVisor on a real native host. Needs root on Linux."""

from pathlib import Path

import pytest

from core import versions
from rig.hosts.native import cgroup
from rig.hosts.native.layout import Layout
from rig.progress import Silent
from tests.support.marks import ROOT_ON_LINUX
from tests.support.native_host import apply, kubectl, namespace, number, pod, ready, until

pytestmark = [
    pytest.mark.processes,
    ROOT_ON_LINUX,
]


def sandboxed(manifest):
    """Return a pod for the sandbox."""
    manifest["spec"]["runtimeClassName"] = "gvisor"
    return manifest


def with_init(manifest, name, image, command, **more):
    """Return a pod with one init container more; it mounts what the first container does."""
    own = manifest["spec"]["containers"][0]
    container = {"name": name, "image": image, "command": command, **more}
    container |= {key: own[key] for key in ("volumeMounts", "securityContext")}
    manifest["spec"].setdefault("initContainers", []).append(container)
    return manifest


def test_a_pod_sees_gvisors_kernel_and_its_containers_end(host):
    """An init container that ends is seen to: all containers of a sandbox have one pid outside."""
    namespace(host, "sandbox")
    command = ["python3", "-c", "print(open('/proc/version').read())"]
    agent = versions.image("host-agent")
    apply(host, sandboxed(with_init(pod("seen", "sandbox"), "kernel", agent, command)))
    ready(host, "sandbox", "seen")
    said = kubectl(host, "logs", "-n", "sandbox", "seen", "-c", "kernel")
    assert "gvisor" in said
    assert Path("/proc/version").read_text() not in said


def test_containers_of_a_pod_meet_at_a_socket(host):
    """A tenant's kine listens on one that its API server connects to."""
    namespace(host, "sockets")
    # Most of kine's own parameters, which whoever names a database goes without.
    database = "sqlite:///data/db?_journal_mode=WAL&_busy_timeout=30000&_txlock=immediate"
    options = [f"--endpoint={database}", "--listen-address=unix:///data/kine.sock"]
    kine = ["kine", *options, "--metrics-bind-address=0"]
    image = versions.image("kine")
    manifest = with_init(pod("both", "sockets"), "kine", image, kine, restartPolicy="Always")
    etcdctl = ("etcdctl", "--endpoints=unix:///data/kine.sock")
    probe = {"exec": {"command": [*etcdctl, "get", "/"]}, "periodSeconds": 1, "timeoutSeconds": 10}
    manifest["spec"]["containers"][0]["readinessProbe"] = probe
    apply(host, sandboxed(manifest))
    ready(host, "sockets", "both")
    execute = ("exec", "-n", "sockets", "both", "-c", "etcd", "--", *etcdctl)
    kubectl(host, *execute, "put", "/kept", "yes")
    assert kubectl(host, *execute, "get", "/kept").split() == ["/kept", "yes"]


def test_sandboxes_are_the_hosts_own_and_outlive_a_second_up(host):
    """In its cgroup, so that `down` finds them; the fixture sees that it did."""
    namespace(host, "living")
    layout = Layout(host.name, number(host))
    before = cgroup.members(layout)
    apply(host, sandboxed(pod("one", "living")))
    ready(host, "living", "one")
    lasting = {"runsc-sandbox", "runsc-gofer", "containerd-shim-runsc-v1"}  # probes come and go
    running = {pid for pid in cgroup.members(layout) - before if _program(pid) in lasting}
    assert {_program(pid) for pid in running} == lasting
    host.up(Silent())
    assert running <= cgroup.members(layout)
    get = ("get", "pod", "-n", "living", "one", "-o=jsonpath={..restartCount}")
    assert kubectl(host, *get) == "0"
    kubectl(host, "delete", "namespace", "living", "--wait=false")
    until(lambda: not running & cgroup.members(layout), "its processes have ended")


def _program(pid):
    try:
        return Path(Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]).name
    except OSError:
        return ""
