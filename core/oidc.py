"""oidc: issuers of tokens whose users a tenant lets in, and what none of them may name.

A prefix stands in front of each name that a token gives. It ends in a colon, so that what comes of
it is nobody's but the issuer's: the platform's names have none, or begin with `system:` or
`tenantplane:`.
Not here: the file that says so to the API server (manifests/apiserver_config.py).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from core import checks, schema
from core.errors import InvalidInputError
from core.schema import setting

_PREFIX = re.compile(r"[a-z][-a-z0-9.]{0,30}:")
_URL = re.compile(r"https://[-a-zA-Z0-9.]+(:(?P<port>[0-9]{1,5}))?(/[^\s?#]*)?")
_RESERVED = ("system:", "tenantplane:")
_HTTPS = 443


def prefix(value: str, path: str) -> str:
    """Check what stands in front of each user or group of an issuer."""
    if _PREFIX.fullmatch(value) and value not in _RESERVED:
        return value
    remedy = f"write it like corp:, letters first and a colon last, and not {_RESERVED[0]}"
    raise InvalidInputError(path, "can't stand in front of names", value, remedy)


def url(value: str, path: str) -> str:
    """Check the URL of an issuer, as it stands in its tokens."""
    if _URL.fullmatch(value):
        return value
    remedy = "write it as in the tokens, like https://login.example.com/realms/acme"
    raise InvalidInputError(path, "is not the https URL of an issuer", value, remedy)


@dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """An OpenID Connect issuer whose users the tenant lets in. They have the rights it binds."""

    issuer: str = setting(check=url, example="https://login.example.com/realms/acme")
    """Its URL, as it stands in `iss` of its tokens; its discovery document is below it."""

    audiences: tuple[str, ...] = setting(example="kubernetes")
    """Whom tokens must be for: one of these stands in their `aud`."""

    username_claim: str = setting(default="sub", example="email")
    """Claim that names the user."""

    username_prefix: str = setting(check=prefix, example="corp:")
    """What stands in front of each user's name, so that it is nobody else's; ends in a colon."""

    groups_claim: str | None = setting(default=None, example="groups")
    """Claim that lists the user's groups. Default none: its users are in no group."""

    groups_prefix: str | None = setting(default=None, check=prefix, example="corp:")
    """What stands in front of each group. Default: that of the users."""

    ca: str | None = setting(default=None, example="login-ca.pem")
    """Authority of its certificate: path of a PEM file (relative to the project) or its content.

    Default: those that the API server's image trusts.
    """

    network: str | None = setting(default=None, check=checks.way_out, example="203.0.113.7/32")
    """Network in which it answers, and the only one that the tenant's pods then reach for it.

    Default: every public address, at the port of the URL; private and link-local ones are not.
    """


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """An issuer, complete; fields as in OidcSettings."""

    url: str
    audiences: tuple[str, ...]
    username_claim: str
    username_prefix: str
    groups_claim: str | None
    groups_prefix: str
    ca_pem: str | None
    network: str | None

    @property
    def port(self) -> int:
        """Where it answers."""
        found = _URL.fullmatch(self.url)
        return int(found["port"] or _HTTPS) if found else _HTTPS


def issuers(
    given: Sequence[Mapping[str, object]], own_issuer: str, thing: str
) -> tuple[Issuer, ...]:
    """Return the issuers that a tenant lets in, checked.

    Args:
        given: The fields of OidcSettings by name; `ca` as PEM.
        own_issuer: Of the tenant's service accounts.
        thing: What errors call the list.

    Raises:
        InvalidInputError: names all that is wrong.
    """
    read = schema.read_all(OidcSettings, given, thing)
    errors = list(problems(read, thing, own_issuer))
    if errors:
        raise InvalidInputError.together(errors)
    return tuple(
        Issuer(
            url=one.issuer,
            audiences=one.audiences,
            username_claim=one.username_claim,
            username_prefix=one.username_prefix,
            groups_claim=one.groups_claim,
            groups_prefix=one.groups_prefix or one.username_prefix,
            ca_pem=one.ca,
            network=one.network,
        )
        for one in read
    )


def problems(
    given: Sequence[OidcSettings], path: str, own_issuer: str | None = None
) -> Iterator[InvalidInputError]:
    """Yield what is wrong with the issuers of one tenant together."""
    seen: set[str] = set() if own_issuer is None else {own_issuer}
    for number, one in enumerate(given):
        here = f"{path}[{number}]"
        if not one.audiences:
            remedy = "name the client or audience that its tokens for this tenant have"
            yield InvalidInputError(f"{here}.audiences", "is empty", remedy=remedy)
        own = {"issuer": one.issuer, "usernamePrefix": one.username_prefix}
        if one.groups_prefix is not None:
            own["groupsPrefix"] = one.groups_prefix
        for key, value in own.items():
            if value in seen:
                problem = "is another's already, whose users or groups could pass for this one's"
                remedy = "give each issuer a URL and prefixes of its own"
                yield InvalidInputError(f"{here}.{key}", problem, value, remedy)
        seen.update(own.values())
