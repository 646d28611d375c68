"""From one pod to another place: tries to connect, made in a pod's own network namespace.

Our images have no shell, so each try runs this machine's Python in a pod's network namespace, which
a native host makes possible: its processes are this machine's. In a sandbox (gVisor) the network is
the sandbox's: there an ephemeral container of the pod tries, with the agent's image and its Python.
Not here: what has to be open and what closed (tests/e2e/test_network.py, stores/test_fence.py).
"""

import contextlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from core import names
from core.manifests import pods
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
    "federated": ("tenant-federated", f"{_NAME}=control-plane"),
    "on-dedicated": ("tenant-on-dedicated", f"{_NAME}=control-plane"),
    "on-dedicated's etcd": ("tenant-on-dedicated", f"{_NAME}=etcd"),
    "on-mariadb": ("tenant-on-mariadb", f"{_NAME}=control-plane"),
    "on-postgresql": ("tenant-on-postgresql", f"{_NAME}=control-plane"),
}
"""Namespace and labels; not all of them are there in every test."""

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
}
NODE_PORTS = {"the host's API on its node": 6443, "the kubelet": 10250}

FORBIDDEN = (
    "globex's pod",
    "globex's Service",
    "the agent's metrics",
    "the host's API",
    "the host's API on its node",
    "the kubelet",
    "the metadata address",
)
"""Where no pod of any other tenant gets."""

CONNECT = """\
import socket, sys
try:
    socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=3).close()
except OSError as error:
    print(f"closed ({error})")
else:
    print("open")
"""
LISTEN = """\
import socket, sys
with socket.create_server((sys.argv[1], 443)) as server:
    while True:
        server.accept()[0].close()
"""


def enter(network, script):
    """The beginning of a command that runs a Python script in a network namespace."""
    return ["nsenter", f"--net={network}", sys.executable, "-c", script]


def run_inside(network, script, *arguments):
    command = [*enter(network, script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def run_in_pod(host, name, script, *arguments):
    """What a Python script prints that runs where a pod's own programs have their network."""
    pod = pod_of(host, name)
    if "runtimeClassName" not in pod["spec"]:
        return run_inside(_network(pod), script, *arguments)
    namespace, pod_name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    if "ephemeralContainers" not in pod["spec"]:
        _add_python(host, namespace, pod_name)
    into = ("exec", pod_name, "-n", namespace, "-c", _PYTHON, "--")
    return host.out(*into, "python3", "-c", script, *map(str, arguments))


_PYTHON = "python"


def _add_python(host, namespace, pod):
    """Add an ephemeral container; it stays as long as its pod."""
    container = {
        "name": _PYTHON,
        "image": agent_image(host),
        "command": ["python3", "-c", "import signal; signal.sigwait({signal.SIGTERM})"],
        "securityContext": pods.container_security(),
    }
    host.run(
        *("patch", "pod", pod, "-n", namespace, "--subresource=ephemeralcontainers"),
        *("-p", json.dumps({"spec": {"ephemeralContainers": [container]}})),
    )
    state = "jsonpath={.status.ephemeralContainerStatuses[0].state.running}"
    eventually(lambda: host.out("get", "pod", pod, "-n", namespace, "-o", state), f"{pod} has one")


def agent_image(host):
    """An image with a Python that every node has."""
    agent = host.json("get", "deploy", "-n", names.AGENT_NAMESPACE, "host-agent")
    return agent["spec"]["template"]["spec"]["containers"][0]["image"]


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
    return _network(pod)


def _network(pod):
    uid = pod["metadata"]["uid"]
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended between the two looks
            is_pods = f"pod{uid}" in (process / "cgroup").read_text().replace("_", "-")
            if is_pods and (process / "comm").read_text() == "pause\n":
                pids.append(int(process.name))
    assert pids, f"no pause of pod {uid} is on this machine"
    return f"/proc/{pids[0]}/ns/net"


def address_of(host, place):
    """Address and port of a place, unless it is such a pair already."""
    if isinstance(place, tuple):
        return place
    if place == "the metadata address":
        return METADATA, 443
    if place in SERVICES:
        namespace, name, port = SERVICES[place]
        return host.json("get", "service", "-n", namespace, name)["spec"]["clusterIP"], port
    if place in POD_PORTS:
        pod, port = POD_PORTS[place]
        return pod_of(host, pod)["status"]["podIP"], port
    return pod_of(host, "acme")["status"]["hostIP"], NODE_PORTS[place]


def check_open(reach, pod, place, *, seconds):
    """The pod gets there, at the latest once its policies are in force."""

    def is_open():
        found = reach(pod, place)
        assert found == "open", found
        return True

    eventually(is_open, f"{pod} reaches {place}", seconds=seconds)


def check_closed(reach, pod, place):
    """It answers the node, which no policy holds: it is there, and closed to the pod."""
    eventually(lambda: reach(None, place) == "open", f"{place} answers the node", seconds=10)
    assert reach(pod, place).startswith("closed")
