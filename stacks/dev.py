"""dev: tenants, and all that they need, on a host that exists already.

Not here: the host (host.py), the tenants (tenants.py), hosts that are made (kind host, then a stack
of kind tenants: before there is a cluster nobody can ask it for the versions that tenants run).
"""

import pulumi

from core.settings import Settings
from stacks import changes, operators, outputs
from stacks.host import declare_host
from stacks.tenants import declare_tenants


async def declare(settings: Settings) -> pulumi.Inputs:
    """Declare both and return the stack's outputs."""
    if settings.host is None or settings.host.adopt is None:  # settings_rules.py has refused it
        raise AssertionError(settings.kind)
    adopt = settings.host.adopt
    running = changes.check(settings, adopt.kubeconfig, adopt.context, settings.host.name)
    host = declare_host(settings)
    tenants = await declare_tenants(settings, host.handles, running)
    serving = operators.declare(settings, host.handles, tenants)
    warnings = changes.store_warnings(settings, running)
    return outputs.of_both(host, tenants, serving, warnings)
