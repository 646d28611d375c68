"""failures: what an operation says when it fails, and what the engine then keeps.

Not here: how it reaches the engine (server.py), why an object isn't ready (waiting/).
"""

import re

from google.protobuf.struct_pb2 import Struct

from core.errors import InvalidInputError, TenantplaneError, describe, list_of
from rig.plugins.kubernetes import naming
from rig.plugins.kubernetes.annotations import PATCH_FORCE, text
from rig.plugins.kubernetes.api import ApiError
from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.verdict import NotReadyError

_OWNER = re.compile(r'conflicts? with "([^"]+)"')


class NotInitializedError(TenantplaneError):
    """An object exists, but isn't what it should be: the engine keeps it and tries again."""

    def __init__(
        self,
        subject: str,
        cause: NotReadyError,
        object_id: str,
        state: Struct,
        inputs: Struct | None = None,
    ) -> None:
        """Say so.

        Args:
            subject: What `thing` returned.
            cause: Why.
            object_id: Of the object.
            state: What is kept of it.
            inputs: What is kept of its inputs; None for those of the operation.
        """
        summary = f"{subject}: {cause.reasons[0]}"
        super().__init__("\n".join([summary, *(f"  - {reason}" for reason in cause.reasons[1:])]))
        self.object_id = object_id
        self.state = state
        self.inputs = inputs
        self.reasons = [summary, *cause.reasons[1:]]


def thing(obj: Tree) -> str:
    """Return what errors call an object: `Deployment tenant-acme/control-plane`."""
    return f"{text(obj, 'kind')} {naming.object_id(obj)}"


def refused(obj: Tree, verb: str, error: ApiError) -> InvalidInputError:
    """Return the error of an operation that the API server refused."""
    hints = {
        403: "give the provider's user the right to do so",
        404: "create its namespace or CustomResourceDefinition first",
        422: "correct the field that it names",
    }
    problem = f"the API server refuses to {verb} it: {error.message}"
    return InvalidInputError(thing(obj), problem, remedy=hints.get(error.code, ""))


def exists(obj: Tree, error: ApiError) -> InvalidInputError:
    """Return the error of creating what is there already."""
    remedies = [
        "give a renamed resource an alias, or let it be deleted first (deleteBeforeReplace)",
        "take it over for good with `pulumi import`",
        (
            "after a killed update take over whatever exists: "
            "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true PULUMI_K8S_ENABLE_PATCH_FORCE=true pulumi up"
        ),
    ]
    problem = f"it exists already ({error.message})"
    return InvalidInputError(thing(obj), list_of(f"{problem}; do one of", remedies))


def conflict(obj: Tree, error: ApiError) -> InvalidInputError:
    """Return the error of setting fields that somebody else manages."""
    causes = [cause for cause in error.details.get("causes") or [] if cause.get("field")]
    fields = ", ".join(str(cause["field"]) for cause in causes)
    owners = sorted({owner for cause in causes for owner in _OWNER.findall(cause["message"])})
    if not causes:
        return refused(obj, "update", error)
    problem = f"fields are managed by somebody else ({', '.join(owners)})"
    remedy = f'leave them out, or take them over with the annotation {PATCH_FORCE}: "true"'
    return InvalidInputError(thing(obj), problem, fields, remedy)


def gone(obj: Tree) -> InvalidInputError:
    """Return the error of updating what isn't there any more."""
    return InvalidInputError(
        thing(obj), "it was deleted by somebody else", remedy="run pulumi refresh, then again"
    )


def unreachable_hint(problem: str) -> str:
    """Return what to say when an operation needs a cluster that doesn't answer."""
    remedy = (
        "start the cluster; if it was deleted for good, set PULUMI_K8S_DELETE_UNREACHABLE=true "
        "to drop its objects from the state"
    )
    return describe("configured Kubernetes cluster is unreachable", problem, remedy=remedy)
