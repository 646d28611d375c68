"""What a fake cluster answers that runs tenants and etcd pools."""

import json

from core import names
from core.manifests import etcd
from core.operators import allowance

_DEPLOYMENTS = (
    "/apis/apps/v1/deployments?labelSelector="
    "tenantplane.dev/datastore,tenantplane.dev/tenant,app.kubernetes.io/version"
)
_STATEFUL_SETS = "/apis/apps/v1/statefulsets?labelSelector=app.kubernetes.io/name=etcd"


def tenants(datastore="shared", keys="1", store_keys="1", updated=1, kind=None, **versions):
    """Documents of a host with these tenants, each with its Kubernetes version.

    So many of the one pod of each are as its Deployment says now.
    """
    notes = {"tenantplane.dev/keys": keys, "tenantplane.dev/store-keys": store_keys}
    labels = [
        {
            "tenantplane.dev/datastore": datastore,
            "tenantplane.dev/tenant": tenant,
            "app.kubernetes.io/version": version,
        }
        for tenant, version in versions.items()
    ]
    kinds = {"tenantplane.dev/store-kind": kind} if kind else {}
    items = [_workload(_noted(one | kinds, notes), 1, updated) for one in labels]
    return {_DEPLOYMENTS: {"items": items}}


def pods(**profiles):
    """Documents of a host where each tenant has pods of these profiles."""
    path = "/api/v1/pods?labelSelector=app.kubernetes.io/name=control-plane,tenantplane.dev/tenant"
    items = [
        _noted({"tenantplane.dev/tenant": tenant}, {"tenantplane.dev/profile": profile})
        for tenant, each in profiles.items()
        for profile in each
    ]
    return {path: {"items": items}}


def operators(**allowances):
    """Documents of a host where each of these tenants has an operator `demo` that may have this.

    None: one of a version that didn't write it down.
    """
    items = [
        _noted(
            {"tenantplane.dev/tenant": tenant, "tenantplane.dev/operator": "demo"},
            {} if each is None else {"tenantplane.dev/allowance": allowance.written(each)},
        )
        for tenant, each in allowances.items()
    ]
    return {"/apis/tenantplane.dev/v1alpha1/runtimemirrors": {"items": items}}


def etcds(keys="1", updated=None, certificates=None, **members):
    """Documents of a host with an etcd of so many members in each of these namespaces.

    So many of them are as their StatefulSet says now, all by default.
    """
    notes = {"tenantplane.dev/keys": keys}
    if certificates is not None:
        notes["tenantplane.dev/certificates"] = json.dumps(certificates)
    items = [
        _workload(_stateful_set(namespace, notes), count, count if updated is None else updated)
        for namespace, count in members.items()
    ]
    return {_STATEFUL_SETS: {"items": items}}


def shares(store="shared", **reasons):
    """Documents of a host whose agent says this of each tenant's share of its store."""
    items = [
        {
            "spec": {"store": store, "tenant": tenant, "limitMib": 256},
            "status": {"conditions": [_ready(reason=reason, message=f"{tenant}: {reason}")]},
        }
        for tenant, reason in reasons.items()
    ]
    return {"/apis/tenantplane.dev/v1alpha1/etcdtenants": {"items": items}}


def _ready(**says):
    return {"type": "Ready"} | says


def _noted(labels, annotations):
    return {"metadata": {"labels": labels, "annotations": annotations}}


def reencryptions(keys="2,1", **generations):
    """Documents of a host whose agent has seen of each Reencryption (generation, observed)."""
    items = [
        {
            "metadata": {"generation": generation},
            "spec": {"tenant": tenant, "keys": keys},
            "status": {"observedGeneration": observed, "conditions": [_ready(status="True")]},
        }
        for tenant, (generation, observed) in generations.items()
    ]
    return {"/apis/tenantplane.dev/v1alpha1/reencryptions": {"items": items}}


def certificates(**ends):
    """Documents of a host with tenants whose certificates end so."""
    path = "/apis/tenantplane.dev/v1alpha1/tenantmanifests?labelSelector="
    path += "tenantplane.dev/tenant,!tenantplane.dev/operator"
    items = [
        _noted(
            {"tenantplane.dev/tenant": tenant},
            {"tenantplane.dev/certificates": json.dumps(each)},
        )
        for tenant, each in ends.items()
    ]
    return {path: {"items": items}}


def runtime_classes(*found):
    """Documents of a host with these RuntimeClasses."""
    items = [{"metadata": {"name": name}} for name in found]
    return {"/apis/node.k8s.io/v1/runtimeclasses": {"items": items}}


def none():
    """Documents of a host that answers a list without items."""
    return {_DEPLOYMENTS: {"items": None}, _STATEFUL_SETS: {"items": None}}


def _stateful_set(namespace, annotations):
    metadata = {"name": etcd.NAME, "namespace": namespace, "annotations": annotations}
    container = {"args": [f"--quota-backend-bytes={2 << 30}"]}
    claim = {"spec": {"resources": {"requests": {"storage": "4Gi"}}}}
    return {
        "metadata": metadata | {"labels": names.workload_labels(etcd.NAME)},
        "spec": {
            "template": {"spec": {"containers": [container]}},
            "volumeClaimTemplates": [claim],
        },
    }


def _workload(found, replicas, updated):
    """With so many pods, of which so many are as it says now."""
    return {
        "metadata": found["metadata"] | {"generation": 7},
        "spec": found.get("spec", {}) | {"replicas": replicas},
        "status": {"observedGeneration": 7, "replicas": replicas, "updatedReplicas": updated},
    }
