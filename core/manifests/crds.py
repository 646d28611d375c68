"""The kinds that the host agent reconciles, as CustomResourceDefinitions.

Owns: names, OpenAPI schemas, printer columns and the finalizers' names of EtcdTenant,
SqlTenant and TenantManifests.
Not here: what the agent does with them (agent/handlers/), the objects of that kind that a tenant
gets (components/tenant_control_plane.py and components/_tenant_base.py).
"""

from typing import Any

from core import names
from core.manifests import openapi

VERSION = names.API_VERSION.partition("/")[2]

ETCD_TENANTS = "etcdtenants"
SQL_TENANTS = "sqltenants"
TENANT_MANIFESTS = "tenantmanifests"
PLURALS = (ETCD_TENANTS, SQL_TENANTS, TENANT_MANIFESTS)

ETCD_TENANT_FINALIZER = f"{names.API_GROUP}/etcd-tenant"
SQL_TENANT_FINALIZER = f"{names.API_GROUP}/sql-tenant"
TENANT_MANIFESTS_FINALIZER = f"{names.API_GROUP}/tenant-manifests"


def crds() -> list[dict[str, Any]]:
    """The definitions, in the order in which they are declared."""
    return [
        _crd(ETCD_TENANTS, "EtcdTenant", _etcd_tenant(), _ETCD_TENANT_COLUMNS),
        _crd(SQL_TENANTS, "SqlTenant", _sql_tenant(), _STORE_COLUMNS),
        _crd(TENANT_MANIFESTS, "TenantManifests", _tenant_manifests(), _MANIFESTS_COLUMNS),
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
_STORE_COLUMNS = [openapi.column("Store", ".spec.store"), _READY, _REASON, _AGE]
_ETCD_TENANT_COLUMNS = [
    openapi.column("Store", ".spec.store"),
    openapi.column("Used MiB", ".status.usedMib", "integer"),
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


def _tenant() -> dict[str, Any]:
    return openapi.string(
        "Id of the tenant.",
        pattern=f"^{names.TENANT_ID.pattern}$",
        maxLength=30,
        **{"x-kubernetes-validations": [openapi.fixed("tenant")]},
    )


def _store(kind: str) -> dict[str, Any]:
    return openapi.string(
        f"Name of the {kind}, as the agent has it mounted.",
        pattern=f"^{names.POOL_NAME.pattern}$",
        maxLength=20,
        **{"x-kubernetes-validations": [openapi.fixed("store")]},
    )


def _etcd_tenant() -> dict[str, Any]:
    return openapi.mapping(
        "A tenant's place in a shared etcd: a user and a role of the tenant's name, and read and "
        "write access to one range of keys. Deleting the object deletes those keys.",
        {
            "spec": openapi.mapping(
                "Where the tenant's keys are.",
                {
                    "store": _store("etcd pool"),
                    "tenant": _tenant(),
                    "limitMib": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "MiB of keys and values from which on the tenant may only "
                        "read and delete; none: no limit.",
                    },
                },
                "store",
                "tenant",
            ),
            "status": openapi.mapping(
                "What the agent found.",
                {
                    "conditions": openapi.conditions(),
                    "observedGeneration": openapi.generation(),
                    "prefix": openapi.string("Prefix of the tenant's keys in etcd."),
                    "keys": openapi.count("Keys that the tenant has."),
                    "readOnly": {
                        "type": "boolean",
                        "description": "Whether the tenant may only read and delete.",
                    },
                    "usedMib": openapi.count(
                        "MiB of keys and values that the tenant has, rounded up."
                    ),
                },
            ),
        },
        "spec",
    )


def _sql_tenant() -> dict[str, Any]:
    return openapi.mapping(
        "A tenant's place on an SQL server: a database, and a user that may use that one alone. "
        "Deleting the object deletes both.",
        {
            "spec": openapi.mapping(
                "Where the tenant's database is.",
                {
                    "store": _store("SQL server"),
                    "tenant": _tenant(),
                    "passwordSecret": openapi.string(
                        "Secret in the same namespace with the user's `password`."
                    ),
                    "connections": {
                        "type": "integer",
                        "minimum": 1,
                        "description": "Most connections that the user may have.",
                    },
                },
                *("store", "tenant", "passwordSecret", "connections"),
            ),
            "status": openapi.mapping(
                "What the agent found.",
                {
                    "conditions": openapi.conditions(),
                    "observedGeneration": openapi.generation(),
                    "database": openapi.string("Name of the database, and of its user."),
                },
            ),
        },
        "spec",
    )


def _tenant_manifests() -> dict[str, Any]:
    return openapi.mapping(
        "Objects that the agent keeps in a tenant's API server: applied, repaired, pruned.",
        {
            "spec": openapi.mapping(
                "What has to be in the tenant, and how to get there.",
                {
                    "tenant": _tenant(),
                    "server": openapi.string(
                        "URL of the tenant's API server.", pattern="^https://.+"
                    ),
                    "tlsServerName": openapi.string(
                        "Name that the server's certificate must have, where it is not the host "
                        "of `server`."
                    ),
                    "credentialsSecret": openapi.string(
                        "Secret in the same namespace with ca.crt, tls.crt and tls.key."
                    ),
                    "deletionPolicy": openapi.string(
                        "Whether the objects leave the tenant with this one.",
                        enum=["Delete", "Orphan"],
                        default="Delete",
                    ),
                    "adminRole": _admin_role(),
                    "objects": {
                        "type": "array",
                        "description": "The objects, in any order.",
                        "items": {
                            "type": "object",
                            "x-kubernetes-embedded-resource": True,
                            "x-kubernetes-preserve-unknown-fields": True,
                        },
                    },
                },
                *("tenant", "server", "credentialsSecret", "objects"),
            ),
            "status": _manifests_status(),
        },
        "spec",
    )


def _admin_role() -> dict[str, Any]:
    return openapi.mapping(
        "A ClusterRole in the tenant that the agent keeps in step with the API groups that the "
        "tenant serves: everything in each of them, but never escalate, bind, impersonate, "
        "approve or sign. The core group is left out, because it has nodes.",
        {
            "name": openapi.string("Name of the ClusterRole."),
            "labels": {
                "type": "object",
                "description": "Its labels.",
                "additionalProperties": {"type": "string"},
            },
            "exceptGroups": {
                "type": "array",
                "description": "API groups that the role leaves out.",
                "items": {"type": "string"},
            },
        },
        "name",
    )


def _manifests_status() -> dict[str, Any]:
    reference = {
        "apiVersion": openapi.string("Group and version."),
        "kind": openapi.string("Kind."),
        "namespace": openapi.string("Namespace; absent for cluster-wide objects."),
        "name": openapi.string("Name."),
    }
    return openapi.mapping(
        "What the agent did.",
        {
            "conditions": openapi.conditions(),
            "observedGeneration": openapi.generation(),
            "applied": {"type": "integer", "description": "How many objects are in place."},
            "lastError": openapi.string("What went wrong last; absent while nothing does."),
            "inventory": {
                "type": "array",
                "description": "The objects that were applied, so that they can be pruned.",
                "items": openapi.mapping("One object.", reference, "apiVersion", "kind", "name"),
            },
        },
    )
