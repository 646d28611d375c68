"""The host agent's own workload: Deployment, rights, network rules.

Not here: what it does (agent/), the resources that it reconciles (crds.py).
"""

from collections.abc import Sequence
from typing import Any

from core import flags, names
from core.manifests import crds, etcd, host_accounts, kine, pods, store_limit, tenant

NAME = names.AGENT
POD_LABELS = {names.LABEL_NAME: NAME, names.LABEL_PART_OF: names.PART_OF}
TENANT_ROLE = "tenantplane-host-agent-tenant"
"""ClusterRole that a RoleBinding in each tenant's namespace grants to the agent."""

OPERATORS_ROLE = "tenantplane-host-agent-operators"
"""ClusterRole that a RoleBinding of each operator grants to the agent in its tenant's namespace."""

STORES_DIR = "/etc/tenantplane/stores"
LIVENESS_PORT = 8080
METRICS_PORT = 9090
TLS_DIR = "/etc/tenantplane/tls"
TLS_SECRET = "host-agent-tls"  # noqa: S105 -- a name


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
        {"nonResourceURLs": list(host_accounts.DISCOVERY_PATHS), "verbs": ["get"]},
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


def operators_role_rules() -> list[dict[str, Any]]:
    """What the agent may do besides in the namespace of a tenant with operators.

    It copies what their pods read, under names that only the tenant's objects have
    (core/operators/wiring.py), and runs what they install.
    """
    verbs = ["create", "delete", "get", "list", "patch"]
    return [
        {
            "apiGroups": [""],
            "resources": ["configmaps", "secrets", "serviceaccounts", "services"],
            "verbs": verbs,
        },
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": [*verbs, "watch"]},
        {
            "apiGroups": ["batch"],
            "resources": ["jobs"],
            "verbs": ["create", "delete", "get", "patch"],
        },
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
                    pods.secret_volume("tls", TLS_SECRET),
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
            {"name": "discovery", "containerPort": host_accounts.DISCOVERY_PORT},
        ],
        "resources": pods.resources(cpu_millicores=20, request_mib=96, limit_mib=1024),
        "securityContext": pods.container_security(),
        "startupProbe": pods.startup_probe("/healthz", LIVENESS_PORT, scheme="HTTP"),
        "livenessProbe": pods.http_probe("/healthz", LIVENESS_PORT, scheme="HTTP", failures=6),
        "volumeMounts": [
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 -- the only writable place
            pods.mount("tls", TLS_DIR),
            *(pods.mount(f"store-{store}", f"{STORES_DIR}/{store}") for store in sorted(stores)),
        ],
    }


def service() -> dict[str, Any]:
    """Spec of the Service at which tenants' API servers find who the host's pods are."""
    port = host_accounts.DISCOVERY_PORT
    return {"selector": POD_LABELS, "ports": [{"name": "discovery", "port": port}]}


def network_policy(
    host_api: dict[str, Any], sql_servers: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """Who scrapes it and tenants call the agent; it calls stores, tenants, the host API and DNS.

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
        ingress=[
            {"from": [scrapers], "ports": pods.tcp(METRICS_PORT)},
            {"from": [pods.every_tenant()], "ports": pods.tcp(host_accounts.DISCOVERY_PORT)},
        ],
        egress=[
            pods.dns_egress(),
            {"to": [pods.every_tenant()], "ports": pods.tcp(flags.APISERVER_PORT)},
            {"to": [stores], "ports": pods.tcp(flags.ETCD_CLIENT_PORT)},
            *sql_servers,
            host_api,
        ],
    )
