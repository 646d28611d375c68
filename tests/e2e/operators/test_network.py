"""What operators reach, and who reaches them, tried from inside of their pods.

Each place that is closed answers the node, so that a try says something (pod_network.py). An
operator's neighbours are pods of the same tenant: another operator, and one that is none.
"""

import pytest

from core.manifests import pods
from tests.e2e.operators.conftest import OLDER, OPS
from tests.support import pod_network
from tests.support.pod_network import agent_image, check_closed, check_open

_LABEL = "tenantplane.dev/operator"
_NAME = "app.kubernetes.io/name"
PODS = {
    "ops": (f"tenant-{OPS}", f"{_NAME}=control-plane"),
    "older": (f"tenant-{OLDER}", f"{_NAME}=control-plane"),
    "ops' operator": (f"tenant-{OPS}", f"{_LABEL}=prometheus"),
    "older's operator": (f"tenant-{OLDER}", f"{_LABEL}=prometheus"),
    "crossplane": (f"tenant-{OPS}", "app=crossplane"),
    "ops' stranger": (f"tenant-{OPS}", f"{_NAME}=stranger"),
}
SERVICES = {
    "ops' Service": (f"tenant-{OPS}", "kube-apiserver", 6443),
    "older's Service": (f"tenant-{OLDER}", "kube-apiserver", 6443),
}
POD_PORTS = {
    "ops' controllers": ("ops", 10257),
    "older's pod": ("older", 6443),
    "ops' operator": ("ops' operator", 8443),
    "older's operator": ("older's operator", 8443),
    "crossplane": ("crossplane", 9443),
    "ops' stranger": ("ops' stranger", 9443),
    "the agent's discovery": ("agent", 8443),
}

OPEN = [
    ("ops", "ops' operator"),
    ("ops", "crossplane"),
    ("ops", "the agent's discovery"),
    ("ops' operator", "ops' Service"),
    ("ops' operator", "DNS"),
    ("older's operator", "older's Service"),
    ("crossplane", "ops' Service"),
    ("crossplane", "the registry"),
]
CLOSED = [
    ("ops' operator", "ops' controllers"),
    ("ops' operator", "ops' stranger"),
    ("ops' operator", "crossplane"),
    ("ops' operator", "older's Service"),
    ("ops' operator", "older's pod"),
    ("ops' operator", "older's operator"),
    ("ops' operator", "etcd"),
    ("ops' operator", "etcd's pod"),
    ("ops' operator", "the host's API"),
    ("ops' operator", "the host's API on its node"),
    ("ops' operator", "the kubelet"),
    ("ops' operator", "the agent's metrics"),
    ("ops' operator", "the agent's discovery"),
    ("ops' operator", "the metadata address"),
    ("ops' operator", "the registry"),
    ("crossplane", "ops' operator"),
    ("crossplane", "older's Service"),
    ("crossplane", "etcd"),
    ("crossplane", "the host's API"),
    ("older", "ops' operator"),
    ("older's operator", "ops' operator"),
    ("older's operator", "ops' Service"),
    ("agent", "ops' operator"),
    ("traefik", "ops' operator"),
    ("etcd", "ops' operator"),
    ("a pod without policies", "ops' operator"),
    ("ops", "ops' stranger"),
    ("ops' stranger", "ops' operator"),
    ("ops' stranger", "ops' Service"),
    ("ops' stranger", "DNS"),
]

_WAIT = """\
import socket
with socket.create_server(("", 9443)) as server:
    while True:
        server.accept()[0].close()
"""


@pytest.fixture(scope="module", autouse=True)
def stranger(host, operated, node):
    """A pod beside ops' operators that is none; it listens, by the agent's image and its Python."""
    namespace, label = PODS["ops' stranger"]
    key, _, name = label.partition("=")
    container = {
        "name": "listens",
        "image": agent_image(host),
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", _WAIT],
        "resources": pods.resources(cpu_millicores=5, request_mib=16, limit_mib=64),
        "securityContext": pods.container_security(),
    }
    manifest = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {key: name}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": pods.pod_security(),
            "terminationGracePeriodSeconds": 0,
            "containers": [container],
        },
    }
    try:
        host.apply(manifest)
        host.run("wait", "pod", name, "-n", namespace, "--for=condition=Ready")
        yield
    finally:
        host.run("delete", "pod", name, "-n", namespace, "--ignore-not-found")


@pytest.fixture
def places(registry, monkeypatch):
    """Places of this package, beside those that all have; returns what isn't known by a name."""
    for known, more in (("PODS", PODS), ("SERVICES", SERVICES), ("POD_PORTS", POD_PORTS)):
        monkeypatch.setattr(pod_network, known, {**getattr(pod_network, known), **more})
    address, _, port = registry["address"].partition(":")
    return {"the registry": (address, int(port))}


@pytest.mark.parametrize(("pod", "place"), OPEN)
def test_it_gets_where_it_has_to(reach, places, pod, place):
    check_open(reach, pod, places.get(place, place), seconds=20)


@pytest.mark.parametrize(("pod", "place"), CLOSED)
def test_nobody_else_reaches_an_operator_nor_it_anybody_else(reach, places, pod, place):
    check_closed(reach, pod, places.get(place, place))
