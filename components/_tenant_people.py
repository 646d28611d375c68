"""The people of one tenant: their certificates, tokens and kubeconfigs.

Not here: their roles (core/manifests/user_rbac.py), the objects inside the tenant that give them
(_tenant_base.py), the certificates of the platform and of the tenant's group (_tenant_keys.py).
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi

from components import _tenant_token
from components._tenant_keys import TenantKeys
from components._tenant_store import Place
from core import names, pki
from core.users import UserSettings


class TenantPeople:
    """Those users of a tenant that get a kubeconfig from the platform."""

    def __init__(
        self,
        place: Place,
        keys: TenantKeys,
        people: Sequence[UserSettings],
        *,
        base: pulumi.Resource,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Declare what opens the tenant to them.

        Args:
            place: Of the tenant.
            keys: Whose authority signs.
            people: All users.
            base: Makes their ServiceAccounts.
            opts: Of certificates.
        """
        self._keys = keys
        plans = [pki.person_leaf(str(one.name), one.hours) for one in people if one.has_certificate]
        signed = keys.sign(plans, opts)
        self._certificates = {plan.common_name: signed[plan.name] for plan in plans}
        self._tokens = {
            str(one.name): _declare_token(place, one, base) for one in people if one.has_token
        }

    @property
    def expires(self) -> pulumi.Output[Mapping[str, str]]:
        """When the credentials of each end, RFC 3339, by name; of those that are there."""
        certificates = {name: one.expires for name, one in self._certificates.items()}
        tokens = {
            name: pulumi.Output.unsecret(_file(files, "expires"))
            for name, files in self._tokens.items()
        }
        return _known({**certificates, **tokens})

    def kubeconfigs(
        self, server: pulumi.Input[str], tls_server_name: str | None
    ) -> pulumi.Output[Mapping[str, str]]:
        """Return the kubeconfig of each, by name, but of those with no token yet; secret."""
        with_certificates = {
            name: self._keys.kubeconfig(one, server, tls_server_name)
            for name, one in self._certificates.items()
        }
        with_tokens = {
            name: self._keys.token_kubeconfig(_file(files, "token"), server, tls_server_name)
            for name, files in self._tokens.items()
        }
        return pulumi.Output.secret(_known({**with_certificates, **with_tokens}))


def _declare_token(
    place: Place, one: UserSettings, base: pulumi.Resource
) -> pulumi.Output[dict[str, str]]:
    """Declare the token of a user; return the files of its Secret, as `_tenant_token.read`."""
    wanted = _tenant_token.Wanted(
        name=f"token-user-{one.name}",
        namespace=names.USERS_NAMESPACE,
        service_account=str(one.name),
        seconds=one.hours * 3600,
    )
    token = _tenant_token.declare(place, f"{place.name}-user.{one.name}", wanted, after=[base])
    return _tenant_token.read(place, token)


def _known(
    values: Mapping[str, pulumi.Output[Any]],
) -> pulumi.Output[Mapping[str, str]]:
    """Return those that are not None."""

    def named(known: list[str | None]) -> dict[str, str]:
        pairs = zip(values, known, strict=True)
        return {name: value for name, value in pairs if value is not None}

    return pulumi.Output.all(*values.values()).apply(named)


def _file(files: pulumi.Output[dict[str, str]], name: str) -> pulumi.Output[str | None]:
    """Return one file of a Secret, None where it isn't there."""

    def decoded(known: dict[str, str]) -> str | None:
        return base64.b64decode(known[name]).decode() if name in known else None

    return files.apply(decoded)
