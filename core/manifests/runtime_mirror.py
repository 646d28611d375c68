"""RuntimeMirror: what an operator has in its tenant and its pods need on the host, kept the same.

Owns: the schema of the kind, and a spec of it.
Not here: what the agent does for it (agent/handlers/runtime_mirror.py).
"""

from collections.abc import Iterable
from typing import Any

from core.manifests import crd_schemas, openapi
from core.operators.references import CONFIG_MAP, SECRET, File
from core.operators.wiring import Wiring

_WIRING = {
    "audience": "Whom the tokens of its pods are for.",
    "registry": "Takes the place of every image's registry.",
    "priorityClass": "PriorityClass of its pods.",
    "runtimeClass": "RuntimeClass of its pods.",
}


def schema() -> dict[str, Any]:
    """Return the schema of a RuntimeMirror."""
    return openapi.mapping(
        "What an operator has in its tenant and its pods need on the host. The agent copies it, "
        "runs what the operator installs by itself, and takes it away with this object.",
        {
            "spec": openapi.mapping(
                "What to copy, and how pods are wired to the tenant.",
                {
                    **crd_schemas.way_in(),
                    "operator": openapi.string("Name of the operator."),
                    "files": {
                        "type": "array",
                        "description": "ConfigMaps and Secrets of the tenant that pods read.",
                        "items": _file(),
                    },
                    "packages": openapi.string(
                        "Namespace of the tenant in which the operator installs programs; none: "
                        "nowhere."
                    ),
                    **{key: openapi.string(text) for key, text in _WIRING.items()},
                    "registries": {
                        "type": "array",
                        "description": "Registries that images may come from.",
                        "items": {"type": "string"},
                    },
                    "tokenSeconds": openapi.count("Life of the tokens of its pods."),
                },
                *(
                    "tenant",
                    "server",
                    "credentialsSecret",
                    "operator",
                    "files",
                    "audience",
                    "tokenSeconds",
                ),
            ),
            "status": _status(),
        },
        "spec",
    )


def _file() -> dict[str, Any]:
    return openapi.mapping(
        "One of them.",
        {
            "kind": openapi.string("Which it is.", enum=[CONFIG_MAP, SECRET]),
            "namespace": openapi.string("Its namespace in the tenant."),
            "name": openapi.string("Its name there."),
        },
        *("kind", "namespace", "name"),
    )


def _status() -> dict[str, Any]:
    return openapi.mapping(
        "What the agent did.",
        {
            "conditions": openapi.conditions(),
            "observedGeneration": openapi.generation(),
            "files": openapi.count("How many files are on the host."),
            "missing": {
                "type": "array",
                "description": "Files that the tenant doesn't have: pods may wait for them.",
                "items": {"type": "string"},
            },
            "workloads": openapi.count("How many programs that the operator installed run."),
        },
    )


def wiring(spec: dict[str, Any]) -> Wiring:
    """Return what a spec says of pods."""
    return Wiring(
        tenant=spec["tenant"],
        operator=spec["operator"],
        audience=spec["audience"],
        registries=tuple(spec.get("registries", [])),
        registry=spec.get("registry"),
        priority_class=spec.get("priorityClass"),
        runtime_class=spec.get("runtimeClass"),
        token_seconds=spec["tokenSeconds"],
    )


def spec(known: Wiring, files: Iterable[tuple[str, File]], packages: str | None) -> dict[str, Any]:
    """Return what a RuntimeMirror says, but for the way into the tenant.

    Args:
        known: Of the operator.
        files: ConfigMaps and Secrets of the tenant, after their namespace.
        packages: Namespace in which the operator installs programs, if it does.
    """
    said = {
        "operator": known.operator,
        "audience": known.audience,
        "registries": list(known.registries),
        "registry": known.registry,
        "priorityClass": known.priority_class,
        "runtimeClass": known.runtime_class,
        "tokenSeconds": known.token_seconds,
        "packages": packages,
        "files": [
            {"kind": file.kind, "namespace": namespace, "name": file.name}
            for namespace, file in files
        ],
    }
    return {key: value for key, value in said.items() if value is not None}
