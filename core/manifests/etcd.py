"""The shared etcd of a host: StatefulSet, Services, network rules.

Not here: its flags (core/flags.py), users and roles (the host agent), certificates (core/pki.py).
"""

from typing import Any

from core import flags, names
from core.manifests import pods

NAME = "etcd"
KEYS_SECRET = "etcd-keys"  # noqa: S105 -- a name
POD_LABELS = {names.LABEL_NAME: NAME, names.LABEL_PART_OF: names.PART_OF}
_DATA = "data"
_GOGC = 50
"""Percent of growth between Go's collections: 4 MiB less for each idle tenant than the default of
100 has, whose sixty connections are most of what a tenant costs its store (docs/adr/0001)."""


def client_url(pool: str) -> str:
    """Where API servers of the same host find the pool: one address in front of all members."""
    return f"https://{NAME}.{names.etcd_namespace(pool)}.svc:{flags.ETCD_CLIENT_PORT}"


def client_service() -> dict[str, Any]:
    """Spec of the Service that clients dial."""
    return {
        "selector": POD_LABELS,
        "ports": [{"name": "client", "port": flags.ETCD_CLIENT_PORT}],
    }


def peer_service() -> dict[str, Any]:
    """Spec of the headless Service that gives members their names before they are ready."""
    return {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": POD_LABELS,
        "ports": [
            {"name": "client", "port": flags.ETCD_CLIENT_PORT},
            {"name": "peer", "port": flags.ETCD_PEER_PORT},
        ],
    }


def stateful_set(
    *, pool: str, members: int, quota_gib: int, storage_gib: int, image: str, keys_hash: object
) -> dict[str, Any]:
    """Spec of the StatefulSet; `keys_hash` rolls the members when certificates change."""
    return {
        "serviceName": "etcd-peers",
        "replicas": members,
        "podManagementPolicy": "Parallel",  # members wait for each other's quorum
        "selector": {"matchLabels": POD_LABELS},
        "template": {
            "metadata": {
                "labels": POD_LABELS,
                "annotations": {f"{names.API_GROUP}/keys-hash": keys_hash},
            },
            "spec": {
                "automountServiceAccountToken": False,
                "enableServiceLinks": False,
                "securityContext": pods.pod_security(),
                "terminationGracePeriodSeconds": 30,
                **_apart(members),
                "containers": [_container(pool, members, quota_gib, image)],
                "volumes": [pods.secret_volume("keys", KEYS_SECRET)],
            },
        },
        "volumeClaimTemplates": [
            {
                "metadata": {"name": _DATA},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": f"{storage_gib}Gi"}},
                },
            }
        ],
    }


def _apart(members: int) -> dict[str, Any]:
    """One member per node, in different zones where there are enough.

    Three members that a single node can take away survive no more than one does: the third waits
    for its node instead, and its event says so.
    """
    if members == 1:
        return {}
    selector = {"labelSelector": {"matchLabels": POD_LABELS}}
    node = {**selector, "topologyKey": "kubernetes.io/hostname"}
    zone = {**selector, "topologyKey": "topology.kubernetes.io/zone"}
    return {
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [node]}},
        "topologySpreadConstraints": [
            {**zone, "maxSkew": 1, "whenUnsatisfiable": "ScheduleAnyway"}
        ],
    }


def pod_disruption_budget() -> dict[str, Any]:
    """Spec of the budget: a drain takes one member at a time, so that two of three stay."""
    return {"maxUnavailable": 1, "selector": {"matchLabels": POD_LABELS}}


def _container(pool: str, members: int, quota_gib: int, image: str) -> dict[str, Any]:
    port = flags.ETCD_METRICS_PORT
    args = flags.etcd_member(pool=pool, members=members, quota_gib=quota_gib)
    return {
        "name": NAME,
        "image": image,
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
        "resources": pods.resources(cpu_millicores=50, request_mib=256, limit_mib=4096),
        "securityContext": pods.container_security(),
        "startupProbe": pods.startup_probe("/readyz", port, scheme="HTTP"),
        "readinessProbe": pods.http_probe("/readyz", port, scheme="HTTP"),
        "livenessProbe": pods.http_probe("/livez", port, scheme="HTTP", failures=6),
        "volumeMounts": [
            pods.mount("keys", flags.KEYS_DIR),
            {"name": _DATA, "mountPath": "/var/lib/etcd"},
        ],
    }


def network_policy() -> dict[str, Any]:
    """Tenants' API servers and the host agent reach the client port, members alone the peers."""
    agent = pods.peer(
        namespace=pods.namespace_name(names.AGENT_NAMESPACE),
        pods={names.LABEL_NAME: "host-agent"},
    )
    members = pods.peer(pods=POD_LABELS)
    peering = pods.tcp(flags.ETCD_CLIENT_PORT, flags.ETCD_PEER_PORT)
    return pods.network_policy(
        POD_LABELS,
        ingress=[
            {"from": [pods.every_tenant(), agent], "ports": pods.tcp(flags.ETCD_CLIENT_PORT)},
            {"from": [members], "ports": peering},
        ],
        egress=[pods.dns_egress(), {"to": [members], "ports": peering}],
    )
