"""What a fake cluster answers that runs tenants and etcd pools."""

import json

from core import names
from core.manifests import etcd

_DEPLOYMENTS = (
    "/apis/apps/v1/deployments?labelSelector="
    "tenantplane.dev/datastore,tenantplane.dev/tenant,app.kubernetes.io/version"
)
_STATEFUL_SETS = "/apis/apps/v1/statefulsets?labelSelector=app.kubernetes.io/name=etcd"


def tenants(datastore="shared", keys="1", store_keys="1", **versions):
    """Documents of a host with these tenants, each with its Kubernetes version."""
    notes = {"tenantplane.dev/keys": keys, "tenantplane.dev/store-keys": store_keys}
    labels = [
        {
            "tenantplane.dev/datastore": datastore,
            "tenantplane.dev/tenant": tenant,
            "app.kubernetes.io/version": version,
        }
        for tenant, version in versions.items()
    ]
    return {_DEPLOYMENTS: {"items": [_noted(one, notes) for one in labels]}}


def pods(**profiles):
    """Documents of a host where each tenant has pods of these profiles."""
    path = "/api/v1/pods?labelSelector=app.kubernetes.io/name=control-plane,tenantplane.dev/tenant"
    items = [
        _noted({"tenantplane.dev/tenant": tenant}, {"tenantplane.dev/profile": profile})
        for tenant, each in profiles.items()
        for profile in each
    ]
    return {path: {"items": items}}


def etcds(keys="1", **members):
    """Documents of a host with an etcd of so many members in each of these namespaces."""
    return {_STATEFUL_SETS: {"items": [_stateful_set(*one, keys) for one in members.items()]}}


def shares(**reasons):
    """Documents of a host whose agent says this of each tenant's share of its store."""
    items = [
        {
            "spec": {"tenant": tenant},
            "status": {"conditions": [{"reason": reason, "message": f"{tenant}: {reason}"}]},
        }
        for tenant, reason in reasons.items()
    ]
    return {"/apis/tenantplane.dev/v1alpha1/etcdtenants": {"items": items}}


def _noted(labels, annotations):
    return {"metadata": {"labels": labels, "annotations": annotations}}


def reencryptions(**generations):
    """Documents of a host whose agent has seen of each Reencryption (generation, observed)."""
    items = [
        {
            "metadata": {"generation": generation},
            "spec": {"tenant": tenant},
            "status": {"observedGeneration": observed, "conditions": [{"status": "True"}]},
        }
        for tenant, (generation, observed) in generations.items()
    ]
    return {"/apis/tenantplane.dev/v1alpha1/reencryptions": {"items": items}}


def certificates(**ends):
    """Documents of a host with tenants whose certificates end so."""
    path = "/apis/tenantplane.dev/v1alpha1/tenantmanifests?labelSelector=tenantplane.dev/tenant"
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


def _stateful_set(namespace, replicas, keys):
    labels = names.workload_labels(etcd.NAME)
    return {
        "metadata": {
            "name": etcd.NAME,
            "namespace": namespace,
            "labels": labels,
            "annotations": {"tenantplane.dev/keys": keys},
        },
        "spec": {
            "replicas": replicas,
            "volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "4Gi"}}}}],
        },
    }
