"""What a fake cluster answers that runs tenants and etcd pools."""

from core import names
from core.manifests import etcd

_DEPLOYMENTS = (
    "/apis/apps/v1/deployments?labelSelector="
    "tenantplane.dev/datastore,tenantplane.dev/tenant,app.kubernetes.io/version"
)
_STATEFUL_SETS = "/apis/apps/v1/statefulsets?labelSelector=app.kubernetes.io/name=etcd"


def tenants(datastore="shared", **versions):
    """Documents of a host with these tenants, each with its Kubernetes version."""
    labels = [
        {
            "tenantplane.dev/datastore": datastore,
            "tenantplane.dev/tenant": tenant,
            "app.kubernetes.io/version": version,
        }
        for tenant, version in versions.items()
    ]
    return {_DEPLOYMENTS: {"items": [{"metadata": {"labels": one}} for one in labels]}}


def etcds(**members):
    """Documents of a host with an etcd of so many members in each of these namespaces."""
    return {_STATEFUL_SETS: {"items": [_stateful_set(*one) for one in members.items()]}}


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


def none():
    """Documents of a host that answers a list without items."""
    return {_DEPLOYMENTS: {"items": None}, _STATEFUL_SETS: {"items": None}}


def _stateful_set(namespace, replicas):
    labels = names.workload_labels(etcd.NAME)
    return {
        "metadata": {"name": etcd.NAME, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": replicas,
            "volumeClaimTemplates": [{"spec": {"resources": {"requests": {"storage": "4Gi"}}}}],
        },
    }
