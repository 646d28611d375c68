"""People of a tenant, as a program gives them.

Not here: what they may be, and what none may be called (core/users.py).
"""

from typing import NotRequired, TypedDict


class TenantUser(TypedDict):
    """Somebody with a role in the tenant: exactly one of name, group and user."""

    role: str
    """What they may do: admin, editor or viewer. Changed in place."""

    name: NotRequired[str]
    """Whoever gets a kubeconfig, and what it is called in the tenant."""

    group: NotRequired[str]
    """A group of one of the tenant's issuers, with the prefix in front."""

    user: NotRequired[str]
    """One user of such an issuer, with the prefix in front."""

    credentials: NotRequired[str]
    """What is in the kubeconfig of a name: certificate or token. Default certificate."""

    valid_hours: NotRequired[int]
    """How long that works, in hours. Default 168 of a certificate, 24 of a token."""
