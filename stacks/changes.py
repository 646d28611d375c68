"""changes: refuses what would break what runs on a host, before anything is declared.

Not here: which change is safe (core/pools.py, core/skew.py, core/stores.py), reading the host
(components/running_host.py).
"""

from components.running_host import opened, running_etcds, running_tenants
from core import pools, skew, stores
from core.errors import InvalidInputError
from core.settings import Settings


def check(settings: Settings, kubeconfig: str, context: str | None, host: str) -> frozenset[str]:
    """Check a stack against what runs on its host; return the tenants that are there.

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
        tenants, etcds = running_tenants(api), running_etcds(api)
    versions = {name: tenant.version for name, tenant in tenants.items()}
    datastores = {name: tenant.datastore for name, tenant in tenants.items()}
    errors = [
        *skew.problems(settings.tenants, versions),
        *stores.problems(settings.tenants, datastores),
        *pools.problems(settings, etcds),
    ]
    if errors:
        raise InvalidInputError.together(errors)
    return frozenset(tenants)
