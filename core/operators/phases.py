"""phases: what of a chart goes into the tenant when, and in pieces of which size.

Not here: on which side an object belongs (split.py), declaring (components/_operator_inside.py).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.operators import sides
from core.operators.references import SECRET

Json = dict[str, Any]

LARGEST = 900 * 1024
"""Bytes of objects in one TenantManifests: etcd takes 1.5 MiB in one request, all included."""


@dataclass(frozen=True)
class Phases:
    """The objects of the tenant, in the order in which they are put in place."""

    definitions: tuple[Json, ...]
    """Kinds: first, and kept when the operator goes."""
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


def pieces(manifests: Sequence[Json]) -> list[list[Json]]:
    """Return the objects in lists that are small enough to be stored, in their order."""
    found: list[list[Json]] = []
    size = LARGEST
    for manifest in manifests:
        own = len(json.dumps(manifest))
        if size + own > LARGEST:
            found.append([])
            size = 0
        found[-1].append(manifest)
        size += own
    return found


def _phase(manifest: Json) -> str:
    kind = sides.kind(manifest)
    if kind == sides.DEFINITION:
        return "definitions"
    if kind == ("", SECRET):
        return "secrets"
    if kind in sides.SERVED_BY_PODS:
        return "served"
    return "objects" if kind in sides.BY_KIND else "resources"
