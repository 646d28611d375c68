"""kubedebug: a pod with kubectl that sees one tenant, to look into it from its host.

It is an operator like any other: nobody but who may enter pods of the host gets to it, and it reads
all of its own tenant.
Not here: what any operator is (known.py, split.py).
"""

from typing import Any

NAME = "kubedebug"

_RBAC = "rbac.authorization.k8s.io"


def objects(image: str) -> list[dict[str, Any]]:
    """Return what it is made of.

    Args:
        image: Reference of an image that runs kubectl.
    """
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": NAME}},
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": NAME},
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}],
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": NAME},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": NAME},
            "subjects": [{"kind": "ServiceAccount", "name": NAME, "namespace": NAME}],
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": NAME},
            "spec": {
                "selector": {"matchLabels": {"app": NAME}},
                "template": {
                    "metadata": {"labels": {"app": NAME}},
                    "spec": {"serviceAccountName": NAME, "containers": [_container(image)]},
                },
            },
        },
    ]


def _container(image: str) -> dict[str, Any]:
    # The image has kubectl and nothing else: a proxy that nobody outside of the pod reaches waits.
    return {
        "name": "kubectl",
        "image": image,
        "command": ["kubectl"],
        "args": ["proxy", "--address=127.0.0.1"],
        "resources": {"limits": {"memory": "128Mi"}, "requests": {"memory": "32Mi"}},
        "securityContext": {"readOnlyRootFilesystem": True},
    }
