"""update: changes an object in place by server-side apply, and waits until it is ready again.

A CustomResourceDefinition is replaced as a whole instead (PUT), which leaves its objects alone.
A preview asks the API server for a dry run.
Not here: whether there is anything to change (diff.py), who has which fields (managed_fields.py).
"""

from collections.abc import Mapping

from google.protobuf.struct_pb2 import Struct

from core.errors import InvalidInputError
from rig.plugins.kubernetes import kinds, managed_fields, naming, normalize, values
from rig.plugins.kubernetes.annotations import (
    FIELD_MANAGER,
    PATCH_FORCE,
    annotation,
    is_true,
    metadata,
    text,
)
from rig.plugins.kubernetes.api import APPLY, JSON_PATCH, ApiError
from rig.plugins.kubernetes.failures import NotInitializedError, conflict, gone, refused, thing
from rig.plugins.kubernetes.kinds import Resource
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.property_path import parse
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.state import State, checkpoint
from rig.plugins.kubernetes.values import Data, Properties, Tree
from rig.plugins.kubernetes.waiting import ready
from rig.plugins.kubernetes.waiting.verdict import NotReadyError

_FORBIDDEN, _INVALID = 403, 422

_Response = provider_pb2.UpdateResponse


def update(plugin: Plugin, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
    """Answer the engine's Update.

    Raises:
        InvalidInputError: the API server refuses the change, or the object is gone.
        NotInitializedError: it was changed, but isn't ready.
        UnreachableError: the cluster doesn't answer.
    """
    given = values.read(request.news)
    inputs, _ = normalize.normalize(given.plain, has_unknowns=given.has_unknowns)
    if request.preview and (given.has_unknowns or plugin.unreachable):
        return _Response(properties=request.news)
    resource = plugin.find(inputs)
    if resource is None:
        if request.preview:
            return _Response(properties=request.news)
        problem = "the API server has no such kind any more"
        raise InvalidInputError(thing(inputs), problem, remedy="create its definition first")
    change = _Change(plugin, resource, inputs, given, request)
    try:
        live = change.send(dry_run=request.preview)
    except ApiError as error:
        if request.preview and error.code == _FORBIDDEN:
            return _Response(properties=request.news)
        raise change.explained(error) from error
    if not request.preview:
        live = _ready(plugin, change, live, request)
    return _Response(properties=change.state(live))


def _ready(
    plugin: Plugin, change: "_Change", live: Tree, request: provider_pb2.UpdateRequest
) -> Tree:
    """Return a changed object once it is ready."""
    try:
        live = ready.wait(
            plugin.watcher(change.resource, request.urn),
            live,
            change.inputs,
            custom_timeout=request.timeout,
            updating=True,
        )
    except NotReadyError as error:
        state = change.state(error.live)
        raise NotInitializedError(
            thing(change.inputs), error, naming.object_id(live), state
        ) from error
    change.leave_old_manager(live)
    return live


class _Change:
    """A change of one object."""

    def __init__(
        self,
        plugin: Plugin,
        resource: Resource,
        inputs: Tree,
        given: Properties,
        request: provider_pb2.UpdateRequest,
    ) -> None:
        old = State(request.olds)
        self._plugin = plugin
        self.resource = resource
        self.inputs = inputs
        self._given = given
        self._api_version = old.api_version or text(inputs, "apiVersion")
        self._ignored = [parse(path) for path in request.ignoreChanges]
        self._old_manager = annotation(old.inputs, FIELD_MANAGER) or old.field_manager
        self.manager = (
            annotation(inputs, FIELD_MANAGER) or old.field_manager or naming.field_manager()
        )
        namespace = text(old.live, "metadata", "namespace")
        self._path = resource.path(namespace, text(old.live, "metadata", "name"))

    def send(self, *, dry_run: bool) -> Tree:
        """Send it; return the object after it.

        Raises:
            ApiError: the API server refuses.
        """
        api = self._plugin.api
        live = api.get(self._path)
        query = {"fieldManager": self.manager}
        if dry_run:
            query["dryRun"] = "All"
        if kinds.is_crd(self.inputs):
            answer = self._put(self.inputs, live, query)
            self._plugin.discovery.forget()
            return answer
        if not dry_run:
            live = self._take_over(live)
        body = self._with_ignored(live)
        force = str(self._forces(live, dry_run=dry_run)).lower()
        try:
            applied = {**query, "force": force}
            return api.send("PATCH", self._path, applied, body, content_type=APPLY)
        except ApiError as error:
            if error.code != _INVALID or not dry_run or not managed_fields.created_by_plugin(live):
                raise
            # Lists were merged with those of the creation, which only an update takes over.
            return self._put(body, live, query)

    def state(self, live: Tree) -> Struct:
        """Return what is kept of the object."""
        return checkpoint(
            live,
            self.inputs,
            self._given,
            api_version=self._api_version,
            field_manager=self.manager,
        )

    def explained(self, error: ApiError) -> InvalidInputError:
        """Return what to raise when the API server refuses."""
        if error.not_found:
            return gone(self.inputs)
        if error.is_conflict:
            return conflict(self.inputs, error)
        return refused(self.inputs, "update", error)

    def leave_old_manager(self, live: Tree) -> None:
        """Give up the fields of the manager that the user has replaced by another."""
        if not self._old_manager or self._old_manager == self.manager:
            return
        found = metadata(live)
        identity = {k: found[k] for k in ("name", "namespace") if k in found}
        body = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": identity}
        query = {"fieldManager": self._old_manager}
        self._plugin.api.send("PATCH", self._path, query, body, content_type=APPLY)

    def _put(self, obj: Tree, live: Tree, query: Mapping[str, str]) -> Tree:
        """Replace the object as a whole."""
        version = metadata(live)["resourceVersion"]
        body = {**obj, "metadata": {**metadata(obj), "resourceVersion": version}}
        return self._plugin.api.send("PUT", self._path, query, body)

    def _take_over(self, live: Tree) -> Tree:
        records = managed_fields.takeover(live, self.manager)
        if records is None:
            return live
        patch = [{"op": "replace", "path": "/metadata/managedFields", "value": records}]
        return self._plugin.api.send("PATCH", self._path, {}, patch, content_type=JSON_PATCH)

    def _forces(self, live: Tree, *, dry_run: bool) -> bool:
        if self._plugin.settings.force or is_true(self.inputs, PATCH_FORCE):
            return True
        if dry_run and managed_fields.created_by_plugin(live):
            return True
        return not managed_fields.entries(live)  # made before fields had managers

    def _with_ignored(self, live: Tree) -> Tree:
        """Return the inputs with the values that ignored fields have now.

        A field that only others manage is left out, else it would become ours.
        """
        inputs = self.inputs
        for path in self._ignored:
            if not path or not all(isinstance(step, str) for step in path):
                continue  # like the official plugin: names alone
            names = [str(step) for step in path]
            theirs = managed_fields.has(live, names, self.manager, others=True)
            ours = managed_fields.has(live, names, self.manager, others=False)
            if theirs and not ours:
                inputs = _without(inputs, names)
            else:
                inputs = _with_value(inputs, live, names)
        return inputs


def _without(obj: Tree, path: list[str]) -> Tree:
    name, rest = path[0], path[1:]
    if name not in obj:
        return obj
    if not rest:
        return {key: value for key, value in obj.items() if key != name}
    return {**obj, name: _without(obj[name], rest)} if isinstance(obj[name], dict) else obj


def _with_value(obj: Tree, live: Data, path: list[str]) -> Tree:
    name, rest = path[0], path[1:]
    if not isinstance(live, dict) or name not in live:
        return obj
    if not rest:
        return {**obj, name: live[name]}
    inner = obj.get(name, {})
    return {**obj, name: _with_value(inner, live[name], rest)} if isinstance(inner, dict) else obj
