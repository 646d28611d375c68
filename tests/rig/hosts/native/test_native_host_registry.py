"""A registry beside a real native host, and images of operators in it. Needs root on Linux."""

import json
import os
import signal
import ssl
import urllib.request
from pathlib import Path

import pytest

from core import versions
from rig import build, modules, toolchain
from rig.hosts.native import NativeHost
from rig.images import xpkg
from rig.progress import Silent
from tests.support.marks import ROOT_ON_LINUX
from tests.support.native_host import (
    apply,
    kubectl,
    machine,
    namespace,
    new_name,
    pod,
    ready,
    until,
)

pytestmark = [
    pytest.mark.processes,
    ROOT_ON_LINUX,
]

SPACE = "operators"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

POD_ASKS = """
import ssl, sys, urllib.request
name, authority = sys.argv[1:]
trust = ssl.create_default_context(cadata=authority)
print(urllib.request.urlopen(f"https://{name}/v2/_catalog", context=trust).read().decode())
"""

FUNCTION_ANSWERS = """
import grpc
from crossplane.function.proto.v1 import run_function_pb2, run_function_pb2_grpc
from google.protobuf import json_format

asked = json_format.ParseDict({
    "input": {
        "apiVersion": "pythonic.fn.fortra.com/v1alpha1",
        "kind": "Composite",
        "composite": '''
class Copy(BaseComposite):
    def compose(self):
        made = self.resources.made("v1", "ConfigMap")
        made.data.size = self.spec.size
''',
    },
    "observed": {"composite": {"resource": {
        "apiVersion": "example.org/v1",
        "kind": "Box",
        "metadata": {"name": "a"},
        "spec": {"size": "large"},
    }}},
}, run_function_pb2.RunFunctionRequest())
with grpc.insecure_channel("127.0.0.1:9443") as channel:
    runner = run_function_pb2_grpc.FunctionRunnerServiceStub(channel)
    answer = runner.RunFunction(asked, timeout=20, wait_for_ready=True)
print(answer.desired.resources["made"].resource["data"]["size"])
"""


@pytest.fixture(scope="module")
def host():
    """A host with a registry."""
    running = NativeHost(new_name())
    before = machine(running.name)
    try:
        running.up(Silent(), with_operators=True)
        namespace(running, SPACE)
        yield running
    finally:
        running.down(Silent())
    assert machine(running.name) == before


@pytest.fixture
def facts(host):
    return json.loads(host.registry.read_text())


def fetch(facts, path, accept="*/*"):
    trust = ssl.create_default_context(cafile=facts["caFile"])
    request = urllib.request.Request(
        f"https://{facts['address']}/v2/{path}", headers={"Accept": accept}
    )
    with urllib.request.urlopen(request, context=trust, timeout=5) as answer:  # noqa: S310 - https
        return json.load(answer)


def container(name, image, *arguments, command=()):
    """Return a pod that runs a program of an image once."""
    manifest = pod(name, SPACE)
    spec = manifest["spec"]["containers"][0]
    del spec["readinessProbe"], spec["command"]
    spec |= {"image": image, "args": list(arguments)}
    if command:
        spec["command"] = list(command)
    manifest["spec"]["restartPolicy"] = "Never"
    return manifest


def said(host, manifest):
    """Run a pod to its end and return what it said."""
    name = manifest["metadata"]["name"]
    apply(host, manifest)
    phase = ("get", "pod", "-n", SPACE, name, "-o=jsonpath={.status.phase}")
    until(lambda: kubectl(host, *phase) in {"Succeeded", "Failed"}, "the pod has ended")
    return kubectl(host, "logs", "-n", SPACE, name)


def test_packages_have_what_crossplane_installs_in_a_layer_of_its_own(facts):
    """It reads the layer with this annotation, and unpacks no image for it (its xpkg spec)."""
    for reference in facts["packages"].values():
        repository, _, tag = reference.removeprefix(f"{facts['name']}/").rpartition(":")
        manifest = fetch(facts, f"{repository}/manifests/{tag}", MANIFEST)
        marked = [layer.get("annotations", {}) for layer in manifest["layers"]]
        assert {"io.crossplane.xpkg": "base"} in marked
        assert len(marked) > 1  # the image that runs it


