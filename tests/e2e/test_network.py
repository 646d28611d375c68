"""Which ways the NetworkPolicies leave open, and which they close, tried from inside of pods.

Our images have no shell, so each try runs this machine's Python in a pod's network namespace, which
a native host makes possible: its processes are this machine's. The rules themselves are held in
tests/core/manifests/test_network_policies.py.
"""

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from core import names
from rig.hosts.native.layout import Layout
from tests.e2e.conftest import HOST
from tests.support.kubectl import eventually

METADATA = "169.254.169.254"
"""Where clouds hand out the node's credentials."""

ETCD = names.etcd_namespace("shared")
_NAME = "app.kubernetes.io/name"
PODS = {
    "acme": ("tenant-acme", f"{_NAME}=control-plane"),
    "globex": ("tenant-globex", f"{_NAME}=control-plane"),
    "etcd": (ETCD, f"{_NAME}=etcd"),
    "agent": (names.AGENT_NAMESPACE, f"{_NAME}=host-agent"),
    "traefik": (names.GATEWAY_NAMESPACE, f"{_NAME}=traefik"),
    "a pod without policies": ("kube-system", "k8s-app=kube-dns"),
    "on-dedicated": ("tenant-on-dedicated", f"{_NAME}=control-plane"),
    "on-dedicated's etcd": ("tenant-on-dedicated", f"{_NAME}=etcd"),
    "on-mariadb": ("tenant-on-mariadb", f"{_NAME}=control-plane"),
    "on-postgresql": ("tenant-on-postgresql", f"{_NAME}=control-plane"),
    "acme's operator": ("tenant-acme", f"{names.LABEL_OPERATOR}=webhook"),
    "acme's stranger": ("tenant-acme", f"{_NAME}=stranger"),
    "globex's operator": ("tenant-globex", f"{names.LABEL_OPERATOR}=webhook"),
}
"""Namespace and labels; the tenants on other stores are stores/test_fence.py's, the operators
test_operators_network.py's."""

SERVICES = {
    "acme's Service": ("tenant-acme", names.APISERVER, 6443),
    "globex's Service": ("tenant-globex", names.APISERVER, 6443),
    "etcd": (ETCD, "etcd", 2379),
    "the host's API": ("default", "kubernetes", 443),
    "DNS": ("kube-system", "kube-dns", 53),
}
POD_PORTS = {
    "globex's pod": ("globex", 6443),
    "etcd's pod": ("etcd", 2379),
    "etcd's peers": ("etcd", 2380),
    "etcd's metrics": ("etcd", 2381),
    "the agent's health": ("agent", 8080),
    "the gateway's health": ("traefik", 8082),
    "the agent's metrics": ("agent", 9090),
    "acme's controllers": ("acme", 10257),
    "acme's operator": ("acme's operator", 9443),
    "acme's stranger": ("acme's stranger", 9443),
}
NODE_PORTS = {"the host's API on its node": 6443, "the kubelet": 10250}

OPEN = [
    ("acme", "etcd"),
    ("acme", "DNS"),
    ("traefik", "acme's Service"),
    ("traefik", "globex's Service"),
    ("traefik", "the host's API"),
    ("agent", "acme's Service"),
    ("agent", "etcd"),
    ("agent", "the host's API"),
    ("agent", "DNS"),
    ("a pod without policies", "the host's API on its node"),
    ("a pod without policies", "the metadata address"),
    ("a pod without policies", "the kubelet"),
]
CLOSED = [
    ("acme", "globex's pod"),
    ("acme", "globex's Service"),
    ("acme", "etcd's peers"),
    ("acme", "the host's API"),
    ("acme", "the host's API on its node"),
    ("acme", "the kubelet"),
    ("acme", "the agent's metrics"),
    ("acme", "the metadata address"),
    ("traefik", "etcd"),
    ("traefik", "etcd's pod"),
    ("traefik", "etcd's peers"),
    ("traefik", "the kubelet"),
    ("traefik", "the agent's metrics"),
    ("traefik", "the metadata address"),
    ("agent", "etcd's peers"),
    ("agent", "the kubelet"),
    ("agent", "the metadata address"),
    ("etcd", "acme's Service"),
    ("etcd", "the host's API"),
    ("etcd", "the agent's metrics"),
    ("etcd", "the metadata address"),
    ("a pod without policies", "globex's pod"),
    ("a pod without policies", "etcd"),
    ("a pod without policies", "etcd's peers"),
    ("a pod without policies", "etcd's metrics"),
    ("a pod without policies", "the agent's health"),
    ("a pod without policies", "the agent's metrics"),
    ("a pod without policies", "the gateway's health"),
    ("acme", "etcd's metrics"),
]

