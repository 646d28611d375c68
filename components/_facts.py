"""Reads of a cluster what core/host_facts.py judges.

Owns: which objects are asked for. Eight small requests on one connection.
Not here: the connection (_cluster_api.py), the judgement (core/host_facts.py).
"""

from typing import Any

from components._cluster_api import METADATA, METADATA_LIST, ClusterApi
from core.host_facts import ENFORCER_ANNOTATION, GATEWAY_GROUP, HostFacts
from core.kubeconfig import Connection
from core.manifests import host_accounts

_TLS_ROUTES = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/tlsroutes.{GATEWAY_GROUP}"
_API_SLICES = (
    "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
    "?labelSelector=kubernetes.io/service-name=kubernetes"
)
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def read_facts(connection: Connection, host: str) -> HostFacts:
    """Return what a host is judged by.

    Raises:
        HostError: the cluster can't be reached, or refuses.
    """
    with ClusterApi(connection, host) as api:
        version = api.get("/version") or {}
        served = api.get(f"/apis/{GATEWAY_GROUP}/v1") or {}
        routes = api.get(_TLS_ROUTES, METADATA)
        classes = _items(api.get("/apis/storage.k8s.io/v1/storageclasses", METADATA_LIST))
        daemons = _items(api.get("/apis/apps/v1/daemonsets", METADATA_LIST))
        system = api.get("/api/v1/namespaces/kube-system", METADATA)
        slices = _items(api.get(_API_SLICES))
        discovery = api.get(host_accounts.DISCOVERY) or {}
    return HostFacts(
        kubernetes_version=str(version.get("gitVersion", "")),
        gateway_resources=frozenset(one["name"] for one in served.get("resources", [])),
        gateway_bundle=_annotations(routes).get(f"{GATEWAY_GROUP}/bundle-version"),
        storage_classes=tuple(sorted(_name(one) for one in classes)),
        default_storage_classes=tuple(
            sorted(_name(one) for one in classes if _annotations(one).get(_DEFAULT_CLASS) == "true")
        ),
        daemon_sets=frozenset(_name(one) for one in daemons),
        policy_enforcer=_annotations(system).get(ENFORCER_ANNOTATION),
        api_ports=frozenset(
            int(port["port"]) for one in slices for port in one.get("ports") or [] if "port" in port
        ),
        issuer=discovery.get("issuer"),
    )


def _items(found: dict[str, Any] | None) -> list[dict[str, Any]]:
    return list((found or {}).get("items") or [])


def _name(found: dict[str, Any]) -> str:
    return str(found["metadata"]["name"])


def _annotations(found: dict[str, Any] | None) -> dict[str, str]:
    return ((found or {}).get("metadata") or {}).get("annotations") or {}
