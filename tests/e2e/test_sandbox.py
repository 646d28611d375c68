"""A tenant in gVisor: its processes see another kernel than its neighbours' do."""

from pathlib import Path

import pytest

from core import names
from core.operators import kubedebug
from rig.hosts.native import gvisor
from rig.hosts.native.layout import Layout
from tests.e2e.conftest import HOST
from tests.e2e.test_lifecycle import one_more
from tests.support.kubectl import Kubectl


@pytest.fixture(scope="module")
def boxed(stack, host):
    """A tenant in gVisor, with an etcd of its own, and an operator in gVisor too."""
    if gvisor.HANDLER not in host.names("runtimeclasses"):
        pytest.skip("the host has no gVisor")
    operators = [{"name": kubedebug.NAME, "runtimeClass": gvisor.HANDLER}]
    settings = {"runtimeClass": gvisor.HANDLER, "datastore": "dedicated", "operators": operators}
    with one_more(stack, "boxed", **settings):
        stack.up()
        yield Kubectl(stack.kubeconfig("boxed"))


def programs(uid):
    """What runs of a pod on this machine, by its cgroup."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            is_pods = f"pod{uid}" in (process / "cgroup").read_text().replace("_", "-")
            program = (process / "cmdline").read_bytes().partition(b"\0")[0].decode()
        except OSError:
            continue  # it ended between the two looks
        if is_pods and program:
            found.add(Path(program).name)
    return found


def test_it_serves_like_any_other(boxed):
    boxed.run("create", "namespace", "inside")
    boxed.run("create", "configmap", "-n", "inside", "kept", "--from-literal=a=b")
    assert boxed.json("get", "configmap", "-n", "inside", "kept")["data"] == {"a": "b"}


def test_its_api_server_runs_in_the_sandbox_and_its_store_does_not(boxed, host):
    """A program in a sandbox is no process of this machine: only the sandbox is."""
    if not Layout(HOST, 0).network_namespace.exists():
        pytest.skip(f"processes of host {HOST} can't be seen from here")
    found = {}
    for pod in host.json("get", "pods", "-n", "tenant-boxed")["items"]:
        labels = pod["metadata"]["labels"]
        name = labels.get(names.LABEL_OPERATOR) or labels["app.kubernetes.io/name"]
        found[name] = programs(pod["metadata"]["uid"])
    assert "runsc-sandbox" in found["control-plane"]
    assert not found["control-plane"] & {"kube-apiserver", "kube-controller-manager"}
    assert "runsc-sandbox" in found[kubedebug.NAME]
    assert "etcd" in found["etcd"]
    assert not found["etcd"] & {"runsc-sandbox"}


def test_an_operator_in_a_sandbox_works_in_its_tenant(boxed, host):
    boxed.run("create", "namespace", "seen")
    pod = ("exec", "-n", "tenant-boxed", f"deploy/{kubedebug.NAME}", "--")
    assert "seen" in host.out(*pod, "kubectl", "get", "namespaces", "-o", "name")


def test_a_sandbox_that_no_host_has_is_refused_before_anything_is_made(stack):
    with one_more(stack, "unboxed", runtimeClass="kata"):
        refused = stack.preview(check=False)
    said = refused.stdout + refused.stderr
    assert "runtimeClass: the host of tenant unboxed has no such RuntimeClass" in said
    assert "use gvisor, or leave it out" in said
