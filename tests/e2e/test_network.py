"""Which ways the NetworkPolicies leave open, and which they close, tried from inside of pods.

The rules themselves are held in tests/core/manifests/test_network_policies.py; the tenants on other
stores than the shared etcd are stores/test_fence.py's, one with an issuer test_oidc.py's.
"""

import socket

import pytest

from core import names
from tests.support.kubectl import eventually
from tests.support.pod_network import (
    ETCD,
    PODS,
    address_of,
    check_closed,
    check_open,
    run_in_pod,
)

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


@pytest.mark.parametrize(("pod", "place"), OPEN)
def test_what_is_needed_is_reached(reach, pod, place):
    """From the pod without policies: what is closed to others is closed by theirs alone."""
    check_open(reach, pod, place, seconds=10)


@pytest.mark.parametrize(("pod", "place"), CLOSED)
def test_what_is_not_needed_is_out_of_reach(reach, pod, place):
    check_closed(reach, pod, place)


def test_names_are_answered_over_udp(host, node):
    """How every API server finds its store."""
    server, _ = address_of(host, "DNS")
    store, _ = address_of(host, "etcd")
    name = f"etcd.{ETCD}.svc.cluster.local"

    def is_found():
        answer = run_in_pod(host, "acme", _LOOK_UP, server, name)
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
