"""Command lines of the processes that make up a tenant and its store, whichever kind it is.

Owns: every flag, sorted, so that a preview never shows a diff from their order.
Not here: container specs (manifests/), memory and inflight figures (profiles.py), what the key
files hold (pki.py).
"""

from collections.abc import Mapping

from core import names, versions
from core.manifests import encryption
from core.profiles import Profile
from core.stores import StoreAccess

APISERVER_PORT = 6443
CONTROLLER_MANAGER_PORT = 10257
ETCD_CLIENT_PORT = 2379
ETCD_PEER_PORT = 2380
ETCD_METRICS_PORT = 2381

KEYS_DIR = "/etc/tenantplane/keys"
CONFIG_DIR = "/etc/tenantplane/config"
POLICIES_DIR = "/etc/tenantplane/policies"

HEALTH_PATHS = ("/healthz", "/livez", "/readyz")
"""What an API server answers to whoever asks."""

CONTROLLERS = (
    "clusterrole-aggregation-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "serviceaccount-token-controller",
)
"""What an API without workloads needs; an allow-list, because `*` grows with every release."""

DISABLED_APIS = (
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "node.k8s.io/v1",
    "policy/v1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1",
)
"""APIs about nodes and workloads; off, they save 24 MiB a tenant (docs/adr/0001)."""

_DISABLED_ADMISSION = (
    "DefaultIngressClass",
    "DefaultStorageClass",
    "DefaultTolerationSeconds",
    "LimitRanger",
    "PersistentVolumeClaimResize",
    "PodSecurity",
    "PodTopologyLabels",
    "Priority",
    "RuntimeClass",
    "StorageObjectInUseProtection",
    "TaintNodesByCondition",
)
"""Plugins whose informers would wait for ever on a disabled API, or that only concern pods."""

_UNCACHED = (
    "certificatesigningrequests.certificates.k8s.io",
    "controllerrevisions.apps",
    "daemonsets.apps",
    "endpoints",
    "leases.coordination.k8s.io",
    "limitranges",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "podtemplates",
    "replicasets.apps",
    "replicationcontrollers",
    "resourceclaims.resource.k8s.io",
    "resourceclaimtemplates.resource.k8s.io",
    "resourceslices.resource.k8s.io",
    "statefulsets.apps",
)
"""Kinds that mean little where there are no nodes: hardly anybody but a controller watches them.

Without a watch cache they work as ever, each list and watch one of etcd's; docs/adr/0001 has what
it saves, and costs. An API server takes any name here without a word: a test asks one for them.
"""

_COMPACTION_MINUTES = 5
"""History that watchers may ask for, whoever compacts: kube-apiserver's default."""

MAX_TOKEN_HOURS = 24
"""Longest that a token of a ServiceAccount works, whatever is asked for."""

_DELETE_WORKERS = 4
"""Deletes at once for one request that deletes a collection, and so for the end of a namespace.

With the usual one, 10,000 Leases on a MariaDB took longer than a request may.
"""

# A tenant has one group of API servers and no peers to proxy to: no identity leases to write.
_FEATURE_GATES = ("APIServerIdentity=false", "UnknownVersionInteroperabilityProxy=false")
_NO_RANGE_STREAM = "EtcdRangeStream=false"
_RANGE_STREAM_SINCE = (1, 37)
"""kine 0.17 says no revision in the parts of a range but the last: a page of objects that ends
with a part is answered with 500, `illegal resource version from storage: 0` (seen on PostgreSQL and
MariaDB, 10 of 25 Leases). Older API servers know no such gate, and don't start with it.
"""


def render(flags: Mapping[str, str | int]) -> list[str]:
    """`--name=value`, sorted."""
    return sorted(f"--{name}={value}" for name, value in flags.items())


