"""host_facts: what an existing cluster must have to be a host, judged from what was read of it.

Not here: reading it (components/_facts.py), the clusters that we make (components/_gke.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core import names, versions
from core.errors import describe

GATEWAY_GROUP = "gateway.networking.k8s.io"
GATEWAY_RESOURCES = frozenset({"gatewayclasses", "gateways", "tlsroutes"})
"""What we use of the Gateway API's v1; ReferenceGrants and HTTPRoutes are not needed."""

ENFORCER_ANNOTATION = f"{names.API_GROUP}/network-policy-enforcer"
"""On namespace kube-system: names an enforcer that can't be seen (it runs outside of pods)."""

_ENFORCERS = frozenset(
    {
        "anetd",  # GKE Dataplane V2
        "antrea-agent",
        "azure-npm",
        "calico-node",
        "canal",
        "cilium",
        "kindnet",  # enforces since kind 0.24
        "kube-ovn-cni",
        "kube-router",
        "ovnkube-node",
        "weave-net",
    }
)
"""DaemonSets of network plugins that enforce NetworkPolicies."""

_NODES_IN_NO_BLOCK = frozenset({"anetd", "cilium"})
"""Enforcers to which no node is in an ipBlock (https://github.com/cilium/cilium/issues/20550)."""

_API_SERVICE_PORT = 443
"""Port of the Service `default/kubernetes` on every cluster."""

DEFAULT_API_PORTS = (_API_SERVICE_PORT, 6443)
"""Ports of an API server whose own can't be read."""

_INSTALL_GATEWAY_API = (
    "kubectl apply --server-side -f https://github.com/kubernetes-sigs/gateway-api"
    f"/releases/download/v{versions.GATEWAY_API}/standard-install.yaml"
)


@dataclass(frozen=True, kw_only=True)
class HostFacts:
    """What was read of a cluster."""

    kubernetes_version: str
    """gitVersion of its API server: v1.37.2, v1.33.1-gke.1107000, v1.34.2+k3s1."""

    gateway_resources: frozenset[str]
    """Resources that it serves in v1 of the Gateway API."""

    gateway_bundle: str | None
    """bundle-version annotation of the TLSRoute CRD, None when there is no such CRD."""

    storage_classes: tuple[str, ...]
    default_storage_classes: tuple[str, ...]

    daemon_sets: frozenset[str]
    """Names of all DaemonSets."""

    policy_enforcer: str | None
    """Value of ENFORCER_ANNOTATION on kube-system."""

    api_ports: frozenset[int]
    """Ports of its API servers, by the EndpointSlices of `default/kubernetes`."""

    issuer: str | None
    """URL of the issuer of its service accounts' tokens; None when it doesn't say."""


def problems(facts: HostFacts, host: str) -> Iterator[str]:
    """Yield everything that keeps tenants from working on this cluster, with how to get it."""
    thing = f"host {host}"
    version = parse_version(facts.kubernetes_version)
    if version < versions.HOST_KUBERNETES_MIN:
        least = dotted(versions.HOST_KUBERNETES_MIN)
        yield describe(
            thing,
            f"Kubernetes is older than {least}",
            facts.kubernetes_version,
            "upgrade the cluster or adopt another",
        )
    if missing := sorted(GATEWAY_RESOURCES - facts.gateway_resources):
        least = dotted(versions.GATEWAY_API_MIN)
        yield describe(
            thing,
            f"the Gateway API of {least} or newer is not installed: "
            f"{', '.join(missing)} of {GATEWAY_GROUP}/v1 not served",
            facts.gateway_bundle or "no Gateway API",
            f"run `{_INSTALL_GATEWAY_API}`",
        )
    if not facts.default_storage_classes:
        yield describe(thing, "there is no default StorageClass", remedy=_storage_remedy(facts))


def warnings(facts: HostFacts, host: str) -> Iterator[str]:
    """Yield what may be wrong with this cluster but can't be seen for certain."""
    if enforcer(facts) is None:
        annotate = f"kubectl annotate namespace kube-system {ENFORCER_ANNOTATION}=<name>"
        yield describe(
            f"host {host}",
            "no enforcer of NetworkPolicies is seen, so tenants may reach each other's pods",
            remedy="install one (Calico, Cilium, kube-router) or name the one that runs outside of "
            f"pods: `{annotate}`",
        )


def enforcer(facts: HostFacts) -> str | None:
    """Return what enforces NetworkPolicies, as far as it can be seen."""
    seen = sorted(_ENFORCERS & facts.daemon_sets)
    if seen:
        return seen[0]
    if "+k3s" in facts.kubernetes_version or "+rke2" in facts.kubernetes_version:
        return "kube-router"  # part of the k3s process: https://docs.k3s.io/networking
    return facts.policy_enforcer


def api_ports(facts: HostFacts) -> tuple[int, ...]:
    """Return the ports at which pods reach its API server: its Service's and its own.

    Enforcers judge by one or by the other. microk8s has 16443; no list would name them all.
    """
    if not facts.api_ports:
        return DEFAULT_API_PORTS
    return tuple(sorted({_API_SERVICE_PORT, *facts.api_ports}))


def hides_nodes_from_blocks(facts: HostFacts) -> bool:
    """Say whether a NetworkPolicy's ipBlock may miss the API server, because it is on a node."""
    return bool(_NODES_IN_NO_BLOCK & {*facts.daemon_sets, facts.policy_enforcer})


def parse_version(git_version: str) -> tuple[int, int]:
    """Return major and minor of a gitVersion; (0, 0) when it can't be read."""
    parts = git_version.removeprefix("v").split(".")
    digits = ["".join(c for c in part if c in "0123456789") for part in parts[:2]]
    if len(digits) < 2 or not all(digits):  # noqa: PLR2004 - major and minor
        return 0, 0
    return int(digits[0]), int(digits[1])


def dotted(version: Iterable[int]) -> str:
    """Return 1.31 for (1, 31)."""
    return ".".join(str(part) for part in version)


def _storage_remedy(facts: HostFacts) -> str:
    if not facts.storage_classes:
        return "install a provisioner of PersistentVolumes that has one"
    annotation = "storageclass.kubernetes.io/is-default-class=true"
    return f"run `kubectl annotate storageclass {facts.storage_classes[0]} {annotation}`"
