"""What an operator has inside the tenant: lists of objects that the host agent puts there.

Owns: the TenantManifests of an operator, and the Secret with what nobody shall read in them.
Not here: which objects, and when (core/operators/phases.py), who applies them (agent/).
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components._operator_place import OperatorPlace
from core import names
from core.manifests import crd_schemas, tenant
from core.operators import phases

DELETE, ORPHAN, KEEP = "Delete", "Orphan", "Keep"


def declare(
    place: OperatorPlace,
    phase: str,
    manifests: Sequence[dict[str, Any]],
    *,
    policy: str = DELETE,
    secrets: Sequence[dict[str, Any]] = (),
    after: Sequence[pulumi.Resource] = (),
) -> list[pulumi.Resource]:
    """Declare the objects of one phase; what is returned is ready when they are in place.

    A list comes after those of higher numbers, which its objects may have moved to: what it has no
    more it would take away, if no other had it by then, and with a CRD all of its kind.

    Args:
        place: Of the operator.
        phase: Its name, part of the names of all resources.
        manifests: The objects.
        policy: What becomes of them when the operator goes.
        secrets: Those of them that nobody shall read.
        after: What has to be there before.
    """
    pieces = phases.pieces(manifests)
    if secrets:
        pieces.setdefault(0, [])
    found: list[pulumi.Resource] = []
    for number in sorted(pieces, reverse=True):
        said: dict[str, Any] = {"deletionPolicy": policy, "objects": pieces[number]}
        needed = [*after, *found]
        if number == 0 and secrets:
            named, hidden = _hidden(place, phase, secrets)
            said |= named
            needed.append(hidden)
        found.append(_piece(place, f"{phase}-{number}", said, needed))
    return found


def _piece(
    place: OperatorPlace, name: str, said: dict[str, Any], after: Sequence[pulumi.Resource]
) -> CustomResource:
    """Declare one list of objects."""
    return CustomResource(
        f"{place.name}-{name}",
        api_version=names.API_VERSION,
        kind="TenantManifests",
        metadata=place.meta(f"{place.operator}-{name}", place.awaited()),
        spec={**tenant.way_in(place.tenant), **said},
        opts=place.opts(after),
    )


def _hidden(
    place: OperatorPlace, phase: str, secrets: Sequence[dict[str, Any]]
) -> tuple[dict[str, str], Secret]:
    """Declare a Secret with objects; return how a TenantManifests names it, and the Secret."""
    text = json.dumps(list(secrets), sort_keys=True)
    name = f"operator-{place.operator}-{phase}"
    hidden = Secret(
        f"{place.name}-{phase}-secret",
        metadata=place.meta(name),
        string_data={crd_schemas.OBJECTS_KEY: pulumi.Output.secret(text)},
        opts=place.opts(),
    )
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return {"objectsSecret": name, "objectsHash": digest}, hidden
