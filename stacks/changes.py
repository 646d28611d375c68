"""changes: refuses what would break what runs on a host, before anything is declared.

Not here: which change is safe (core/pools.py, core/skew.py), reading the host
(components/running_host.py).
"""

from components.running_host import opened, running_pools, running_versions
from core import pools, skew
from core.errors import InvalidInputError
from core.settings import TENANTS, Settings


def check(settings: Settings, kubeconfig: str, context: str | None, host: str) -> dict[str, str]:
    """Check a stack against what runs on its host; return the version of each tenant there.

    Args:
        settings: Of the stack.
        kubeconfig: Of the host, as HostCluster takes it.
        context: Context in it; None for the current one.
        host: The host's name.

    Raises:
        InvalidInputError: names every change that a pool or a tenant would not survive.
        HostError: the host can't be read.
    """
    with opened(kubeconfig, context, host) as api:
        versions = running_versions(api)
        # The pools of a stack of kind tenants are its host stack's.
        known = {} if settings.kind == TENANTS else running_pools(api)
    errors = [
        *skew.problems(settings.tenants, versions),
        *pools.problems(settings.etcd, known),
    ]
    if errors:
        raise InvalidInputError.together(errors)
    return versions
