"""Pieces that every pod of ours shares: Pod Security `restricted`, probes, network rules.

Not here: the workloads (tenant.py, kine.py, etcd.py, gateway.py, agent.py).
"""

import ipaddress
from collections.abc import Mapping, Sequence
from typing import Any

from core import names

USER = 65532
"""`nonroot` of the distroless images; owner of everything that our containers may read."""

RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
}
"""Labels of every namespace of ours."""


_NOT_PUBLIC = (
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "240.0.0.0/4",
)
"""Addresses that are nobody's on the internet (RFC 6890): hosts, pods, metadata."""


def pod_security() -> dict[str, Any]:
    """Pod-level security context: non-root, default seccomp, volumes readable by our group."""
    return {
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "runAsGroup": USER,
        "runAsNonRoot": True,
        "runAsUser": USER,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security() -> dict[str, Any]:
    """Container-level security context that Pod Security `restricted` admits."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def resources(*, cpu_millicores: int, request_mib: int, limit_mib: int) -> dict[str, Any]:
    """Requests, and a limit on memory alone: a CPU limit throttles an API server at start."""
    return {
        "requests": {"cpu": f"{cpu_millicores}m", "memory": f"{request_mib}Mi"},
        "limits": {"memory": f"{limit_mib}Mi"},
    }


def scheduling(priority_class: object, runtime_class: str | None = None) -> dict[str, Any]:
    """Return where a pod stands among others and what runs it; None is the host's default.

    Args:
        priority_class: Name of a PriorityClass; may be an Output.
        runtime_class: Name of a RuntimeClass.
    """
    asked = {"priorityClassName": priority_class, "runtimeClassName": runtime_class}
    return {key: name for key, name in asked.items() if name is not None}


def spread(pods: Mapping[str, str]) -> list[dict[str, Any]]:
    """Constraints that keep replicas on different nodes and in different zones, where there are."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(pods)},
        }
        for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
    ]


def most(replicas: int) -> int:
    """Most pods of a Deployment: an upgrade's surge, and one that is slow to end."""
    return 2 * replicas + 1


def http_probe(
    path: str, port: int, *, scheme: str = "HTTPS", period_seconds: int = 10, failures: int = 3
) -> dict[str, Any]:
    """Return an httpGet probe."""
    return {
        "httpGet": {"path": path, "port": port, "scheme": scheme},
        "periodSeconds": period_seconds,
        "timeoutSeconds": 5,
        "failureThreshold": failures,
    }


def startup_probe(path: str, port: int, *, scheme: str = "HTTPS") -> dict[str, Any]:
    """Every second for two minutes: what waits for it starts within a second of readiness."""
    return {
        **http_probe(path, port, scheme=scheme, period_seconds=1, failures=120),
        "timeoutSeconds": 2,
    }


def secret_volume(name: str, secret: str) -> dict[str, Any]:
    """A volume of a Secret that only our group reads."""
    return {"name": name, "secret": {"secretName": secret, "defaultMode": 0o440}}


def mount(name: str, path: str) -> dict[str, Any]:
    """A read-only mount."""
    return {"name": name, "mountPath": path, "readOnly": True}


def tcp(*ports: int) -> list[dict[str, Any]]:
    """Return ports of a NetworkPolicy rule."""
    return [{"protocol": "TCP", "port": port} for port in ports]


def peer(
    *, namespace: Mapping[str, str] | None = None, pods: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A NetworkPolicy peer by labels; no namespace means the policy's own."""
    selector: dict[str, Any] = {}
    if namespace is not None:
        selector["namespaceSelector"] = {"matchLabels": dict(namespace)}
    if pods is not None:
        selector["podSelector"] = {"matchLabels": dict(pods)}
    return selector


def every_tenant() -> dict[str, Any]:
    """A NetworkPolicy peer: the control plane pods of all tenants, and of nobody else.

    An operator's pod beside one may have any label but `part-of` (core/operators/refusals.py).
    """
    exists = {"key": names.LABEL_TENANT, "operator": "Exists"}
    return {
        "namespaceSelector": {"matchExpressions": [exists]},
        "podSelector": {"matchLabels": names.workload_labels(names.CONTROL_PLANE)},
    }


def namespace_name(name: str) -> dict[str, str]:
    """Label that Kubernetes puts on every namespace."""
    return {"kubernetes.io/metadata.name": name}


def dns_egress() -> dict[str, Any]:
    """Egress to the cluster's DNS, wherever it keeps it under kube-system."""
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"to": [peer(namespace=namespace_name("kube-system"))], "ports": ports}


def host_api_egress(ports: Sequence[int], *, by_port_alone: bool) -> dict[str, Any]:
    """Egress to the host's API server: no pod to select, at addresses that managed hosts move.

    Args:
        ports: Of its Service and of its endpoints: some enforcers see one, some the other.
        by_port_alone: Don't even leave link-local addresses out, where clouds keep credentials:
            Cilium counts no node under any ipBlock (https://github.com/cilium/cilium/issues/20550).

    IPv4 alone, like a tenant's route; and kube-router 1 takes every `/0` for IPv4's.
    """
    return {"ports": tcp(*ports)} if by_port_alone else anywhere(ports)


def egress_to(address: object, port: int, network: object = None) -> dict[str, Any]:
    """Egress to a server outside the cluster: its address alone; a name, by its port.

    Args:
        address: An IP address or a name; may be an Output, and counts as a name then.
        port: Of the server.
        network: In CIDR notation, where it is reached whatever its address; may be an Output.
    """
    if network is None:
        try:
            known = ipaddress.ip_address(address if isinstance(address, str) else "")
        except ValueError:
            return anywhere([port])
        network = f"{known}/{known.max_prefixlen}"
    return {"to": [{"ipBlock": {"cidr": network}}], "ports": tcp(port)}


def anywhere(ports: Sequence[int]) -> dict[str, Any]:
    """Egress to ports, wherever a name may lead; but not where clouds keep credentials."""
    block = {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}
    return {"to": [{"ipBlock": block}], "ports": tcp(*ports)}


def public_egress(ports: Sequence[int]) -> dict[str, Any]:
    """Egress to ports of whatever is public."""
    block = {"cidr": "0.0.0.0/0", "except": list(_NOT_PUBLIC)}
    return {"to": [{"ipBlock": block}], "ports": tcp(*ports)}


def issuer_egress(network: str | None, port: int) -> dict[str, Any]:
    """Egress to an issuer of tokens: its network, or else whatever is public."""
    if network is None:
        return public_egress([port])
    return {"to": [{"ipBlock": {"cidr": network}}], "ports": tcp(port)}


def network_policy(
    pods: Mapping[str, str],
    ingress: Sequence[Mapping[str, Any]],
    egress: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Spec of a NetworkPolicy that denies everything it does not name, both ways."""
    return {
        "podSelector": {"matchLabels": dict(pods)},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": list(ingress),
        "egress": list(egress),
    }


DENY_ALL = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
"""Spec of a NetworkPolicy that denies everything for every pod of its namespace."""