def test_pods_reach_it_by_name_and_can_check_who_it_is(host, facts):
    authority = Path(facts["caFile"]).read_text()
    image = versions.image("host-agent")
    asks = ("python3", "-c", POD_ASKS)
    manifest = container("client", image, facts["name"], authority, command=asks)
    assert json.loads(said(host, manifest)) == {
        "repositories": [
            "crossplane-contrib/function-pythonic",
            "crossplane-contrib/provider-kubernetes",
        ]
    }


def test_the_node_pulls_from_it_and_the_provider_starts(host, facts):
    image = facts["packages"]["provider-kubernetes"]
    help_text = said(host, container("provider", image, "--help"))
    assert "usage: crossplane-kubernetes-provider" in help_text


def test_the_function_composes_what_it_is_asked_to(host, facts):
    image = facts["packages"]["function-pythonic"]
    apply(host, container("function", image, "--insecure"))
    ready(host, SPACE, "function")
    ask = ("exec", "-n", SPACE, "function", "--", "python3", "-c", FUNCTION_ANSWERS)
    assert kubectl(host, *ask) == "large\n"


@pytest.mark.parametrize(
    ("name", "version", "arguments", "shown"),
    [
        ("crossplane", versions.CROSSPLANE, ("--version",), f"v{versions.CROSSPLANE}"),
        ("kubectl", versions.KUBECTL, ("version", "--client"), "Client Version: v"),
        ("prometheus-admission", "0.92.1", ("--version",), "version 0.92.1"),
        ("prometheus-admission", "0.91.0", ("--version",), "version 0.91.0"),
    ],
)
def test_operators_images_are_in_the_host_and_say_their_version(
    host, name, version, arguments, shown
):
    image = versions.image(name, version=version)
    label = f"{name}-{version}".replace(".", "-")
    assert shown in said(host, container(label, image, *arguments))


def test_anyone_on_the_machine_can_push_a_package_of_their_own(host, facts, tmp_path):
    """As a user does with a package of their own."""
    recipe = toolchain.recipe("provider-kubernetes")
    folder = modules.folder(recipe.folder, recipe.pinned) / "package"
    crank = build.binary(xpkg.BUILDER, Silent())
    file = tmp_path / "own.xpkg"
    xpkg.call(
        crank, "build", f"--package-root={folder}", f"--package-file={file}",
        f"--examples-root={tmp_path}",  # else those of the folder where it is called
    )  # fmt: skip
    trust = {"SSL_CERT_FILE": facts["caFile"], "HOME": str(tmp_path)}
    target = f"{facts['address']}/own/package:v1.0.0"
    xpkg.call(crank, "push", f"--package-files={file}", target, environment=trust)
    assert fetch(facts, "own/package/tags/list")["tags"] == ["v1.0.0"]


def test_nobody_is_served_without_tls(facts):
    with pytest.raises(OSError, match="400"):
        urllib.request.urlopen(f"http://{facts['address']}/v2/", timeout=5)


def test_it_runs_as_a_user_who_can_do_nothing(host):
    (pid,) = [part.pid for part in host.status() if part.name == "registry"]
    status = Path(f"/proc/{pid}/status").read_text()
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert "0" not in fields["Uid"].split() + fields["Gid"].split()
    assert fields["Groups"].strip() == ""
    assert int(fields["CapEff"], 16) == 0


def test_a_killed_registry_is_brought_back_with_its_packages_by_a_plain_up(host, facts):
    """As every component is; that the host has one is remembered."""
    before = fetch(facts, "_catalog")
    (pid,) = [part.pid for part in host.status() if part.name == "registry"]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    report = Silent()
    host.up(report)
    assert report.said == ["   registry was restarted: it had ended"]
    assert fetch(facts, "_catalog") == before


def test_an_up_of_a_host_that_works_pushes_and_restarts_nothing(host):
    before = [(part.name, part.pid) for part in host.status()]
    report = Silent()
    host.up(report, with_operators=True)
    assert report.said == []
    assert [(part.name, part.pid) for part in host.status()] == before
