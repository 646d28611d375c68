"""stacks: what a stack is made of. Its config says what it is: dev, host or tenants.

Not here: the components (components/), what may stand in the config (core/settings.py).
"""

import pulumi

from core import settings
from core.errors import TenantplaneError
from stacks import config, dev, failures, host, tenants

_DECLARE = {
    settings.DEV: dev.declare,
    settings.HOST: host.declare,
    settings.TENANTS: tenants.declare,
}


async def main() -> pulumi.Inputs:
    """Declare what the stack's config says and return the stack's outputs.

    Raises:
        pulumi.RunError: something is wrong that the user can mend; its text says what.
    """
    try:
        found = settings.parse(config.read())
        outputs = await _DECLARE[found.kind](found)
    except TenantplaneError as error:
        raise pulumi.RunError(str(error)) from error
    await failures.settle()
    return outputs