def apiserver(
    *,
    tenant: str,
    domain: str,
    version: str,
    store: StoreAccess,
    profile: Profile,
    replicas: int,
) -> list[str]:
    """kube-apiserver of one tenant."""
    keys = KEYS_DIR
    flags: dict[str, str | int] = {
        **_access(),
        **_service_accounts(tenant, domain),
        **_storage(tenant, store),
        "advertise-address": "$(POD_IP)",
        "bind-address": "0.0.0.0",  # noqa: S104 -- a pod's own address; NetworkPolicies say who
        "delete-collection-workers": _DELETE_WORKERS,
        "endpoint-reconciler-type": "none",
        "feature-gates": ",".join(_feature_gates(version, store)),
        "livez-grace-period": "60s",
        "max-mutating-requests-inflight": profile.max_mutating_requests_inflight,
        "max-requests-inflight": profile.max_requests_inflight,
        "profiling": "false",
        "runtime-config": ",".join(f"{api}=false" for api in DISABLED_APIS),
        "secure-port": APISERVER_PORT,
        "service-cluster-ip-range": "10.255.0.0/24",  # names only: nothing routes to it
        "shutdown-delay-duration": "5s",
        "shutdown-send-retry-after": "true",
        "shutdown-watch-termination-grace-period": "5s",
        "tls-cert-file": f"{keys}/tls.crt",
        "tls-min-version": "VersionTLS13",
        "tls-private-key-file": f"{keys}/tls.key",
    }
    if replicas > 1:
        flags["goaway-chance"] = "0.001"  # spreads long HTTP/2 connections after a roll
    return render(flags)


def _access() -> dict[str, str | int]:
    """Who is let in, to do what, and what is written down of it."""
    return {
        "admission-control-config-file": f"{CONFIG_DIR}/admission.yaml",
        "audit-log-path": "-",  # the host collects what its pods write
        "audit-policy-file": f"{CONFIG_DIR}/audit.yaml",
        "authentication-config": f"{CONFIG_DIR}/authentication.yaml",
        "authorization-mode": "RBAC,ABAC",
        "authorization-policy-file": f"{CONFIG_DIR}/authorization.jsonl",
        "client-ca-file": f"{KEYS_DIR}/ca.crt",
        "disable-admission-plugins": ",".join(_DISABLED_ADMISSION),
        "enable-admission-plugins": "EventRateLimit",
    }


def _service_accounts(tenant: str, domain: str) -> dict[str, str | int]:
    """Tokens that it issues."""
    return {
        "service-account-extend-token-expiration": "false",
        "service-account-issuer": names.issuer(tenant, domain),
        "service-account-key-file": f"{KEYS_DIR}/service-account.pub",
        "service-account-max-token-expiration": f"{MAX_TOKEN_HOURS}h",
        "service-account-signing-key-file": f"{KEYS_DIR}/service-account.key",
    }


def _storage(tenant: str, store: StoreAccess) -> dict[str, str | int]:
    """Where its objects are, in what form, and for how long."""
    keys = KEYS_DIR
    flags: dict[str, str | int] = {
        "encryption-provider-config": f"{keys}/{encryption.FILE}",
        "etcd-compaction-interval": "0" if store.compacted else f"{_COMPACTION_MINUTES}m",
        "etcd-count-metric-poll-period": "0",
        "etcd-db-metric-poll-interval": "0",
        "etcd-prefix": names.etcd_prefix(tenant),
        "etcd-servers": store.servers,
        "event-ttl": "15m",
        "watch-cache-sizes": ",".join(f"{kind}#0" for kind in _UNCACHED),
    }
    if store.tls:
        flags |= {
            "etcd-cafile": f"{keys}/etcd-ca.crt",
            "etcd-certfile": f"{keys}/etcd.crt",
            "etcd-keyfile": f"{keys}/etcd.key",
        }
    return flags


def _feature_gates(version: str, store: StoreAccess) -> list[str]:
    streams = store.tls or versions.minor(version) < _RANGE_STREAM_SINCE
    return sorted(_FEATURE_GATES if streams else (*_FEATURE_GATES, _NO_RANGE_STREAM))


