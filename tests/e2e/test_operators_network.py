"""Operators beside a tenant's API server: what they reach, who reaches them, tried from inside.

As in test_network.py, with pods that stand in for operators: the agent's image has a Python that
can listen. What declares operators is not here yet; the label and its policies are.
"""

import pytest

from core.manifests import pods
from tests.support.pod_network import PODS, agent_image, check_closed, check_open

pytestmark = pytest.mark.usefixtures("operators")

OPEN = [
    ("acme", "acme's operator"),
    ("acme's operator", "acme's Service"),
    ("acme's operator", "DNS"),
    ("globex's operator", "globex's Service"),
]
CLOSED = [
    ("acme's operator", "acme's controllers"),
    ("acme's operator", "acme's stranger"),
    ("acme's operator", "globex's Service"),
    ("acme's operator", "globex's pod"),
    ("acme's operator", "etcd"),
    ("acme's operator", "the host's API"),
    ("acme's operator", "the host's API on its node"),
    ("acme's operator", "the kubelet"),
    ("acme's operator", "the agent's metrics"),
    ("acme's operator", "the metadata address"),
    ("globex", "acme's operator"),
    ("globex's operator", "acme's operator"),
    ("globex's operator", "acme's Service"),
    ("agent", "acme's operator"),
    ("traefik", "acme's operator"),
    ("etcd", "acme's operator"),
    ("a pod without policies", "acme's operator"),
    ("acme", "acme's stranger"),
    ("acme's stranger", "acme's operator"),
    ("acme's stranger", "acme's Service"),
    ("acme's stranger", "DNS"),
]

_LISTEN = """\
import socket
with socket.create_server(("", 9443)) as server:
    while True:
        server.accept()[0].close()
"""


def manifest(name, image):
    """A pod that listens, with the labels by which pod_network.py finds it."""
    namespace, label = PODS[name]
    key, _, value = label.partition("=")
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": value, "namespace": namespace, "labels": {key: value}},
        "spec": {
            "automountServiceAccountToken": False,
            "securityContext": pods.pod_security(),
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {
                    "name": "listens",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["python3", "-c", _LISTEN],
                    "resources": pods.resources(cpu_millicores=5, request_mib=16, limit_mib=64),
                    "securityContext": pods.container_security(),
                }
            ],
        },
    }


@pytest.fixture(scope="module")
def operators(host, node):
    """One of acme, one of globex, and a pod beside acme's that is none."""
    image = agent_image(host)
    made = [manifest(one, image) for one in PODS if one.endswith(("operator", "stranger"))]
    try:
        for one in made:
            host.apply(one)
        for one in made:
            namespace, name = one["metadata"]["namespace"], one["metadata"]["name"]
            host.run("wait", "pod", name, "-n", namespace, "--for=condition=Ready")
        yield
    finally:
        for one in made:
            namespace, name = one["metadata"]["namespace"], one["metadata"]["name"]
            host.run("delete", "pod", name, "-n", namespace, "--ignore-not-found")


@pytest.mark.parametrize(("pod", "place"), OPEN)
def test_an_operator_and_its_own_api_server_reach_each_other(reach, pod, place):
    check_open(reach, pod, place, seconds=20)


@pytest.mark.parametrize(("pod", "place"), CLOSED)
def test_nobody_else_reaches_an_operator_nor_it_anybody_else(reach, pod, place):
    check_closed(reach, pod, place)
