"""The running host and a stack on it, shared by every e2e test.

Needs a host named e2e: `python -m rig up --host e2e` (`make test` does it). Every test may count on
tenants acme and globex; a test that adds one removes it.
"""

import base64
import copy
import json
import os
import subprocess
from pathlib import Path

import pytest

from core.manifests import etcd
from rig.__main__ import local_kubeconfig
from rig.hosts.native.layout import Layout
from tests.support.kubectl import Kubectl
from tests.support.pod_network import (
    CONNECT,
    LISTEN,
    METADATA,
    address_of,
    enter,
    run_in_pod,
    run_inside,
)
from tests.support.probe import Target
from tests.support.pulumi_cli import SKIP_CHECKPOINTS, PulumiCli, dev_config

HOST = os.environ.get("TENANTPLANE_E2E_HOST", "e2e")
HOST_KUBECONFIG = local_kubeconfig(HOST)


def pytest_collection_modifyitems(items):
    """Destroying is the last thing that happens to the shared stack."""
    items.sort(key=lambda item: "test_destroy" in item.nodeid)
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def host():
    """The host cluster, by kubectl."""
    if not HOST_KUBECONFIG.exists():
        pytest.fail(f"no host named {HOST}; start one: python -m rig up --host {HOST}")
    return Kubectl(HOST_KUBECONFIG.read_text())


@pytest.fixture(scope="session")
def host_logs():
    """Folder of the native host's component logs; others keep theirs elsewhere."""
    folder = Layout(HOST, 0).logs
    if not folder.is_dir():
        pytest.skip(f"host {HOST} is not a native one")
    return folder


@pytest.fixture(scope="session")
def pristine(host):
    """What the host holds before anything of ours is on it."""
    return host.inventory()


@pytest.fixture(scope="session")
def config(host):
    """Pulumi.dev.yaml on this host, as plain values to change per stack."""
    return dev_config(HOST_KUBECONFIG)


@pytest.fixture(scope="session")
def stack(tmp_path_factory, config, pristine):
    """The dev stack, up; its state is written at the end of an update, not after each step.

    Writing it took 5 of the 8 CPU seconds of a first up, and more with all that tests bring along.
    """
    assert pristine, "looked at before the stack was there"
    with PulumiCli(tmp_path_factory.mktemp("stack"), "e2e", copy.deepcopy(config)) as cli:
        cli.environment |= {SKIP_CHECKPOINTS: "true"}
        try:
            cli.up("--diff")  # all that is created is shown, for test_destroy.py to look at
            yield cli
        finally:
            cli.run("destroy", "--yes", "--skip-preview", check=False)


TENANTS = ("acme", "globex")
"""They are always there; others come and go with the tests that bring them."""


@pytest.fixture(scope="session")
def tenants(stack):
    """Acme and globex as their administrators see them, by kubectl."""
    known = stack.outputs()["kubeconfigs"]
    return {name: Kubectl(known[name]) for name in TENANTS}


@pytest.fixture(scope="session")
def break_glass(stack):
    """Acme and globex from above RBAC, by kubectl."""
    known = stack.outputs()["adminKubeconfigs"]
    return {name: Kubectl(known[name]) for name in TENANTS}


@pytest.fixture(scope="session")
def targets(stack):
    """Connections to the public addresses of acme and globex."""
    known = stack.outputs()["kubeconfigs"]
    return {name: Target(known[name]) for name in TENANTS}


AGENT = ("exec", "-i", "-n", "tenantplane-system", "deploy/host-agent", "--")


@pytest.fixture(scope="session")
def etcdctl(host):
    """Run etcdctl where the host agent runs: as etcd's root, or with a tenant's certificate."""

    def run(*args, tenant=None, pool="shared", check=True):
        return host.run(*AGENT, "etcdctl", *_identity(host, tenant, pool), *args, check=check)

    return run


_WATCH = """
import json, subprocess, sys, threading
pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
watch = subprocess.Popen(["etcdctl", *sys.argv[2:], "watch", "-i"], **pipes)
deadline = threading.Timer(10, watch.kill)
deadline.start()
watch.stdin.write(json.loads(sys.argv[1]).encode() + b"\\n")
watch.stdin.flush()
print(watch.stdout.readline().decode())
deadline.cancel()
watch.kill()
"""
"""In the pod: a watch ends by itself only when it is refused."""


@pytest.fixture
def etcd_watch(host):
    """The first line that a watch shows, given as a line for `etcdctl watch -i`; "" for none."""

    def first_line(line, tenant=None):
        options = _identity(host, tenant)
        return host.out(*AGENT, "python3", "-c", _WATCH, json.dumps(line), *options)

    return first_line


def _identity(host, tenant, pool="shared"):
    """Options of etcdctl that say who asks: etcd's root, or a tenant."""
    folder = f"/etc/tenantplane/stores/{pool}"
    certificate, key = f"{folder}/tls.crt", f"{folder}/tls.key"
    if tenant:
        certificate, key = _tenant_keys(host, tenant)
    return [
        f"--endpoints={etcd.client_url(f'tenantplane-etcd-{pool}')}",
        f"--cacert={folder}/ca.crt",
        f"--cert={certificate}",
        f"--key={key}",
    ]


def _tenant_keys(host, tenant):
    """Copy a tenant's etcd certificate into the agent's only writable folder, which is memory."""
    data = host.json("get", "secret", "-n", f"tenant-{tenant}", "kube-apiserver")["data"]
    paths = []
    for name in ("etcd.crt", "etcd.key"):
        path = f"/tmp/{tenant}-{name}"
        script = f"import sys; open('{path}', 'w').write(sys.stdin.read())"
        text = base64.b64decode(data[name]).decode()
        host.run(*AGENT, "python3", "-c", script, stdin=text)
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def node(host, stack):
    """Layout of the host, where acme and globex run."""
    layout = Layout(HOST, 0)
    if os.geteuid() or not layout.network_namespace.exists():
        pytest.skip("pods can't be entered: this needs root and a native host")
    return layout


@pytest.fixture(scope="module")
def metadata(node):
    """Something that answers at METADATA, on a port on which the agent calls the host's API."""
    address = ["ip", "-netns", node.label, "address"]
    subprocess.run([*address, "replace", f"{METADATA}/32", "dev", "lo"], check=True)
    server = subprocess.Popen([*enter(node.network_namespace, LISTEN), METADATA])
    try:
        yield
    finally:
        server.kill()
        server.wait()
        subprocess.run([*address, "delete", f"{METADATA}/32", "dev", "lo"], check=True)


@pytest.fixture
def reach(host, node, metadata):
    """Try to connect from a pod, or from None, the node, to a place: `open` or why not."""

    def connect(pod, place):
        address, port = address_of(host, place)
        if pod is None:
            return run_inside(node.network_namespace, CONNECT, address, port)
        return run_in_pod(host, pod, CONNECT, address, port)

    return connect
