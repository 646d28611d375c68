"""changes: refuses what would break what runs on a host, before anything is declared.

Not here: which change is safe (core/pools.py, core/skew.py, core/stores.py), reading the host
(components/running_host.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.running_host import opened, running_etcds, running_tenants, store_warnings
from core import pools, skew, stores
from core.errors import InvalidInputError
from core.settings import Settings


@dataclass(frozen=True)
class Running:
    """What a host has, as far as a stack cares."""

    tenants: frozenset[str] = frozenset()
    """Those that are there already."""

    store_warnings: Mapping[str, str] = field(default_factory=dict)
    """By tenant: its share of its store is nearly full, or full."""


def check(settings: Settings, kubeconfig: str, context: str | None, host: str) -> Running:
    """Check a stack against what runs on its host; return what of it concerns the stack.

    Args:
        settings: Of the stack.
        kubeconfig: Of the host, as HostCluster takes it.
        context: Context in it; None for the current one.
        host: The host's name.

    Raises:
        InvalidInputError: names every change that an etcd or a tenant would not survive.
        HostError: the host can't be read.
    """
    with opened(kubeconfig, context, host) as api:
        tenants, etcds, warnings = running_tenants(api), running_etcds(api), store_warnings(api)
    versions = {name: tenant.version for name, tenant in tenants.items()}
    datastores = {name: tenant.datastore for name, tenant in tenants.items()}
    errors = [
        *skew.problems(settings.tenants, versions),
        *stores.problems(settings.tenants, datastores),
        *pools.problems(settings, etcds),
    ]
    if errors:
        raise InvalidInputError.together(errors)
    ours = {tenant.name for tenant in settings.tenants}
    warnings = {tenant: text for tenant, text in warnings.items() if tenant in ours}
    for text in warnings.values():
        pulumi.log.warn(text)
    return Running(frozenset(tenants), warnings)
