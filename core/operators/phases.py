"""phases: what of a chart goes into the tenant when, in pieces of which size, what is too large.

Not here: on which side an object belongs (split.py), declaring (components/_operator_inside.py).
"""

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInputError
from core.operators import objects, sides
from core.operators.references import SECRET

Json = dict[str, Any]

LARGEST = 900 * 1024
"""Bytes of objects in one TenantManifests: etcd takes 1.5 MiB in one request, all included."""

_NUMBERS = 2**32
"""Of CRC-32."""


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

    An object is in the same list whatever others there are, as long as there are as many lists:
    one, or twice as many until each is small enough. Of twice as many, an object's has the same
    number or a higher one. So it moves to a higher one, or from one that isn't there any more.
    """
    count = 1
    found = _dealt(manifests, count)
    while count < _NUMBERS and any(map(_too_large, found.values())):
        count *= 2
        found = _dealt(manifests, count)
    return found


def problems(manifests: Iterable[Json], thing: str) -> Iterator[InvalidInputError]:
    """Yield which objects of the tenant are too large to be put there."""
    smaller, apply = "smaller by the values, or leave", "in the tenant with kubectl"
    known = phases(manifests)
    for manifest in (*known.definitions, *known.objects, *known.served, *known.resources):
        if _too_large([manifest]):
            what, problem = f"{thing}, {objects.label(manifest)}", f"is larger than {LARGEST} bytes"
            remedy = f"make it {smaller} it out by `sides` and apply it {apply}"
            yield InvalidInputError(what, problem, _size([manifest]), remedy)
    if _too_large(known.secrets):
        problem = f"are larger than {LARGEST} bytes together"
        remedy = f"make them {smaller} some out by `sides` and apply those {apply}"
        yield InvalidInputError(f"{thing}, its Secrets", problem, _size(known.secrets), remedy)


def _dealt(manifests: Iterable[Json], count: int) -> dict[int, list[Json]]:
    """Return the objects in so many lists, but for those that nothing is in."""
    found: dict[int, list[Json]] = {}
    for manifest in manifests:
        number = zlib.crc32(objects.label(manifest).encode()) % count
        found.setdefault(number, []).append(manifest)
    return dict(sorted(found.items()))


def _size(manifests: Iterable[Json]) -> int:
    return sum(len(json.dumps(manifest)) for manifest in manifests)


def _too_large(manifests: Iterable[Json]) -> bool:
    return _size(manifests) > LARGEST


def _phase(manifest: Json) -> str:
    kind = sides.kind(manifest)
    if kind in sides.KEPT:
        return "definitions"
    if kind == ("", SECRET):
        return "secrets"
    if kind in sides.SERVED_BY_PODS:
        return "served"
    return "objects" if kind in sides.BY_KIND else "resources"
