"""delete: removes an object, and waits until it is gone.

Not here: what keeps it from going (waiting/loop.py says it).
"""

from rig.plugins.kubernetes import naming
from rig.plugins.kubernetes.annotations import (
    SKIP_AWAIT,
    is_true,
    metadata,
    propagation,
    text,
    timeout_seconds,
)
from rig.plugins.kubernetes.api import ApiError
from rig.plugins.kubernetes.failures import NotInitializedError, refused, thing, unreachable_hint
from rig.plugins.kubernetes.kinds import is_builtin
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.state import State
from rig.plugins.kubernetes.transport import UnreachableError
from rig.plugins.kubernetes.values import Tree
from rig.plugins.kubernetes.waiting.loop import until_gone
from rig.plugins.kubernetes.waiting.verdict import NotReadyError

_TEN_MINUTES = 600.0
_MAY_LINGER = frozenset(
    {
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("batch/v1", "Job"),
        ("v1", "Namespace"),
        ("v1", "Pod"),
    }
)
"""Kinds whose deletion isn't waited for when skipAwait is set."""

_WITHOUT_DEPENDENTS = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "ConfigMap",
        "EndpointSlice",
        "LimitRange",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "PriorityClass",
        "ResourceQuota",
        "Role",
        "RoleBinding",
        "RuntimeClass",
        "Secret",
        "ServiceAccount",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
    }
)
"""Kinds for which no controller makes other objects.

Deleting one of them in the foreground, the official plugin's default, gains nothing and has to wait
for the garbage collector, which gets to about 14 objects a second (measured, 1.37.2): 21 s for 300.
"""


def delete(plugin: Plugin, request: provider_pb2.DeleteRequest) -> None:
    """Answer the engine's Delete.

    Raises:
        InvalidInputError: the API server refuses.
        NotInitializedError: the object is still there.
        UnreachableError: the cluster doesn't answer.
    """
    state = State(request.properties)
    if plugin.unreachable:
        if plugin.settings.delete_unreachable:
            plugin.engine.warn(request.urn, f"{plugin.unreachable}: dropped from the state")
            return
        raise UnreachableError(unreachable_hint(plugin.unreachable))
    namespace, name = naming.parse_id(request.id)
    namespace = text(state.live, "metadata", "namespace") or namespace
    resource = plugin.find(state.live)
    if resource is None:
        return  # its type is gone, and with it every object of it
    body = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": propagation(state.inputs) or _default_propagation(state),
    }
    try:
        answer = plugin.api.send("DELETE", resource.path(namespace, name), None, body)
    except ApiError as error:
        if error.not_found:
            return
        raise refused(state.live, "delete", error) from error
    if _is_gone(answer) or _may_linger(state):
        return
    seconds = timeout_seconds(request.timeout, state.inputs, _TEN_MINUTES)
    try:
        until_gone(plugin.watcher(resource, request.urn), answer, seconds)
    except NotReadyError as error:
        raise NotInitializedError(
            thing(state.live), error, request.id, request.properties
        ) from error


def _default_propagation(state: State) -> str:
    builtin = is_builtin(text(state.live, "apiVersion"))
    alone = builtin and text(state.live, "kind") in _WITHOUT_DEPENDENTS
    return "Background" if alone else "Foreground"


def _is_gone(answer: Tree) -> bool:
    """Say whether the API server removed the object at once: then it answers no object."""
    return answer.get("kind") == "Status" or "deletionTimestamp" not in metadata(answer)


def _may_linger(state: State) -> bool:
    key = text(state.live, "apiVersion"), text(state.live, "kind")
    return key in _MAY_LINGER and is_true(state.inputs, SKIP_AWAIT)
