"""annotations: what users tell the provider by annotations that begin with `pulumi.com/`.

Not here: what waitFor's expressions mean (waiting/conditions.py).
"""

from typing import Any

from rig.plugins.kubernetes.values import Tree

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
WAIT_FOR = "pulumi.com/waitFor"
TIMEOUT = "pulumi.com/timeoutSeconds"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PATCH_FORCE = "pulumi.com/patchForce"
FIELD_MANAGER = "pulumi.com/patchFieldManager"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"

_PROPAGATIONS = ("Orphan", "Background", "Foreground")


def metadata(obj: Tree) -> Tree:
    """Return an object's metadata, empty if they are missing or unknown."""
    found = obj.get("metadata")
    return found if isinstance(found, dict) else {}


def text(obj: Tree, *path: str) -> str:
    """Return the text at a path, empty if it is missing, unknown or something else."""
    found: Any = obj
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def annotation(obj: Tree, name: str) -> str:
    """Return an annotation's value, empty if it is missing or unknown."""
    return text(obj, "metadata", "annotations", name)


def is_true(obj: Tree, name: str) -> bool:
    """Say whether an annotation is there and says true."""
    return annotation(obj, name) == "true"


def timeout_seconds(custom_timeout: float, obj: Tree, default: float) -> float:
    """Return how long to wait: Pulumi's customTimeouts, else the annotation, else the default."""
    if custom_timeout:
        return custom_timeout
    asked = annotation(obj, TIMEOUT)
    return float(asked) if asked.isdecimal() else default


def propagation(obj: Tree) -> str:
    """Return the propagationPolicy that is asked for, empty if none is."""
    asked = annotation(obj, PROPAGATION).lower()
    return next((policy for policy in _PROPAGATIONS if policy.lower() == asked), "")
