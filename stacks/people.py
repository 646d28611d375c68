"""people: a tenant's users as its component takes them; what isn't said is left out.

Not here: what they may be (core/users.py), what is declared for them
(components/_tenant_people.py).
"""

from typing import cast

from components.tenant_user import TenantUser
from core.settings import TenantSettings


def of(tenant: TenantSettings) -> list[TenantUser]:
    """Return the users of a tenant."""
    return [
        cast("TenantUser", {key: value for key, value in vars(one).items() if value is not None})
        for one in tenant.users
    ]
