"""The kinds that the host agent reconciles, as CustomResourceDefinitions.

Owns: names, OpenAPI schemas, printer columns and the finalizers' names of EtcdTenant,
SqlTenant and TenantManifests.
Not here: what the agent does with them (agent/handlers/), the objects of that kind that a tenant
gets (components/tenant_control_plane.py and components/_tenant_base.py).
"""

from typing import Any

from core import names

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
        _crd(ETCD_TENANTS, "EtcdTenant", _etcd_tenant(), _STORE_COLUMNS),
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


def _column(name: str, path: str, kind: str = "string") -> dict[str, str]:
    return {"name": name, "jsonPath": path, "type": kind}


_READY = _column("Ready", '.status.conditions[?(@.type=="Ready")].status')
_REASON = _column("Reason", '.status.conditions[?(@.type=="Ready")].reason')
_AGE = _column("Age", ".metadata.creationTimestamp", "date")
_STORE_COLUMNS = [_column("Store", ".spec.store"), _READY, _REASON, _AGE]
_MANIFESTS_COLUMNS = [
    _column("Tenant", ".spec.tenant"),
    _column("Applied", ".status.applied", "integer"),
    _READY,
    _REASON,
    _AGE,
]


def _string(description: str, **more: object) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def _tenant() -> dict[str, Any]:
    return _string(
        "Id of the tenant.",
        pattern=f"^{names.TENANT_ID.pattern}$",
        maxLength=30,
        **{"x-kubernetes-validations": [_fixed("tenant")]},
    )


def _store(kind: str) -> dict[str, Any]:
    return _string(
        f"Name of the {kind}, as the agent has it mounted.",
        pattern=f"^{names.POOL_NAME.pattern}$",
        maxLength=20,
        **{"x-kubernetes-validations": [_fixed("store")]},
    )


def _fixed(field: str) -> dict[str, str]:
    """A changed value would leave what was made under the old one behind, with nobody to remove."""
    return {
        "rule": "self == oldSelf",
        "message": f"{field} can't be changed; delete the object and create another",
    }


def _object(description: str, properties: dict[str, Any], *required: str) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "description": description,
        "properties": properties,
    }
    return schema | {"required": list(required)} if required else schema


def _etcd_tenant() -> dict[str, Any]:
    return _object(
        "A tenant's place in a shared etcd: a user and a role of the tenant's name, and read and "
        "write access to one range of keys. Deleting the object deletes those keys.",
        {
            "spec": _object(
                "Where the tenant's keys are.",
                {
                    "store": _store("etcd pool"),
                    "tenant": _tenant(),
                },
                "store",
                "tenant",
            ),
            "status": _object(
                "What the agent found.",
                {
                    "conditions": _conditions(),
                    "observedGeneration": _generation(),
                    "prefix": _string("Prefix of the tenant's keys in etcd."),
                },
            ),
        },
        "spec",
    )


def _sql_tenant() -> dict[str, Any]:
    return _object(
        "A tenant's place on an SQL server: a database, and a user that may use that one alone. "
        "Deleting the object deletes both.",
        {
            "spec": _object(
                "Where the tenant's database is.",
                {
                    "store": _store("SQL server"),
                    "tenant": _tenant(),
                    "passwordSecret": _string(
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
            "status": _object(
                "What the agent found.",
                {
                    "conditions": _conditions(),
                    "observedGeneration": _generation(),
                    "database": _string("Name of the database, and of its user."),
                },
            ),
        },
        "spec",
    )


def _tenant_manifests() -> dict[str, Any]:
    return _object(
        "Objects that the agent keeps in a tenant's API server: applied, repaired, pruned.",
        {
            "spec": _object(
                "What has to be in the tenant, and how to get there.",
                {
                    "tenant": _tenant(),
                    "server": _string("URL of the tenant's API server.", pattern="^https://.+"),
                    "tlsServerName": _string(
                        "Name that the server's certificate must have, where it is not the host "
                        "of `server`."
                    ),
                    "credentialsSecret": _string(
                        "Secret in the same namespace with ca.crt, tls.crt and tls.key."
                    ),
                    "deletionPolicy": _string(
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
    return _object(
        "A ClusterRole in the tenant that the agent keeps in step with the API groups that the "
        "tenant serves: everything in each of them, but never escalate, bind, impersonate, "
        "approve or sign. The core group is left out, because it has nodes.",
        {
            "name": _string("Name of the ClusterRole."),
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
        "apiVersion": _string("Group and version."),
        "kind": _string("Kind."),
        "namespace": _string("Namespace; absent for cluster-wide objects."),
        "name": _string("Name."),
    }
    return _object(
        "What the agent did.",
        {
            "conditions": _conditions(),
            "observedGeneration": _generation(),
            "applied": {"type": "integer", "description": "How many objects are in place."},
            "lastError": _string("What went wrong last; absent while nothing does."),
            "inventory": {
                "type": "array",
                "description": "The objects that were applied, so that they can be pruned.",
                "items": _object("One object.", reference, "apiVersion", "kind", "name"),
            },
        },
    )


def _generation() -> dict[str, Any]:
    return {
        "type": "integer",
        "format": "int64",
        "description": "Generation of the spec that this status is about.",
    }


def _conditions() -> dict[str, Any]:
    return {
        "type": "array",
        "description": "Ready says whether everything that the spec asks for is in place.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": _object(
            "One condition.",
            {
                "type": _string("Ready."),
                "status": _string("True, False or Unknown.", enum=["True", "False", "Unknown"]),
                "reason": _string("One word for programs."),
                "message": _string("What to know, for people."),
                "lastTransitionTime": _string("When status changed last.", format="date-time"),
            },
            *("type", "status", "reason", "message", "lastTransitionTime"),
        ),
    }
