"""object_lists: objects that somebody else wrote, a chart or a file, brought into one form.

Not here: rendering charts (charts.py), reading files (stacks/manifest_files.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from core import kinds
from core.errors import InvalidInputError


def uniform(given: Sequence[Mapping[str, Any]], namespace: str, thing: str) -> list[dict[str, Any]]:
    """Return objects one by one, each with a namespace if, and only if, its kind has one.

    A plugin fills in the namespace, and knows custom resources by the cluster that it works on: the
    host. What the objects define themselves is known here; of other custom resources it is assumed.

    Args:
        given: As Helm gave them, or as they stand in files; `List`s are taken apart.
        namespace: Of objects that name none.
        thing: What errors call the whole.

    Raises:
        InvalidInputError: one of them is no object, or has no name.
    """
    found = [one for obj in given for one in taken_apart(obj, thing)]
    cluster_wide = {defined for obj in found for defined in _defined_cluster_wide(obj)}
    return [_placed(obj, namespace, cluster_wide) for obj in found]


def taken_apart(obj: Mapping[str, Any], thing: str) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a `List`, or the one that isn't any.

    Raises:
        InvalidInputError: one of them is no object, or has no name.
    """
    kind, items = obj.get("kind"), obj.get("items")
    if str(kind).endswith("List") and isinstance(items, list):
        for item in items:
            yield from taken_apart(item if isinstance(item, Mapping) else {}, thing)
        return
    metadata = obj.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    for value, what in (
        (obj.get("apiVersion"), "apiVersion"),
        (kind, "kind"),
        (name, "metadata.name"),
    ):
        if not isinstance(value, str) or not value:
            shown = f"{kind or 'an object'} {name or ''}".rstrip()
            raise InvalidInputError(thing, f"{shown} has no {what}", remedy="give it one")
    where = obj["metadata"].get("namespace")
    if not (where is None or isinstance(where, str)):
        problem = f"the namespace of {kind} {name} is not a text"
        raise InvalidInputError(thing, problem, where, "put it in quotes")
    yield obj


def _defined_cluster_wide(obj: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield group and kind of what a CustomResourceDefinition defines outside of namespaces."""
    if obj["kind"] == "CustomResourceDefinition":
        spec = _mapping(obj.get("spec"))
        if spec.get("scope") == "Cluster":
            yield str(spec.get("group")), str(_mapping(spec.get("names")).get("kind"))


def _mapping(value: object) -> Mapping[str, Any]:
    """Return what is a mapping; an empty one for what isn't, and is told of later."""
    return value if isinstance(value, Mapping) else {}


def _placed(
    obj: Mapping[str, Any], namespace: str, cluster_wide: set[tuple[str, str]]
) -> dict[str, Any]:
    api_version, kind = obj["apiVersion"], obj["kind"]
    metadata = {key: value for key, value in obj["metadata"].items() if key != "namespace"}
    group = api_version.rpartition("/")[0]
    if not kinds.is_cluster_wide(api_version, kind) and (group, kind) not in cluster_wide:
        metadata["namespace"] = obj["metadata"].get("namespace") or namespace
    return {**obj, "metadata": metadata}