def controller_manager(*, replicas: int) -> list[str]:
    """kube-controller-manager with the controllers that a tenant needs.

    Leader election costs one write every two seconds and tenant (k3s issue 10619), so a single
    replica does without; several elect with long leases.
    """
    flags: dict[str, str | int] = {
        "bind-address": "0.0.0.0",  # noqa: S104 -- the kubelet probes the pod's address
        "concurrent-gc-syncs": 5,
        "controllers": ",".join(CONTROLLERS),
        "kube-api-burst": 40,
        "kube-api-qps": 20,
        "kubeconfig": f"{KEYS_DIR}/kubeconfig",
        "leader-elect": "true" if replicas > 1 else "false",
        "profiling": "false",
        "root-ca-file": f"{KEYS_DIR}/ca.crt",
        "secure-port": CONTROLLER_MANAGER_PORT,
        "service-account-private-key-file": f"{KEYS_DIR}/service-account.key",
        "use-service-account-credentials": "true",
    }
    if replicas > 1:
        flags["leader-elect-lease-duration"] = "60s"
        flags["leader-elect-renew-deadline"] = "40s"
        flags["leader-elect-retry-period"] = "10s"
    return render(flags)


def kine(*, ca_file: str, socket: str, connections: int, idle_connections: int) -> list[str]:
    """Flags of kine in front of an SQL server, which the environment variable KINE_ENDPOINT names.

    Compaction is the API server's: kine has none of its own since 0.16.1. Metrics are off, since
    they would be a port that asks nobody for a certificate.
    """
    return render(
        {
            "ca-file": ca_file,
            "datastore-max-idle-connections": idle_connections,
            "datastore-max-open-connections": connections,
            "listen-address": socket,
            "log-format": "json",
            "metrics-bind-address": 0,
        }
    )


def etcd_member(*, namespace: str, members: int, quota_gib: int, shared: bool) -> list[str]:
    """One etcd member; `$(POD_NAME)` comes from the environment.

    Args:
        namespace: Where the members run.
        members: How many there are.
        quota_gib: Size in GiB at which they refuse writes.
        shared: The members compact, since no tenant may; else the tenant's API server does.
    """
    keys, peers = KEYS_DIR, f"etcd-peers.{namespace}.svc"
    every = (f"etcd-{i}=https://etcd-{i}.{peers}:{ETCD_PEER_PORT}" for i in range(members))
    flags: dict[str, str | int] = {
        "advertise-client-urls": f"https://$(POD_NAME).{peers}:{ETCD_CLIENT_PORT}",
        "cert-file": f"{keys}/server.crt",
        "client-cert-auth": "true",
        "data-dir": "/var/lib/etcd/data",
        "enable-grpc-gateway": "false",  # it ignores certificate users (etcd auth/store.go)
        "initial-advertise-peer-urls": f"https://$(POD_NAME).{peers}:{ETCD_PEER_PORT}",
        "initial-cluster": ",".join(every),
        "initial-cluster-state": "new",
        "initial-cluster-token": namespace,
        "key-file": f"{keys}/server.key",
        "listen-client-urls": f"https://0.0.0.0:{ETCD_CLIENT_PORT}",
        "listen-metrics-urls": f"http://0.0.0.0:{ETCD_METRICS_PORT}",
        "listen-peer-urls": f"https://0.0.0.0:{ETCD_PEER_PORT}",
        "name": "$(POD_NAME)",
        "peer-cert-file": f"{keys}/peer.crt",
        "peer-client-cert-auth": "true",
        "peer-key-file": f"{keys}/peer.key",
        "peer-trusted-ca-file": f"{keys}/peer-ca.crt",
        "quota-backend-bytes": quota_gib * 1024**3,
        "trusted-ca-file": f"{keys}/ca.crt",
    }
    if members > 1:
        flags["feature-gates"] = "CompactHashCheck=true"  # else no CORRUPT is ever found
    if shared:
        flags["auto-compaction-mode"] = "periodic"
        flags["auto-compaction-retention"] = f"{_COMPACTION_MINUTES}m"
    return render(flags)
