"""RemovalHooks: Jobs that an operator's chart runs when it goes, Helm's pre- and post-delete hooks.

Owns: the schema of the kind.
Not here: who runs them (agent/handlers/removal_hooks.py), which they are
(core/operators/hooks.py).
"""

from typing import Any

from core.manifests import crd_schemas, openapi


def schema() -> dict[str, Any]:
    """Return the schema of a RemovalHooks."""
    return openapi.mapping(
        "Jobs that the agent runs, one after the other, when this object is deleted; until they "
        "are done it stays.",
        {
            "spec": openapi.mapping(
                "What to run.",
                {
                    "tenant": crd_schemas.tenant(),
                    "operator": openapi.string("Name of the operator."),
                    "jobs": {
                        "type": "array",
                        "description": "The Jobs, in their order.",
                        "items": {
                            "type": "object",
                            "x-kubernetes-embedded-resource": True,
                            "x-kubernetes-preserve-unknown-fields": True,
                        },
                    },
                },
                *("tenant", "operator", "jobs"),
            ),
            "status": openapi.mapping(
                "What the agent did.",
                {
                    "conditions": openapi.conditions(),
                    "observedGeneration": openapi.generation(),
                    "done": openapi.count("Jobs that are done."),
                },
            ),
        },
        "spec",
    )
