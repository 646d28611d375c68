"""The host agent's own workload: Deployment, rights, network rules.

Not here: what it does (agent/), the resources that it reconciles (crds.py).
"""

from collections.abc import Sequence
from typing import Any

from core import flags, names
from core.manifests import crds, etcd, kine, pods, store_limit, tenant

NAME = "host-agent"
POD_LABELS = {names.LABEL_NAME: NAME, names.LABEL_PART_OF: names.PART_OF}
TENANT_ROLE = "tenantplane-host-agent-tenant"
"""ClusterRole that a RoleBinding in each tenant's namespace grants to the agent."""

STORES_DIR = "/etc/tenantplane/stores"
LIVENESS_PORT = 8080
METRICS_PORT = 9090


def store_secret(store: str) -> str:
    """Name of the Secret with the agent's access to one store."""
    return f"store-{store}"


def cluster_role_rules() -> list[dict[str, Any]]:
    """What the agent may do everywhere: its own kinds, and events about them.

    Each is used, and no other is (tests/agent runs it with these alone).
    """
    ours = {"apiGroups": [names.API_GROUP]}
    kinds = list(crds.PLURALS)
    return [
        {**ours, "resources": kinds, "verbs": ["get", "list", "patch", "watch"]},
        {**ours, "resources": [f"{kind}/status" for kind in kinds], "verbs": ["patch"]},
        {"apiGroups": [""], "resources": ["events"], "verbs": ["create"]},
    ]


def tenant_role_rules() -> list[dict[str, Any]]:
    """What the agent may do in a tenant's namespace.

    It reads credentials, limits what is stored, and sees with which keys pods run.
    """
    return [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": [tenant.AGENT_SECRET, kine.PASSWORD_SECRET],
            "verbs": ["get"],
        },
        {
            "apiGroups": [""],
            "resources": ["configmaps"],
            "resourceNames": [store_limit.CONFIG_MAP],
            "verbs": ["get", "patch"],
        },
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    ]


def token_role_rules(secret: str) -> list[dict[str, Any]]:
    """What it may do with the one Secret in a tenant's namespace that it keeps a token in."""
    return [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": [secret],
            "verbs": ["get", "patch"],
        }
    ]


def deployment(
    *, image: str, stores: Sequence[str], keys_hash: object, priority_class: object
) -> dict[str, Any]:
    """Spec of the Deployment. One replica, replaced: two agents would work against each other."""
    return {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": POD_LABELS},
        "template": {
            "metadata": {
                "labels": POD_LABELS,
                "annotations": {f"{names.API_GROUP}/keys-hash": keys_hash},
            },
            "spec": {
                "enableServiceLinks": False,
                "serviceAccountName": NAME,
                "securityContext": pods.pod_security(),
                **pods.scheduling(priority_class),
                "containers": [_container(image, stores)],
                "volumes": [
                    {"name": "tmp", "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}},
                    *(
                        pods.secret_volume(f"store-{store}", store_secret(store))
                        for store in sorted(stores)
                    ),
                ],
            },
        },
    }


def _container(image: str, stores: Sequence[str]) -> dict[str, Any]:
    return {
        "name": NAME,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "ports": [
            {"name": "liveness", "containerPort": LIVENESS_PORT},
            {"name": "metrics", "containerPort": METRICS_PORT},
        ],
        "resources": pods.resources(cpu_millicores=20, request_mib=96, limit_mib=1024),
        "securityContext": pods.container_security(),
        "startupProbe": pods.startup_probe("/healthz", LIVENESS_PORT, scheme="HTTP"),
        "livenessProbe": pods.http_probe("/healthz", LIVENESS_PORT, scheme="HTTP", failures=6),
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 -- the only writable place
            *(pods.mount(f"store-{store}", f"{STORES_DIR}/{store}") for store in sorted(stores)),
        ],
    }


def network_policy(
    host_api: dict[str, Any], sql_servers: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Nobody calls the agent but who scrapes it; it calls stores, tenants, the host API and DNS.

    Args:
        host_api: The egress rule of `pods.host_api_egress`.
        sql_servers: Those of `pods.egress_to`.
    """
    of_no_tenant = {"key": names.LABEL_TENANT, "operator": "DoesNotExist"}
    stores = {
        "namespaceSelector": {
            "matchLabels": {names.LABEL_PART_OF: names.PART_OF},
            "matchExpressions": [of_no_tenant],
        },
        "podSelector": {"matchLabels": {names.LABEL_NAME: etcd.NAME}},
    }
    scrapers = pods.peer(namespace={names.LABEL_SCRAPER: "true"})
    return pods.network_policy(
        POD_LABELS,
        ingress=[{"from": [scrapers], "ports": pods.tcp(METRICS_PORT)}],
        egress=[
            pods.dns_egress(),
            {"to": [pods.every_tenant()], "ports": pods.tcp(flags.APISERVER_PORT)},
            {"to": [stores], "ports": pods.tcp(flags.ETCD_CLIENT_PORT)},
            *sql_servers,
            host_api,
        ],
    )
