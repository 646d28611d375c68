"""read: looks at an object, for a refresh, `.get` or an import.

Not here: what has changed (diff.py).
"""

from core.errors import InvalidInputError
from rig.plugins.kubernetes import kinds, naming, normalize, values
from rig.plugins.kubernetes.annotations import FIELD_MANAGER, annotation, metadata, text
from rig.plugins.kubernetes.failures import NotInitializedError, thing, unreachable_hint
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.state import State, checkpoint, pruned, with_secrets
from rig.plugins.kubernetes.transport import UnreachableError
from rig.plugins.kubernetes.values import Properties, Tree
from rig.plugins.kubernetes.waiting import ready
from rig.plugins.kubernetes.waiting.verdict import NotReadyError

_SET_BY_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
_SET_BY_OTHERS = (
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
)

_Response = provider_pb2.ReadResponse


def read(plugin: Plugin, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
    """Answer the engine's Read; an empty answer says that the object is gone.

    Raises:
        InvalidInputError: the id or the type can't be.
        NotInitializedError: the object is there, but isn't ready.
        UnreachableError: the cluster doesn't answer.
    """
    token = kinds.supported(request.type or request.urn.split("::")[2].rpartition("$")[2])
    if plugin.unreachable:
        return _unreachable(plugin, request)
    namespace, name = _place(token, request.id)
    given = values.read(request.inputs)
    old = State(request.properties)
    inputs, _ = normalize.normalize(given.plain, has_unknowns=given.has_unknowns)
    first_time = not inputs.get("kind") and not old.live.get("kind")
    only_read = not inputs and not first_time  # a `.get`: its state has no inputs
    inputs = _identified(inputs or old.inputs, old.live, token, namespace, name)
    live = plugin.live_or_none(_at(inputs, namespace, name))
    if live is None:
        return _Response()
    found = _imported(live, inputs) if first_time else pruned(live, inputs)
    manager = annotation(inputs, FIELD_MANAGER) or old.field_manager
    manager = manager or naming.field_manager(text(live, "metadata", "uid"))
    state = checkpoint(
        live,
        found,
        given,
        api_version=old.api_version or text(inputs, "apiVersion"),
        field_manager=manager,
    )
    answer = _Response(
        id=request.id or naming.object_id(live),
        properties=state,
        inputs=None if only_read else values.write(with_secrets(found, given)),
    )
    if not first_time:
        _check_ready(plugin, request, live, inputs, answer)
    return answer


def _place(token: kinds.Token, object_id: str) -> tuple[str, str]:
    """Return the namespace and the name that an id means."""
    namespace, name = naming.parse_id(object_id)
    if not name:
        problem, remedy = "is no id of an object", "give namespace/name, or name"
        raise InvalidInputError(token.kind, problem, object_id, remedy)
    return namespace, name


def _identified(inputs: Tree, live: Tree, token: kinds.Token, namespace: str, name: str) -> Tree:
    """Return inputs that say at least which object they are of."""
    if inputs.get("kind"):
        return inputs
    if live.get("kind"):
        token = kinds.Token(text(live, "apiVersion"), text(live, "kind"))
    known = metadata(inputs)
    place = {"namespace": known.get("namespace") or namespace} if namespace else {}
    return {
        **inputs,
        "apiVersion": token.api_version,
        "kind": token.kind,
        "metadata": {**known, "name": known.get("name") or name, **place},
    }


def _at(inputs: Tree, namespace: str, name: str) -> Tree:
    """Return what to look for: the id says the name, the inputs may say the namespace."""
    where = text(inputs, "metadata", "namespace") or namespace
    return {**inputs, "metadata": {"name": name, **({"namespace": where} if where else {})}}


def _imported(live: Tree, inputs: Tree) -> Tree:
    """Return what the inputs would have been, had Pulumi made this object."""
    found: Tree = pruned(live, inputs)
    for name in kinds.input_names(text(live, "apiVersion"), text(live, "kind")):
        if name in live:
            found[name] = live[name]
    kept = {k: v for k, v in metadata(found).items() if k not in _SET_BY_SERVER}
    if isinstance(kept.get("annotations"), dict):
        kept["annotations"] = {
            k: v for k, v in kept["annotations"].items() if k not in _SET_BY_OTHERS
        }
    return {**found, "metadata": kept}


def _check_ready(
    plugin: Plugin,
    request: provider_pb2.ReadRequest,
    live: Tree,
    inputs: Tree,
    answer: provider_pb2.ReadResponse,
) -> None:
    resource = plugin.find(live)
    if resource is None:
        return
    try:
        ready.check_now(plugin.watcher(resource, request.urn), live, inputs)
    except NotReadyError as error:
        raise NotInitializedError(
            thing(live), error, answer.id, answer.properties, answer.inputs
        ) from error


def _unreachable(plugin: Plugin, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
    if plugin.settings.delete_unreachable:
        plugin.engine.warn(request.urn, f"{plugin.unreachable}: dropped from the state")
        return _Response()
    if plugin.settings.skip_update_unreachable:
        plugin.engine.warn(request.urn, f"{plugin.unreachable}: the state may be out of date")
        return _Response(id=request.id, properties=request.properties, inputs=request.inputs)
    raise UnreachableError(unreachable_hint(plugin.unreachable))


__all__ = ["Properties", "read"]
