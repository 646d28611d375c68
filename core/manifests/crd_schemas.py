"""OpenAPI schemas of the kinds that the host agent reconciles; their descriptions are their manual.

Not here: TenantToken's (crd_tenant_token.py), the definitions around them (crds.py), the smallest
pieces (openapi.py).
"""

from typing import Any

from core import names
from core.manifests import openapi, rbac

OBJECTS_KEY = "objects.json"


def tenant() -> dict[str, Any]:
    """Return the schema of a tenant's id."""
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


def etcd_tenant() -> dict[str, Any]:
    """Return the schema of an EtcdTenant."""
    return openapi.mapping(
        "A tenant's place in a shared etcd: a user and a role of the tenant's name, and read and "
        "write access to one range of keys. Deleting the object deletes those keys.",
        {"spec": _keyspace(), "status": _keyspace_found()},
        "spec",
    )


def _keyspace() -> dict[str, Any]:
    return openapi.mapping(
        "Where the tenant's keys are.",
        {
            "store": _store("etcd pool"),
            "tenant": tenant(),
            "limitMib": {
                "type": "integer",
                "minimum": 1,
                "description": "MiB of keys and values from which on the tenant may only "
                "read and delete; none: no limit.",
            },
            "readOnlyWhenFull": {
                "type": "boolean",
                "default": True,
                "description": "Whether its API servers can be made to refuse writes: "
                "Kubernetes 1.37 and newer; else there are only warnings.",
            },
        },
        *("store", "tenant"),
    )


def _keyspace_found() -> dict[str, Any]:
    return openapi.mapping(
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
            "usedMib": openapi.count("MiB of keys and values that the tenant has, rounded up."),
        },
    )


def sql_tenant() -> dict[str, Any]:
    """Return the schema of an SqlTenant."""
    return openapi.mapping(
        "A tenant's place on an SQL server: a database, and a user that may use that one alone. "
        "Deleting the object deletes both.",
        {"spec": _database(), "status": _database_found()},
        "spec",
    )


def _database() -> dict[str, Any]:
    return openapi.mapping(
        "Where the tenant's database is.",
        {
            "store": _store("SQL server"),
            "tenant": tenant(),
            "passwordSecret": openapi.string(
                "Secret in the same namespace with the user's `password`."
            ),
            "passwordHash": openapi.string(
                "Hash of the password: another one is given to the user."
            ),
            "address": openapi.string(
                "Address and port of the server: at another the database must be already."
            ),
            "connections": {
                "type": "integer",
                "minimum": 1,
                "description": "Most connections that the user may have.",
            },
        },
        *("store", "tenant", "passwordSecret", "connections"),
    )


def _database_found() -> dict[str, Any]:
    return openapi.mapping(
        "What the agent found.",
        {
            "conditions": openapi.conditions(),
            "observedGeneration": openapi.generation(),
            "database": openapi.string(
                "Name of the database, and of its user. Once it is here the agent never "
                "makes it again."
            ),
            "usedMib": openapi.count("MiB that the database takes, rounded up."),
        },
    )


def tenant_manifests() -> dict[str, Any]:
    """Return the schema of a TenantManifests."""
    return openapi.mapping(
        "Objects that the agent keeps in a tenant's API server: applied, repaired, pruned.",
        {
            "spec": openapi.mapping(
                "What has to be in the tenant, and how to get there.",
                {
                    **way_in(),
                    "deletionPolicy": openapi.string(
                        "Whether the objects leave the tenant with this one (Delete), or only when "
                        "they leave the list (Orphan), or never (Keep).",
                        enum=["Delete", "Orphan", "Keep"],
                        default="Delete",
                    ),
                    "objectsSecret": openapi.string(
                        "Secret in the same namespace with more objects, as a JSON list in "
                        f"`{OBJECTS_KEY}`: those that nobody shall read here."
                    ),
                    "objectsHash": openapi.string("Hash of these: another one is applied."),
                    "apiRoles": _api_roles(),
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


def way_in() -> dict[str, Any]:
    """Where a tenant's API server is, and who the agent is there."""
    return {
        "tenant": tenant(),
        "server": openapi.string("URL of the tenant's API server.", pattern="^https://.+"),
        "tlsServerName": openapi.string(
            "Name that the server's certificate must have, where it is not the host of `server`."
        ),
        "credentialsSecret": openapi.string(
            "Secret in the same namespace with ca.crt, tls.crt and tls.key."
        ),
    }


def reencryption() -> dict[str, Any]:
    """Return the schema of a Reencryption."""
    return openapi.mapping(
        "That what a tenant's store holds is encrypted as its API servers would do it now: the "
        "agent writes the objects anew, unchanged, each time when this object's spec changes.",
        {
            "spec": openapi.mapping(
                "What to write anew, and when.",
                {
                    **way_in(),
                    "keys": openapi.string("Generations of the keys; the first encrypts."),
                    "encryptionHash": openapi.string(
                        f"Annotation {names.ANNOTATION_ENCRYPTION} that all of the tenant's pods "
                        "must have before."
                    ),
                    "everything": {
                        "type": "boolean",
                        "description": "All objects; else Secrets alone.",
                    },
                },
                *("tenant", "server", "credentialsSecret", "keys", "encryptionHash", "everything"),
            ),
            "status": openapi.mapping(
                "What the agent did.",
                {
                    "conditions": openapi.conditions(),
                    "observedGeneration": openapi.generation(),
                    "objects": openapi.count("Objects that it looked at."),
                },
            ),
        },
        "spec",
    )


def _api_roles() -> dict[str, Any]:
    role = openapi.mapping(
        "One role.",
        {
            "name": openapi.string("Name of the ClusterRole."),
            "labels": {
                "type": "object",
                "description": "Its labels.",
                "additionalProperties": {"type": "string"},
            },
            "exceptGroups": openapi.strings("API groups that the role leaves out."),
            "verbs": openapi.strings(
                "What it allows; never escalate, bind, impersonate, approve or sign.",
                enum=list(rbac.VERBS),
            ),
        },
        *("name", "verbs"),
    )
    return {
        "type": "array",
        "description": "ClusterRoles in the tenant that the agent keeps in step with the API "
        "groups that the tenant serves: everything in each of them. The core group is left out, "
        "because it has nodes.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        "items": role,
    }


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
