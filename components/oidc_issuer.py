"""Issuers whose users a tenant lets in, as a program gives them.

Not here: what they may be, and what none may name (core/oidc.py).
"""

from typing import NotRequired, TypedDict


class OidcIssuer(TypedDict):
    """An OpenID Connect issuer whose users get in."""

    issuer: str
    """Its https URL, as in its tokens."""

    audiences: list[str]
    """Whom its tokens must be for; one of them will do."""

    username_prefix: str
    """In front of its users' names; ends in a colon."""

    username_claim: NotRequired[str]
    """Claim that names the user. Default sub."""

    groups_claim: NotRequired[str]
    """Claim that lists the user's groups. Default none."""

    groups_prefix: NotRequired[str]
    """In front of its groups' names. Default that of its users."""

    ca: NotRequired[str]
    """Authority of its certificate, PEM. Default those of the API server's image."""

    network: NotRequired[str]
    """CIDR in which it answers. Default every public address."""
