"""runtime_classes: whether a host can run a tenant's pods in the sandbox that the tenant asks for.

Not here: what the host has (running.py), its nodes (components/_gke.py).
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from core.errors import InvalidInputError

GVISOR = "gvisor"
"""What GKE calls the one of its sandboxed nodes."""

if TYPE_CHECKING:
    from core.running import RunningHost
    from core.settings import TenantSettings


def problems(
    tenants: Iterable["TenantSettings"], running: "RunningHost"
) -> Iterator[InvalidInputError]:
    """Yield a problem for each tenant whose RuntimeClass is not among those of its host."""
    for number, tenant in enumerate(tenants):
        if tenant.runtime_class not in (None, *running.runtime_classes):
            known = " or ".join(sorted(running.runtime_classes))
            yield InvalidInputError(
                f"tenants[{number}].runtimeClass",
                f"the host of tenant {tenant.name} has no such RuntimeClass",
                tenant.runtime_class,
                f"use {known}, or leave it out" if known else "leave it out, or install one there",
            )
