"""changes: refuses what would break what runs on a host, before anything is declared.

Not here: which change is safe (core/pools.py, core/skew.py), reading the host
(components/running_host.py).
"""

from components.running_host import RunningHost, running_host
from core import pools, skew
from core.errors import InvalidInputError
from core.settings import TENANTS, AdoptSettings, Settings


def check_adopted(settings: Settings, adopt: AdoptSettings, host: str) -> RunningHost:
    """Check a stack against the host that it adopts; return what runs there.

    Raises:
        InvalidInputError: names every change that a pool or a tenant would not survive.
        HostError: the host can't be read.
    """
    return check(settings, running_host(adopt.kubeconfig, adopt.context, host))


def check(settings: Settings, running: RunningHost) -> RunningHost:
    """Check a stack against what runs on its host, and return that.

    Raises:
        InvalidInputError: names every change that a pool or a tenant would not survive.
    """
    errors = list(skew.problems(settings.tenants, running.versions))
    if settings.kind != TENANTS:  # whose pools are its host stack's
        errors += pools.problems(settings.etcd, running.pools)
    if errors:
        raise InvalidInputError.together(errors)
    return running