CONNECT = """\
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3).close()
except OSError as error:
    print(f"closed ({error})")
else:
    print("open")
"""
_LOOK_UP = """\
import socket, struct, sys
labels = sys.argv[2].split(".")
name = b"".join(bytes([len(label)]) + label.encode() for label in labels) + bytes(1)
question = struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + name + struct.pack("!2H", 1, 1)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
    asking.settimeout(3)
    asking.sendto(question, (sys.argv[1], 53))
    print(asking.recv(512).hex())
"""
_LISTEN = """\
import socket, sys
with socket.create_server((sys.argv[1], 443)) as server:
    while True:
        server.accept()[0].close()
"""


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
    server = subprocess.Popen([*enter(node.network_namespace, _LISTEN), METADATA])
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
        inside = network_of(host, pod) if pod else node.network_namespace
        return run_inside(inside, CONNECT, address, port)

    return connect


def enter(network, script):
    """The beginning of a command that runs a Python script in a network namespace."""
    return ["nsenter", f"--net={network}", sys.executable, "-c", script]


def run_inside(network, script, *arguments):
    command = [*enter(network, script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def pod_of(host, name):
    """A pod that runs and is not about to end."""
    namespace, labels = PODS[name]
    listed = host.json("get", "pods", "-n", namespace, "-l", labels)["items"]
    running = [
        pod
        for pod in listed
        if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
    ]
    assert running, f"no pod of {name} runs"
    return running[0]


def network_of(host, name):
    """The network namespace of a pod, by pause, which lives as long as it."""
    pod = pod_of(host, name)
    if "runtimeClassName" in pod["spec"]:
        pytest.skip(f"{name}'s pod has its network in a sandbox, where nobody else can enter it")
    uid = pod["metadata"]["uid"]
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended between the two looks
            is_pods = f"pod{uid}" in (process / "cgroup").read_text().replace("_", "-")
            if is_pods and (process / "comm").read_text() == "pause\n":
                pids.append(int(process.name))
    assert pids, f"no pause of {name}'s pod {uid} is on this machine"
    return f"/proc/{pids[0]}/ns/net"


def address_of(host, place):
    """Address and port of a place."""
    if place == "the metadata address":
        return METADATA, 443
    if place in SERVICES:
        namespace, name, port = SERVICES[place]
        return host.json("get", "service", "-n", namespace, name)["spec"]["clusterIP"], port
    if place in POD_PORTS:
        pod, port = POD_PORTS[place]
        return pod_of(host, pod)["status"]["podIP"], port
    return pod_of(host, "acme")["status"]["hostIP"], NODE_PORTS[place]


@pytest.mark.parametrize(("pod", "place"), OPEN)
def test_what_is_needed_is_reached(reach, pod, place):
    """From the pod without policies: what is closed to others is closed by theirs alone."""

    def is_open():
        found = reach(pod, place)
        assert found == "open", found
        return True

    eventually(is_open, f"{pod} reaches {place}", seconds=10)


@pytest.mark.parametrize(("pod", "place"), CLOSED)
def test_what_is_not_needed_is_out_of_reach(reach, pod, place):
    """It answers the node, which no policy holds: it is there, and closed to the pod."""
    eventually(lambda: reach(None, place) == "open", f"{place} answers the node", seconds=10)
    assert reach(pod, place).startswith("closed")


def test_names_are_answered_over_udp(host, node):
    """How every API server finds its store."""
    server, _ = address_of(host, "DNS")
    store, _ = address_of(host, "etcd")
    name = f"etcd.{ETCD}.svc.cluster.local"

    def is_found():
        answer = run_inside(network_of(host, "acme"), _LOOK_UP, server, name)
        return socket.inet_aton(store).hex() in answer

    eventually(is_found, f"acme looks up {name}", seconds=10)


def test_metrics_are_read_from_namespaces_that_may(host, reach):
    """They name every tenant; Prometheus' namespace gets the label."""
    name, _ = PODS["a pod without policies"]
    host.run("label", "namespace", name, f"{names.LABEL_SCRAPER}=true")
    try:
        eventually(
            lambda: reach("a pod without policies", "the agent's metrics") == "open",
            "a labelled namespace reads the metrics",
            seconds=20,
        )
    finally:
        host.run("label", "namespace", name, f"{names.LABEL_SCRAPER}-")
