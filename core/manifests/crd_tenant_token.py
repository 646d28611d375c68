"""OpenAPI schema of TenantToken; its descriptions are its manual.

Not here: the other kinds' (crd_schemas.py), the definition around it (crds.py).
"""

from typing import Any

from core import flags
from core.manifests import openapi
from core.manifests.crd_schemas import way_in

LEAST_SECONDS = 600
"""The shortest that an API server issues (pkg/apis/authentication/validation)."""


def tenant_token() -> dict[str, Any]:
    """Return the schema of a TenantToken."""
    return openapi.mapping(
        "A token of a ServiceAccount in a tenant, which the agent writes into a Secret beside "
        "this object: `token`, `ca.crt`, `namespace` and `expires`. It is made anew after 80 % of "
        "its life, and when it, the Secret or the ServiceAccount is not what it was.",
        {
            "spec": openapi.mapping(
                "Whose token, and where to.",
                {
                    **way_in(),
                    "namespace": openapi.string("Namespace of the ServiceAccount in the tenant."),
                    "serviceAccount": openapi.string("Its name."),
                    "audiences": openapi.strings(
                        "Whom the token is for. None: the tenant's API server."
                    ),
                    "seconds": {
                        "type": "integer",
                        "minimum": LEAST_SECONDS,
                        "maximum": flags.MAX_TOKEN_HOURS * 3600,
                        "default": 3600,
                        "description": "How long each token works, in seconds.",
                    },
                    "secret": openapi.string(
                        "Secret in the same namespace, which is there and which the agent may get "
                        "and patch."
                    ),
                },
                *("tenant", "server", "credentialsSecret", "namespace", "serviceAccount"),
                "secret",
            ),
            "status": openapi.mapping(
                "What the agent did.",
                {
                    "conditions": openapi.conditions(),
                    "observedGeneration": openapi.generation(),
                    "expires": openapi.string("When the token ends.", format="date-time"),
                    "tokenHash": openapi.string(
                        "Hash of the token and of what was asked for: any other one is replaced."
                    ),
                },
            ),
        },
        "spec",
    )
