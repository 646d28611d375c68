"""skew: which change of a tenant's Kubernetes version is safe.

The containers of a tenant come from one version, so the only skew there can be is in time: between
what wrote the store last and what reads it next (https://kubernetes.io/releases/version-skew-policy/:
API servers go up one minor at a time; a storage version that is dropped can't be read by skipping).
Not here: which versions there are (versions.py), which ones run (running.py).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from core import versions
from core.errors import InvalidInputError

if TYPE_CHECKING:
    from core.running import RunningHost
    from core.settings import TenantSettings


def check_change(running: str, wanted: str, thing: str) -> None:
    """Check that a tenant may go from one version to another.

    Args:
        running: Version that it has.
        wanted: Version that it shall have.
        thing: How an error names it.

    Raises:
        InvalidInputError: it would go down a minor, or up more than one.
    """
    (major, old), (new_major, new) = versions.minor(running), versions.minor(wanted)
    if (major, old) == (new_major, new) or (major, old + 1) == (new_major, new):
        return
    if (new_major, new) < (major, old):
        raise InvalidInputError(
            thing,
            f"can't go down from {running}: an older API server may not read the tenant's objects",
            wanted,
            f"use {running} or newer",
        )
    step = versions.KUBERNETES.get(f"{major}.{old + 1}", f"{major}.{old + 1}")
    raise InvalidInputError(
        thing,
        f"can't go up from {running} by more than one minor",
        wanted,
        f"set it to {step} and run `pulumi up` first",
    )


def problems(
    tenants: Iterable["TenantSettings"], running: "RunningHost"
) -> Iterator[InvalidInputError]:
    """Yield a problem for each tenant that can't go from where it is to what is wanted.

    Args:
        tenants: As the settings list them.
        running: What their host has.
    """
    for number, tenant in enumerate(tenants):
        there = running.tenants.get(tenant.name)
        if there is None or versions.parse(there.version) is None:
            continue
        try:
            check_change(there.version, tenant.version, f"tenants[{number}].version")
        except InvalidInputError as error:
            yield error
