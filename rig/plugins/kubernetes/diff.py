"""diff: what a change of inputs would change on the cluster, found without asking it.

The new inputs are compared with what the last known live object has of the old inputs: so drift
that a refresh has seen is a difference, and what others set on the object is none.
Not here: which changes replace (immutable.py).
"""

from dataclasses import dataclass, field
from typing import Any

from rig.plugins.kubernetes import immutable, naming, normalize, values
from rig.plugins.kubernetes.annotations import REPLACE_UNREADY, is_true, metadata, text
from rig.plugins.kubernetes.immutable import Path
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.property_path import contains, parse, render
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.state import State, pruned
from rig.plugins.kubernetes.values import Data, Skip, Tree, Unknown
from rig.plugins.kubernetes.waiting import workloads

_Kind = provider_pb2.PropertyDiff
_REPLACING = {
    _Kind.ADD: _Kind.ADD_REPLACE,
    _Kind.DELETE: _Kind.DELETE_REPLACE,
    _Kind.UPDATE: _Kind.UPDATE_REPLACE,
}
_UNREADY = f'.metadata.annotations["{REPLACE_UNREADY}"]'
_ABSENT = object()
_ONLY_SERVER: Skip = {"metadata": {"managedFields": {}}}
_SKIP: Skip = {"status": {}, **_ONLY_SERVER}


@dataclass
class _Change:
    path: Path
    kind: "_Kind.Kind.ValueType"
    value: Data


@dataclass
class _Comparison:
    """The changes between two trees."""

    changes: list[_Change] = field(default_factory=list)

    def trees(self, old: Tree, new: Tree, path: Path = ()) -> None:
        for name in {**new, **old}:
            self._values(old.get(name, _ABSENT), new.get(name, _ABSENT), (*path, name))

    def _lists(self, old: list[Any], new: list[Any], path: Path) -> None:
        for i in range(max(len(old), len(new))):
            before = old[i] if i < len(old) else _ABSENT
            self._values(before, new[i] if i < len(new) else _ABSENT, (*path, i))

    def _values(self, old: Data, new: Data, path: Path) -> None:
        if new is None and old in (None, _ABSENT):
            return
        if new is None or new is _ABSENT:
            if old is not None or new is _ABSENT:
                self.changes.append(_Change(path, _Kind.DELETE, None))
        elif old is _ABSENT:
            self.changes.append(_Change(path, _Kind.ADD, new))
        elif isinstance(old, dict) and isinstance(new, dict | Unknown):
            # Whatever is in a tree that only the update will know may be gone by then.
            self.trees(old, new if isinstance(new, dict) else {}, path)
        elif isinstance(old, list) and isinstance(new, list):
            self._lists(old, new, path)
        elif isinstance(new, Unknown) or not _same(old, new):
            self.changes.append(_Change(path, _Kind.UPDATE, new))


def _same(old: Data, new: Data) -> bool:
    return isinstance(old, bool) == isinstance(new, bool) and bool(old == new)


def diff(plugin: Plugin, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
    """Answer the engine's Diff."""
    state = State(request.olds, skip=_ONLY_SERVER if "status" in request.news.fields else _SKIP)
    given = values.read(request.news)
    new, _ = normalize.normalize(given.plain, has_unknowns=given.has_unknowns)
    old, new = _comparable(plugin, state, new)
    comparison = _Comparison()
    comparison.trees(old, new)
    rules = immutable.rules(
        new,
        mutable_secrets=plugin.settings.mutable_secrets,
        mutable_config_maps=plugin.settings.mutable_config_maps,
    )
    ignored = [parse(path) for path in request.ignoreChanges]
    response = provider_pb2.DiffResponse(hasDetailedDiff=True)
    replaces = []
    for change in comparison.changes:
        if any(contains(path, change.path) for path in ignored):
            continue
        kind, path = change.kind, render(change.path)
        if immutable.replaces(change.path, change.value, rules):
            kind = _REPLACING[kind]
            replaces.append(path)
        elif change.path == ("metadata",) and kind == _Kind.DELETE:
            replaces.append(path)
        response.detailedDiff[path].CopyFrom(
            _Kind(kind=kind, inputDiff=change.kind == _Kind.DELETE)
        )
    if is_true(new, REPLACE_UNREADY) and _is_unready(plugin, request.urn, state.live):
        replaces.append(_UNREADY)
    changed = bool(response.detailedDiff or replaces)
    response.changes = response.DIFF_SOME if changed else response.DIFF_NONE
    response.replaces.extend(sorted(replaces))
    response.deleteBeforeReplace = bool(replaces) and _must_make_room(new, state.live)
    return response


def _comparable(plugin: Plugin, state: State, new: Tree) -> tuple[Tree, Tree]:
    """Return what the live object has of the old inputs, and the new inputs, alike in form."""
    old_inputs, _ = normalize.normalize(
        state.inputs, has_unknowns=values.has_unknowns(state.inputs)
    )
    old: Tree = pruned(state.live, old_inputs)
    api_version, kind = str(new.get("apiVersion")), str(new.get("kind"))
    namespaced = plugin.discovery.namespaced(api_version, kind)
    old = _in_namespace(old, namespaced=namespaced)
    new = _in_namespace(new, namespaced=namespaced)
    old.setdefault("apiVersion", new.get("apiVersion"))
    old.setdefault("kind", new.get("kind"))
    if isinstance(old.get("metadata"), dict):
        old["metadata"].pop("resourceVersion", None)
    if metadata(new).get("name"):
        old["metadata"] = {**metadata(old), "name": metadata(state.live).get("name")}
    return old, new


def _in_namespace(obj: Tree, *, namespaced: bool) -> Tree:
    """Return an object that says its namespace if it has one: `default` is one too."""
    found = obj.get("metadata")
    if isinstance(found, Unknown):
        return obj
    found = dict(found or {})
    namespace = found.pop("namespace", None)
    if namespaced:
        found["namespace"] = namespace or "default"
    return {**obj, "metadata": found}


def _must_make_room(new: Tree, live: Tree) -> bool:
    """Say whether an object that is replaced has to go first: the new one has its name."""
    return (
        naming.is_named(new)
        and not naming.is_autonamed(new)
        and metadata(new).get("name") == metadata(live).get("name")
        and text(new, "metadata", "namespace") == text(live, "metadata", "namespace")
    )


def _is_unready(plugin: Plugin, urn: str, live: Tree) -> bool:
    if live.get("kind") != "Job":
        plugin.engine.warn(urn, f"{REPLACE_UNREADY} means nothing but for a Job")
        return False
    if plugin.unreachable:
        plugin.engine.warn(urn, f"the cluster is unreachable: {REPLACE_UNREADY} is not looked at")
        return False
    found = plugin.live_or_none(live)
    return found is not None and not workloads.job(found).ready
