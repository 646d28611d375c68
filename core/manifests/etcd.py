"""The members of an etcd, shared by tenants or one tenant's own: StatefulSet, Services, rules.

Not here: its flags (core/flags.py), users and roles (the host agent), certificates (core/pki.py).
"""

from dataclasses import dataclass
from typing import Any

from core import flags, names
from core.manifests import pods

NAME = "etcd"
KEYS_SECRET = "etcd-keys"  # noqa: S105 -- a name
MEMBERS = (1, 3)
"""How many an etcd can have, the default first."""
DEFAULT_QUOTA_GIB = 2
DEFAULT_STORAGE_GIB = 4
DEFAULT_DEFRAGMENTATION_HOUR = 3
"""UTC; of a shared one, by the host agent."""
_DATA = "data"
_GOGC = 50
"""Percent of growth between Go's collections: 4 MiB less for each idle tenant than the default of
100 has, whose sixty connections are most of what a tenant costs its store (docs/adr/0001)."""

_SHARED = pods.resources(cpu_millicores=50, request_mib=256, limit_mib=4096)
DEDICATED_REQUEST_MIB = 64
DEDICATED_LIMIT_MIB = 1024
_DEDICATED = pods.resources(
    cpu_millicores=20, request_mib=DEDICATED_REQUEST_MIB, limit_mib=DEDICATED_LIMIT_MIB
)


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One etcd on a host."""

    namespace: str
    members: int
    """One of MEMBERS; 3 on as many nodes."""
    quota_gib: int
    """Size in GiB at which it refuses writes."""
    storage_gib: int
    """Size in GiB of each member's volume."""
    image: str
    tenant: str | None = None
    """Whose it is; None: many tenants share it."""
    priority_class: object = None
    """Of its pods; may be an Output. None: the host's default."""

    @property
    def labels(self) -> dict[str, str]:
        """Labels of its pods."""
        return names.workload_labels(NAME, self.tenant)


def client_url(namespace: str) -> str:
    """Where API servers of the same host find it: one address in front of all members."""
    return f"https://{NAME}.{namespace}.svc:{flags.ETCD_CLIENT_PORT}"


def client_service(cluster: Cluster) -> dict[str, Any]:
    """Spec of the Service that clients dial.

    Where there is one member nobody else could answer: it is reached from when it listens, which is
    up to a second before the kubelet knows.
    """
    return {
        "publishNotReadyAddresses": cluster.members == 1,
        "selector": cluster.labels,
        "ports": [{"name": "client", "port": flags.ETCD_CLIENT_PORT}],
    }


def peer_service(cluster: Cluster) -> dict[str, Any]:
    """Spec of the headless Service that gives members their names before they are ready."""
    return {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": cluster.labels,
        "ports": [
            {"name": "client", "port": flags.ETCD_CLIENT_PORT},
            {"name": "peer", "port": flags.ETCD_PEER_PORT},
        ],
    }


def stateful_set(cluster: Cluster, keys_hash: object) -> dict[str, Any]:
    """Spec of the StatefulSet; `keys_hash` rolls the members when certificates change."""
    return {
        "serviceName": "etcd-peers",
        "replicas": cluster.members,
        "podManagementPolicy": "Parallel",  # members wait for each other's quorum
        "selector": {"matchLabels": cluster.labels},
        "template": {
            "metadata": {
                "labels": cluster.labels,
                "annotations": {f"{names.API_GROUP}/keys-hash": keys_hash},
            },
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "securityContext": pods.pod_security(),
                "terminationGracePeriodSeconds": 30,
                **_apart(cluster),
                **pods.scheduling(cluster.priority_class),
                "containers": [_container(cluster)],
                "volumes": [pods.secret_volume("keys", KEYS_SECRET)],
            },
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": _DATA},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": f"{cluster.storage_gib}Gi"}},
                },
            }
        ],
    }


def _apart(cluster: Cluster) -> dict[str, Any]:
    """One member per node, in different zones where there are enough.

    Three members that a single node can take away survive no more than one does: the third waits
    for its node instead, and its event says so.
    """
    if cluster.members == 1:
        return {}
    selector = {"labelSelector": {"matchLabels": cluster.labels}}
    node = {**selector, "topologyKey": "kubernetes.io/hostname"}
    zone = {**selector, "topologyKey": "topology.kubernetes.io/zone"}
    return {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [node]}},
        "topologySpreadConstraints": [
            {**zone, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}
        ],
    }


def pod_disruption_budget(cluster: Cluster) -> dict[str, Any]:
    """Spec of the budget: a drain takes one member at a time, so that two of three stay."""
    return {"maxUnavailable": 1, "selector": {"matchLabels": cluster.labels}}


def _container(cluster: Cluster) -> dict[str, Any]:
    port = flags.ETCD_METRICS_PORT
    args = flags.etcd_member(
        namespace=cluster.namespace,
        members=cluster.members,
        quota_gib=cluster.quota_gib,
        shared=cluster.tenant is None,
    )
    return {
        "name": NAME,
        "image": cluster.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["etcd"],
        "args": args,
        "env": [
            {
                "name": "POD_NAME",
                "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}},
            },
            {"name": "GOGC", "value": str(_GOGC)},
        ],
        "ports": [
            {"name": "client", "containerPort": flags.ETCD_CLIENT_PORT},
            {"name": "peer", "containerPort": flags.ETCD_PEER_PORT},
            {"name": "metrics", "containerPort": port},
        ],
        "resources": (_SHARED if cluster.tenant is None else _DEDICATED),
        "securityContext": pods.container_security(),
        "startupProbe": pods.startup_probe("/readyz", port, scheme="HTTP"),
        "readinessProbe": pods.http_probe("/readyz", port, scheme="HTTP"),
        "livenessProbe": pods.http_probe("/livez", port, scheme="HTTP", failures=6),
        "volumeMounts": [
            pods.mount("keys", flags.KEYS_DIR),
            {"name": _DATA, "mountPath": "/var/lib/etcd"},
        ],
    }


def network_policy(cluster: Cluster) -> dict[str, Any]:
    """Its tenants' API servers and, of a shared one, the host agent reach it; members the peers."""
    members = pods.peer(pods=cluster.labels)
    peering = pods.tcp(flags.ETCD_CLIENT_PORT, flags.ETCD_PEER_PORT)
    return pods.network_policy(
        cluster.labels,
        ingress=[
            {"from": _clients(cluster), "ports": pods.tcp(flags.ETCD_CLIENT_PORT)},
            {"from": [members], "ports": peering},
        ],
        egress=[pods.dns_egress(), {"to": [members], "ports": peering}],
    )


def _clients(cluster: Cluster) -> list[dict[str, Any]]:
    if cluster.tenant is not None:
        return [pods.peer(pods=names.workload_labels(names.CONTROL_PLANE, cluster.tenant))]
    agent = pods.peer(
        namespace=pods.namespace_name(names.AGENT_NAMESPACE),
        pods={names.LABEL_NAME: names.AGENT},
    )
    return [pods.every_tenant(), agent]
