"""The kinds that the host agent reconciles, as CustomResourceDefinitions.

Owns: names, printer columns and the finalizers' names of EtcdTenant, SqlTenant, TenantManifests,
Reencryption, TenantToken, RuntimeMirror and RemovalHooks.
Not here: their schemas (crd_schemas.py, crd_tenant_token.py, runtime_mirror.py, removal_hooks.py),
what the agent does with them (agent/handlers/), the objects of that kind that a tenant gets
(components/).
"""

from typing import Any

from core import names
from core.manifests import crd_schemas, crd_tenant_token, openapi, removal_hooks, runtime_mirror

VERSION = names.API_VERSION.partition("/")[2]

ETCD_TENANTS = "etcdtenants"
SQL_TENANTS = "sqltenants"
TENANT_MANIFESTS = "tenantmanifests"
REENCRYPTIONS = "reencryptions"
TENANT_TOKENS = "tenanttokens"
RUNTIME_MIRRORS = "runtimemirrors"
REMOVAL_HOOKS = "removalhooks"
PLURALS = (
    ETCD_TENANTS,
    SQL_TENANTS,
    TENANT_MANIFESTS,
    REENCRYPTIONS,
    TENANT_TOKENS,
    RUNTIME_MIRRORS,
    REMOVAL_HOOKS,
)

ETCD_TENANT_FINALIZER = f"{names.API_GROUP}/etcd-tenant"
SQL_TENANT_FINALIZER = f"{names.API_GROUP}/sql-tenant"
TENANT_MANIFESTS_FINALIZER = f"{names.API_GROUP}/tenant-manifests"
RUNTIME_MIRROR_FINALIZER = f"{names.API_GROUP}/runtime-mirror"
REMOVAL_HOOKS_FINALIZER = f"{names.API_GROUP}/removal-hooks"


def crds() -> list[dict[str, Any]]:
    """The definitions, in the order in which they are declared."""
    return [
        _crd(ETCD_TENANTS, "EtcdTenant", crd_schemas.etcd_tenant(), _ETCD_TENANT_COLUMNS),
        _crd(SQL_TENANTS, "SqlTenant", crd_schemas.sql_tenant(), _SQL_TENANT_COLUMNS),
        _crd(
            TENANT_MANIFESTS, "TenantManifests", crd_schemas.tenant_manifests(), _MANIFESTS_COLUMNS
        ),
        _crd(REENCRYPTIONS, "Reencryption", crd_schemas.reencryption(), _REENCRYPTION_COLUMNS),
        _crd(RUNTIME_MIRRORS, "RuntimeMirror", runtime_mirror.schema(), _MIRROR_COLUMNS),
        _crd(REMOVAL_HOOKS, "RemovalHooks", removal_hooks.schema(), _HOOKS_COLUMNS),
        _crd(TENANT_TOKENS, "TenantToken", crd_tenant_token.tenant_token(), _TOKEN_COLUMNS),
    ]


def _crd(
    plural: str, kind: str, schema: dict[str, Any], columns: list[dict[str, str]]
) -> dict[str, Any]:
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": f"{plural}.{names.API_GROUP}",
            "labels": {names.LABEL_PART_OF: names.PART_OF},
        },
        "spec": {
            "group": names.API_GROUP,
            "scope": "Namespaced",
            "names": {
                "plural": plural,
                "singular": kind.lower(),
                "kind": kind,
                "listKind": f"{kind}List",
                "categories": [names.PART_OF],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


_READY = openapi.column("Ready", '.status.conditions[?(@.type=="Ready")].status')
_REASON = openapi.column("Reason", '.status.conditions[?(@.type=="Ready")].reason')
_AGE = openapi.column("Age", ".metadata.creationTimestamp", "date")
_STORE = openapi.column("Store", ".spec.store")
_USED = openapi.column("Used MiB", ".status.usedMib", "integer")
_SQL_TENANT_COLUMNS = [_STORE, _USED, _READY, _REASON, _AGE]
_ETCD_TENANT_COLUMNS = [
    _STORE,
    _USED,
    openapi.column("Limit MiB", ".spec.limitMib", "integer"),
    _READY,
    _REASON,
    _AGE,
]
_MANIFESTS_COLUMNS = [
    openapi.column("Tenant", ".spec.tenant"),
    openapi.column("Applied", ".status.applied", "integer"),
    _READY,
    _REASON,
    _AGE,
]
_TOKEN_COLUMNS = [
    openapi.column("Tenant", ".spec.tenant"),
    openapi.column("Namespace", ".spec.namespace"),
    openapi.column("ServiceAccount", ".spec.serviceAccount"),
    openapi.column("Expires", ".status.expires"),  # a date would be shown as an age
    _READY,
    _REASON,
    _AGE,
]
_MIRROR_COLUMNS = [
    openapi.column("Operator", ".spec.operator"),
    openapi.column("Files", ".status.files", "integer"),
    openapi.column("Workloads", ".status.workloads", "integer"),
    _READY,
    _REASON,
    _AGE,
]
_HOOKS_COLUMNS = [openapi.column("Operator", ".spec.operator"), _READY, _REASON, _AGE]
_REENCRYPTION_COLUMNS = [openapi.column("Keys", ".spec.keys"), _READY, _REASON, _AGE]
