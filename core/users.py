"""users: the people of a tenant as settings, and what none of them may be called.

A name has no colon: with one in it are the platform's names (`system:`, `tenantplane:`) and those
that come from an issuer, which have its prefix (oidc.py).
Not here: what each role may do (manifests/base_rbac.py, manifests/user_rbac.py), their
certificates' plan (pki.py), the requests for tokens (agent/handlers/tenant_token.py).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core import flags, pki, schema
from core.errors import InvalidInputError
from core.oidc import Issuer, OidcSettings
from core.schema import setting

ADMIN, EDITOR, VIEWER = "admin", "editor", "viewer"
ROLES = (ADMIN, EDITOR, VIEWER)

CERTIFICATE, TOKEN = "certificate", "token"
CREDENTIALS = (CERTIFICATE, TOKEN)

_DEFAULT_HOURS = {CERTIFICATE: 7 * 24, TOKEN: flags.MAX_TOKEN_HOURS}
_LEAST_HOURS = {CERTIFICATE: 3, TOKEN: 1}
"""A certificate is renewed in its last third, and the plugin counts in whole hours."""
_MOST_HOURS = {CERTIFICATE: pki.LEAF_VALIDITY_HOURS, TOKEN: flags.MAX_TOKEN_HOURS}

_NAME = re.compile(r"[a-z0-9]([-a-z0-9._@]{0,61}[a-z0-9])?")
_ACCOUNT = re.compile(r"[a-z]([-a-z0-9]{0,38}[a-z0-9])?")
_TAKEN = frozenset(
    leaf.common_name for leaf in (*pki.tenant_leaves("", ""), *pki.tenant_user_leaves())
)
_WHO = ("name", "group", "user")


def check_name(value: str, path: str) -> str:
    """Check what becomes the common name of a certificate, of 64 characters at most."""
    if not _NAME.fullmatch(value):
        remedy = (
            "use 1 to 63 lower-case letters, digits and -._@, a letter or digit first and last, "
            "like jane or jane@example.com"
        )
        raise InvalidInputError(path, "can't be the name of a user", value, remedy)
    if value in _TAKEN:
        problem = "is the name of one of the platform's own certificates"
        raise InvalidInputError(path, problem, value, "choose another name")
    return value


@dataclass(frozen=True, kw_only=True)
class UserSettings:
    """Somebody with a role in the whole tenant: exactly one of `name`, `group` and `user`."""

    name: str | None = setting(default=None, check=check_name, example="jane")
    """A person or program that gets a kubeconfig, and what it is called in the tenant."""

    group: str | None = setting(default=None, example="corp:devs")
    """A group of one of the tenant's issuers (`oidc`), with the prefix in front."""

    user: str | None = setting(default=None, example="corp:jane")
    """One user of such an issuer, with the prefix in front."""

    role: str = setting(choices=ROLES)
    """What they may do: docs/users.md. Changed in place."""

    credentials: str | None = setting(default=None, choices=CREDENTIALS)
    """What is in the kubeconfig of `name`. Default: a certificate.

    A `token` ends when its user is removed; a certificate is nothing without its rights, but gets
    in until it ends. Changing it makes another user of the same name.
    """

    valid_hours: int | None = setting(
        default=None, minimum=min(_LEAST_HOURS.values()), maximum=max(_MOST_HOURS.values())
    )
    """How long that works, in hours.

    A certificate's are 3 to 2160 hours, default 168; `pulumi up` makes a new one in the last third.
    A token's are 1 to 24, default 24; the host agent makes a new one after 80 %, and `pulumi up`
    hands it out.
    """

    @property
    def has_certificate(self) -> bool:
        """Whether its kubeconfig has a certificate."""
        return self.name is not None and self.credentials != TOKEN

    @property
    def has_token(self) -> bool:
        """Whether its kubeconfig has a token, of a ServiceAccount of its name."""
        return self.name is not None and self.credentials == TOKEN

    @property
    def hours(self) -> int:
        """How long its credentials work."""
        return self.valid_hours or _DEFAULT_HOURS[self.credentials or CERTIFICATE]


