"""create: makes an object, and waits until it is ready.

An object that exists already is refused, unless the provider may take it over
(upsertExistingObjects). A preview asks the API server for a dry run.
Not here: when it is ready (waiting/), what is kept of it (state.py).
"""

from google.protobuf.struct_pb2 import Struct

from rig.plugins.kubernetes import kinds, naming, values
from rig.plugins.kubernetes.annotations import FIELD_MANAGER, PATCH_FORCE, annotation, is_true, text
from rig.plugins.kubernetes.api import APPLY, ApiError
from rig.plugins.kubernetes.failures import NotInitializedError, conflict, exists, refused, thing
from rig.plugins.kubernetes.kinds import Resource
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.state import checkpoint
from rig.plugins.kubernetes.values import Properties, Tree
from rig.plugins.kubernetes.waiting import ready
from rig.plugins.kubernetes.waiting.verdict import NotReadyError

CLIENT_SIDE_MANAGER = "pulumi-kubernetes"
"""Who creates: its fields go to the object's own field manager at the first update."""

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS, _PATIENCE_SECONDS = 0.02, 0.5, 30.0
_FORBIDDEN = 403

_Response = provider_pb2.CreateResponse


def create(plugin: Plugin, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
    """Answer the engine's Create.

    Raises:
        InvalidInputError: the API server refuses the object.
        NotInitializedError: it exists now, but isn't ready.
        UnreachableError: the cluster doesn't answer.
    """
    given = values.read(request.properties)
    inputs = given.plain
    manager = annotation(inputs, FIELD_MANAGER) or naming.field_manager()
    if request.preview:
        seen = _previewed(plugin, given, manager)
        if seen is None:
            return _Response(properties=request.properties)
        return _Response(properties=_state(seen, given, manager))
    live = _patiently(plugin, inputs, manager)
    resource = plugin.find(live)
    if kinds.is_crd(inputs):
        plugin.discovery.forget()
    try:
        if resource is not None:
            live = ready.wait(
                plugin.watcher(resource, request.urn),
                live,
                inputs,
                custom_timeout=request.timeout,
                updating=False,
            )
    except NotReadyError as error:
        raise NotInitializedError(
            thing(inputs), error, naming.object_id(live), _state(error.live, given, manager)
        ) from error
    return _Response(id=naming.object_id(live), properties=_state(live, given, manager))


def _previewed(plugin: Plugin, given: Properties, manager: str) -> Tree | None:
    """Return what the API server would make of an object, None if it can't say."""
    if given.has_unknowns or plugin.unreachable:
        return None
    resource = plugin.find(given.plain)
    if resource is None:
        return None
    try:
        seen = _send(plugin, resource, given.plain, manager, dry_run=True)
    except ApiError as error:
        no_dry_run = "dry run" in error.message
        if (
            error.code == _FORBIDDEN
            or error.missing_namespace
            or error.already_exists
            or no_dry_run
        ):
            return None
        raise refused(given.plain, "create", error) from error
    seen.pop("status", None)
    return seen


def _patiently(plugin: Plugin, inputs: Tree, manager: str) -> Tree:
    """Create an object; one whose namespace or type comes in a moment is tried again."""
    waited, pause = 0.0, _FIRST_PAUSE_SECONDS
    while True:
        api_version, kind = text(inputs, "apiVersion"), text(inputs, "kind")
        problem = ApiError(404, {"message": f"the API server has no kind {kind} in {api_version}"})
        try:
            resource = plugin.find(inputs)
            if resource is not None:
                return _send(plugin, resource, inputs, manager, dry_run=False)
        except ApiError as error:
            if not error.not_found:
                raise refused(inputs, "create", error) from error
            problem = error
        plugin.api.get("/version")  # raises if the cluster is what is missing
        if waited > _PATIENCE_SECONDS or plugin.cancelled.wait(pause):
            raise refused(inputs, "create", problem)
        waited += pause
        pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


def _send(plugin: Plugin, resource: Resource, inputs: Tree, manager: str, *, dry_run: bool) -> Tree:
    namespace = text(inputs, "metadata", "namespace")
    query = {"dryRun": "All"} if dry_run else {}
    try:
        if not plugin.settings.upsert:
            query["fieldManager"] = CLIENT_SIDE_MANAGER
            return plugin.api.send("POST", resource.path(namespace), query, inputs)
        force = dry_run or plugin.settings.force or is_true(inputs, PATCH_FORCE)
        query["fieldManager"] = manager
        query["force"] = str(force).lower()
        path = resource.path(namespace, text(inputs, "metadata", "name"))
        return plugin.api.send("PATCH", path, query, inputs, content_type=APPLY)
    except ApiError as error:
        if error.already_exists and not dry_run:
            raise exists(inputs, error) from error
        if error.is_conflict and plugin.settings.upsert:
            raise conflict(inputs, error) from error
        raise


def _state(live: Tree, given: Properties, manager: str) -> Struct:
    return checkpoint(
        live,
        given.plain,
        given,
        api_version=text(given.plain, "apiVersion"),
        field_manager=manager,
    )
