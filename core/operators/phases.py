"""phases: what of a chart goes into the tenant when, and in pieces of which size.

Not here: on which side an object belongs (split.py), declaring (components/_operator_inside.py).
"""

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.operators import objects, sides
from core.operators.references import SECRET

Json = dict[str, Any]

LARGEST = 900 * 1024
"""Bytes of objects in one TenantManifests: etcd takes 1.5 MiB in one request, all included."""


_PIECES = 16
"""Where one isn't enough: the largest charts have some MiB of definitions."""


@dataclass(frozen=True)
class Phases:
    """The objects of the tenant, in the order in which they are put in place."""

    definitions: tuple[Json, ...]
    """Kinds and namespaces: first, and kept when the operator goes, as others' data is in them."""
    secrets: tuple[Json, ...]
    """With the next, but nobody shall read them on the way."""
    objects: tuple[Json, ...]
    """What pods need when they start."""
    served: tuple[Json, ...]
    """What has the API server call the pods: beside them, so that it goes with them."""
    resources: tuple[Json, ...]
    """Custom resources: once the pods answer, as webhooks may judge them."""


def phases(manifests: Iterable[Json]) -> Phases:
    """Return the objects of the tenant by phase."""
    found: dict[str, list[Json]] = {name: [] for name in Phases.__dataclass_fields__}
    for manifest in manifests:
        found[_phase(manifest)].append(manifest)
    return Phases(**{name: tuple(those) for name, those in found.items()})


def pieces(manifests: Sequence[Json]) -> dict[int, list[Json]]:
    """Return the objects in lists that are small enough to be stored, by the number of each.

    Where one list is too small for all, an object's number is its own, whatever others there are:
    one that moved from list to list would be away for a moment, and with a CRD all of its kind.
    """
    whole = sum(len(json.dumps(manifest)) for manifest in manifests)
    count = 1 if whole <= LARGEST else _PIECES
    found: dict[int, list[Json]] = {}
    for manifest in manifests:
        number = zlib.crc32(objects.label(manifest).encode()) % count
        found.setdefault(number, []).append(manifest)
    return dict(sorted(found.items()))


def _phase(manifest: Json) -> str:
    kind = sides.kind(manifest)
    if kind in sides.KEPT:
        return "definitions"
    if kind == ("", SECRET):
        return "secrets"
    if kind in sides.SERVED_BY_PODS:
        return "served"
    return "objects" if kind in sides.BY_KIND else "resources"
