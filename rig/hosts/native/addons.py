"""addons: the objects that make a bare API server a host: DNS, storage, roles, as manifests.

Not here: how they are applied (up.py), the Gateway API's definitions (gateway_api.py).
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from core.host_facts import ENFORCER_ANNOTATION
from core.versions import image
from rig.hosts.native.layout import CLUSTER_DOMAIN, DNS_SERVICE_ADDRESS

Manifest = dict[str, Any]

PROVISIONER = "tenantplane.dev/local"
STORAGE_CLASS = "local"

_COREFILE = f"""\
{CLUSTER_DOMAIN}:53 in-addr.arpa:53 ip6.arpa:53 {{
  errors
  kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
    pods insecure
    ttl 5
  }}
  cache 5
  loadbalance
  ready
}}
# The host has no way out: no other name exists. Silence would cost each asker its timeout.
# In a block of its own: where both are, this plugin comes before `kubernetes` and `hosts`.
.:53 {{
  errors
  health
  template ANY ANY {{
    rcode NXDOMAIN
  }}
}}
"""

_BESIDE = """\
{name}:53 {{
  errors
  hosts {{
    {address} {name}
  }}
}}
"""

_SYSTEM = {"namespace": "kube-system"}
_DNS_LABELS = {"k8s-app": "kube-dns"}


def manifests(names: Mapping[str, str]) -> list[Manifest]:
    """Return all objects in the order in which they are applied.

    Args:
        names: Those that DNS knows beside the cluster's own, each with its address.
    """
    beside = [_BESIDE.format(name=name, address=names[name]) for name in sorted(names)]
    return [
        _enforcer(),
        *_role("kube-router", "tenantplane:kube-router", _KUBE_ROUTER_RULES),
        *_role("provisioner", "tenantplane:provisioner", _PROVISIONER_RULES),
        _issuer_discovery(),
        _storage_class(),
        *_core_dns("".join([_COREFILE, *beside])),
    ]


def _enforcer() -> Manifest:
    """Name what enforces NetworkPolicies here: it runs outside of pods, where nobody sees it."""
    annotations = {ENFORCER_ANNOTATION: "kube-router"}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "kube-system", "annotations": annotations},
    }


_READ = ["get", "list", "watch"]
_KUBE_ROUTER_RULES = [
    {
        "apiGroups": [""],
        "resources": ["namespaces", "pods", "services", "nodes", "endpoints"],
        "verbs": _READ,
    },
    {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": _READ},
    {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
]
_PROVISIONER_RULES = [
    {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": _READ},
    {
        "apiGroups": [""],
        "resources": ["persistentvolumes"],
        "verbs": [*_READ, "create", "delete"],
    },
]


def _role(name: str, user: str, rules: list[dict[str, Any]]) -> list[Manifest]:
    """Return a ClusterRole and its binding to a user of the host's CA."""
    role = f"tenantplane:{name}"
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": role},
            "rules": rules,
        },
        _binding(role, role, {"kind": "User", "name": user}),
    ]


def _binding(name: str, role: str, subject: dict[str, str]) -> Manifest:
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role},
        "subjects": [{**subject, "apiGroup": group}],
    }


def _issuer_discovery() -> Manifest:
    """Return the binding that lets anyone read the public keys of the host's tokens."""
    return _binding(
        "tenantplane:issuer-discovery",
        "system:service-account-issuer-discovery",
        {"kind": "Group", "name": "system:unauthenticated"},
    )


def _storage_class() -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": STORAGE_CLASS,
            "annotations": {"storageclass.kubernetes.io/is-default-class": "true"},
        },
        "provisioner": PROVISIONER,
        "reclaimPolicy": "Delete",
        # One node: there is no first consumer to wait for, and waiting would cost its start time.
        "volumeBindingMode": "Immediate",
    }


def _core_dns(corefile: str) -> list[Manifest]:
    name = {"name": "coredns", **_SYSTEM}
    rules = [
        {"apiGroups": [""], "resources": ["services", "pods", "namespaces"], "verbs": _READ},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": _READ},
    ]
    role, binding = _role("coredns", "", rules)
    binding["subjects"] = [{"kind": "ServiceAccount", **name}]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": name},
        role,
        binding,
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": name,
            "data": {"Corefile": corefile},
        },
        _dns_service(),
        _dns_deployment(corefile),
    ]


def _dns_service() -> Manifest:
    ports = [
        {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
        {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "kube-dns", "labels": _DNS_LABELS, **_SYSTEM},
        "spec": {"clusterIP": DNS_SERVICE_ADDRESS, "selector": _DNS_LABELS, "ports": ports},
    }


def _dns_container() -> Manifest:
    return {
        "name": "coredns",
        "image": image("coredns"),
        "imagePullPolicy": "IfNotPresent",
        "command": ["coredns"],
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"name": "dns", "containerPort": 53, "protocol": "UDP"},
            {"name": "dns-tcp", "containerPort": 53, "protocol": "TCP"},
        ],
        "readinessProbe": {
            "httpGet": {"path": "/ready", "port": 8181},
            "periodSeconds": 1,
            "failureThreshold": 30,
        },
        "livenessProbe": {
            "httpGet": {"path": "/health", "port": 8080},
            "periodSeconds": 10,
            "initialDelaySeconds": 30,
        },
        "resources": {"requests": {"cpu": "20m", "memory": "40Mi"}, "limits": {"memory": "170Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
    }


def _dns_deployment(corefile: str) -> Manifest:
    pod = {
        "serviceAccountName": "coredns",
        "priorityClassName": "system-cluster-critical",
        "dnsPolicy": "Default",
        "terminationGracePeriodSeconds": 5,
        # Port 53 itself: NetworkPolicies see the pod's port, and everybody's say 53.
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
            "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "53"}],
        },
        "containers": [_dns_container()],
        "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
    }
    # A changed configuration means new pods.
    digest = hashlib.sha256(corefile.encode()).hexdigest()[:16]
    metadata = {"labels": _DNS_LABELS, "annotations": {"tenantplane.dev/corefile": digest}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "coredns", "labels": _DNS_LABELS, **_SYSTEM},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": _DNS_LABELS},
            "template": {"metadata": metadata, "spec": pod},
        },
    }