def users(
    given: Sequence[Mapping[str, object]], issuers: Sequence[Issuer], thing: str
) -> tuple[UserSettings, ...]:
    """Return the users of a tenant, checked.

    Args:
        given: The fields of UserSettings by name.
        issuers: Whose users the tenant lets in.
        thing: What errors call the list.

    Raises:
        InvalidInputError: names all that is wrong.
    """
    read = schema.read_all(UserSettings, given, thing)
    errors = list(problems(read, issuers, thing))
    if errors:
        raise InvalidInputError.together(errors)
    return read


def problems(
    given: Sequence[UserSettings], issuers: Sequence[Issuer | OidcSettings], path: str
) -> Iterator[InvalidInputError]:
    """Yield what is wrong with the users of one tenant, each value being right on its own."""
    seen: dict[tuple[str, str], int] = {}
    for number, one in enumerate(given):
        here = f"{path}[{number}]"
        said = {key: value for key in _WHO if (value := getattr(one, key)) is not None}
        if len(said) != 1:
            both = f"{' and '.join(said)} are given" if said else "nobody is given"
            yield InvalidInputError(here, both, remedy="set exactly one of name, group and user")
            continue
        ((key, value),) = said.items()
        earlier = seen.setdefault((key, value), number)
        if earlier != number:
            remedy = "give each of them one role"
            problem = f"is that of {path}[{earlier}] already"
            yield InvalidInputError(f"{here}.{key}", problem, value, remedy)
        if key == "name":
            yield from _own(one, here)
        else:
            yield from _of_issuer(one, key, value, issuers, here)


def _own(one: UserSettings, path: str) -> Iterator[InvalidInputError]:
    """What the platform has to make of it."""
    kind, name = one.credentials or CERTIFICATE, str(one.name)
    least, most = _LEAST_HOURS[kind], _MOST_HOURS[kind]
    if not least <= one.hours <= most:
        problem = f"is too {'short' if one.hours < least else 'long'} for a {kind}"
        remedy = f"use {least} to {most}"
        yield InvalidInputError(f"{path}.validHours", problem, one.hours, remedy)
    if one.has_token and not _ACCOUNT.fullmatch(name):
        problem = "can't be the name of a ServiceAccount, which has the token"
        remedy = "use 1 to 40 lower-case letters, digits and dashes, a letter first, no dash last"
        yield InvalidInputError(f"{path}.name", problem, name, remedy)


def _of_issuer(
    one: UserSettings,
    key: str,
    value: str,
    issuers: Sequence[Issuer | OidcSettings],
    path: str,
) -> Iterator[InvalidInputError]:
    """Whom an issuer vouches for, in tokens of its own."""
    for own in ("credentials", "valid_hours"):
        if (given := getattr(one, own)) is not None:
            problem = f"belongs to a name, and the tokens of a {key} are its issuer's"
            remedy = "leave it out"
            yield InvalidInputError(f"{path}.{schema.camel(own)}", problem, given, remedy)
    known = sorted(_prefixes(key, issuers))
    if not any(value.startswith(prefix) and value != prefix for prefix in known):
        wanted = "usernamePrefix" if key == "user" else "groupsClaim and groupsPrefix"
        shown = f"write it with its issuer's prefix in front ({', '.join(known)})"
        remedy = shown if known else f"name its issuer under oidc of the tenant, with {wanted}"
        yield InvalidInputError(f"{path}.{key}", "is of no issuer of the tenant", value, remedy)


def _prefixes(key: str, issuers: Iterable[Issuer | OidcSettings]) -> Iterator[str]:
    for issuer in issuers:
        if key == "user":
            yield issuer.username_prefix
        elif issuer.groups_claim is not None:
            yield issuer.groups_prefix or issuer.username_prefix
