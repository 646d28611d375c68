"""dev: a host and its tenants in one stack.

Not here: the host (host.py), the tenants (tenants.py).
"""

import pulumi

from core.settings import Settings
from stacks import outputs
from stacks.host import declare_host
from stacks.tenants import check_versions, declare_tenants


async def declare(settings: Settings) -> pulumi.Inputs:
    """Declare both and return the stack's outputs."""
    if settings.host is not None and settings.host.adopt is not None:
        adopt = settings.host.adopt
        check_versions(settings, adopt.kubeconfig, adopt.context, settings.host.name)
    host = declare_host(settings)
    return outputs.of_both(host, declare_tenants(settings, host.handles))
