"""managed_fields: who manages which fields of an object, as server-side apply records it.

Objects are created on behalf of one manager and updated by their own: before the first update the
latter takes over what the former has, else removed fields would stay for ever.
Not here: the update itself (update.py).
"""

from collections.abc import Iterator, Sequence
from typing import Any

from rig.plugins.kubernetes.annotations import metadata
from rig.plugins.kubernetes.values import Data, Tree

_TAKEN_OVER = (
    ("kubectl", "Apply"),
    ("kubectl", "Update"),
    ("before-first-apply", "Update"),
    ("pulumi-kubernetes", "Update"),
    ("pulumi-resource-kubernetes", "Update"),
)
_CLIENT_SIDE = ("pulumi-kubernetes", "pulumi-kubernetes.exe", "pulumi-resource-kubernetes")


def entries(obj: Tree) -> list[Tree]:
    """Return the records of an object."""
    found: list[Tree] = metadata(obj).get("managedFields") or []
    return found


def created_by_plugin(obj: Tree) -> bool:
    """Say whether fields still belong to the manager that objects are created on behalf of."""
    return any(
        e.get("operation") == "Update" and e.get("manager") in _CLIENT_SIDE for e in entries(obj)
    )


def takeover(obj: Tree, manager: str) -> list[Tree] | None:
    """Return the records after a manager took over what was made for it, None for no change."""
    own: Tree | None = next((e for e in entries(obj) if _is(e, manager, "Apply")), None)
    kept = []
    changed = False
    for entry in entries(obj):
        if entry is own:
            continue
        if not _is_taken_over(entry):
            kept.append(entry)
            continue
        changed = True
        if own is None:
            own = {**entry, "manager": manager, "operation": "Apply"}
        else:
            own = {**own, "fieldsV1": _union(own.get("fieldsV1"), entry.get("fieldsV1"))}
    return [*kept, own] if changed and own is not None else None


def has(obj: Tree, path: Sequence[str], manager: str, *, others: bool) -> bool:
    """Say whether a manager, or any other one, manages a field or something in it."""
    return any(_covers(fields, path) for fields in _fields(obj, manager, others=others))


def _fields(obj: Tree, manager: str, *, others: bool) -> Iterator[Any]:
    for entry in entries(obj):
        if (entry.get("manager") != manager) == others:
            yield entry.get("fieldsV1")


def _covers(fields: Data, path: Sequence[str]) -> bool:
    for name in path:
        if not isinstance(fields, dict) or f"f:{name}" not in fields:
            return False
        fields = fields[f"f:{name}"]
    return True


def _is(entry: Tree, manager: str, operation: str) -> bool:
    return entry.get("manager") == manager and entry.get("operation") == operation


def _is_taken_over(entry: Tree) -> bool:
    manager = str(entry.get("manager"))
    return not entry.get("subresource") and any(
        manager.startswith(prefix) and entry.get("operation") == operation
        for prefix, operation in _TAKEN_OVER
    )


def _union(one: Data, other: Data) -> Data:
    if not isinstance(one, dict) or not isinstance(other, dict):
        return other if one is None else one
    return {**one, **{k: _union(one.get(k), v) for k, v in other.items()}}
