"""What an operator's pod reaches: its tenant, DNS, what its config names; and nothing else.

Each that is closed answers the node, so that a try of the pod says something (pod_network.py).
"""

import pytest

from tests.e2e.operators.conftest import OLDER, OPS
from tests.support import pod_network
from tests.support.pod_network import check_closed, check_open

LABEL = "tenantplane.dev/operator"
PODS = {
    "ops": (f"tenant-{OPS}", "app.kubernetes.io/name=control-plane"),
    "crossplane": (f"tenant-{OPS}", "app=crossplane"),
    "webhook": (f"tenant-{OPS}", f"{LABEL}=prometheus"),
    "another's webhook": (f"tenant-{OLDER}", f"{LABEL}=prometheus"),
}
SERVICES = {
    "ops' Service": (f"tenant-{OPS}", "kube-apiserver", 6443),
    "another's Service": (f"tenant-{OLDER}", "kube-apiserver", 6443),
}


@pytest.fixture(autouse=True)
def places(operated, monkeypatch):
    """Places of this package, beside those that all have."""
    monkeypatch.setattr(pod_network, "PODS", {**pod_network.PODS, **PODS})
    monkeypatch.setattr(pod_network, "SERVICES", {**pod_network.SERVICES, **SERVICES})
    ports = {
        "the agent's discovery": ("agent", 8443),
        "another's webhook": ("another's webhook", 8443),
        "crossplane's webhooks": ("crossplane", 9443),
        "the webhook": ("webhook", 8443),
    }
    monkeypatch.setattr(pod_network, "POD_PORTS", {**pod_network.POD_PORTS, **ports})


@pytest.fixture
def registry_place(registry):
    address, _, port = registry["address"].partition(":")
    return address, int(port)


@pytest.mark.parametrize("place", ["ops' Service", "DNS"])
def test_it_reaches_its_tenant_and_dns(reach, place):
    check_open(reach, "crossplane", place, seconds=20)


def test_it_reaches_what_its_config_names_and_its_neighbour_does_not(reach, registry_place):
    check_open(reach, "crossplane", registry_place, seconds=20)
    check_closed(reach, "webhook", registry_place)


def test_its_api_server_reaches_it(reach):
    check_open(reach, "ops", "the webhook", seconds=20)
    check_open(reach, "ops", "crossplane's webhooks", seconds=20)


def test_a_tenants_api_server_asks_the_agent_who_its_operators_are(reach):
    check_open(reach, "ops", "the agent's discovery", seconds=20)


@pytest.mark.parametrize(
    "place",
    [
        "another's Service",
        "another's webhook",
        "the agent's discovery",
        "the agent's metrics",
        "etcd",
        "etcd's pod",
        "the host's API",
        "the host's API on its node",
        "the kubelet",
        "the metadata address",
        "the webhook",
    ],
)
def test_it_reaches_nothing_else(reach, place):
    check_closed(reach, "crossplane", place)


def test_nobody_elses_operator_reaches_it(reach):
    check_closed(reach, "another's webhook", "crossplane's webhooks")
