"""Every pod and every namespace that a stack declares is as restricted as it can be."""

import pytest

from core import names
from tests.support.mocks import pem


@pytest.fixture
def declared(up, dev, mocks):
    """A stack with a tenant on each kind of store; what it declared."""
    server = {
        "engine": "postgresql",
        "address": "192.0.2.7",
        "ca": pem("CERTIFICATE", "sql"),
        "adminUser": "tenantplane",
        "adminPassword": "secret",
    }
    stores = {"acme": "shared", "own": "dedicated", "kine": "pg"}
    dev |= {
        "sql": {"pg": server},
        "tenants": [{"name": n, "datastore": s} for n, s in stores.items()],
    }
    up(dev)
    return mocks


def test_pod_security_restricted_is_enforced_in_every_namespace(declared):
    """But in the gateway's on a host port, which no pod of that level may have."""
    enforced = {
        one.inputs["metadata"]["name"]: one.inputs["metadata"]["labels"].get(
            "pod-security.kubernetes.io/enforce"
        )
        for one in declared.of_type(":Namespace")
    }
    assert enforced == {
        "tenant-acme": "restricted",
        "tenant-kine": "restricted",
        "tenant-own": "restricted",
        "tenantplane-etcd-shared": "restricted",
        names.AGENT_NAMESPACE: "restricted",
        names.GATEWAY_NAMESPACE: "privileged",
    }


def test_no_pod_gets_more_than_it_needs(declared):
    """The agent and the gateway call the host's API: they alone have a token."""
    with_token = set()
    seen = set()
    for one in declared.resources:
        template = one.inputs.get("spec", {}).get("template")
        if not template or not one.typ.startswith("kubernetes:apps"):
            continue
        spec = template["spec"]
        if spec.get("automountServiceAccountToken", True):
            with_token.add(one.name)
        assert spec["enableServiceLinks"] is False, one.name
        assert spec["securityContext"]["runAsNonRoot"] is True, one.name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, one.name
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            seen.add(container["name"])
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }, (one.name, container["name"])
            assert {"requests", "limits"} <= container["resources"].keys()
    assert with_token == {"host-agent-deployment", "gateway-traefik"}
    assert seen == {
        *("kube-apiserver", "kube-controller-manager", "kine"),
        *("etcd", "traefik", "host-agent"),
    }
