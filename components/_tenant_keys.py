"""Every key and certificate of one tenant, and the kubeconfigs made from them.

Not here: which there are and whom they name (core/pki.py), who mounts them
(tenant_control_plane.py).
"""

from collections.abc import Iterable

import pulumi
from pulumi_random import RandomBytes

from components import _certificates
from components._certificates import Certificate
from core import generations, kubeconfig, pki
from core.generations import Generations
from core.manifests import encryption


class TenantKeys:
    """What the tenant's pods mount: authority, service account and encryption keys, leaves."""

    def __init__(
        self,
        name: str,
        tenant: str,
        domain: str,
        *,
        keys: Generations,
        scope: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Declare them all, named after `name`.

        Args:
            name: In front of the names of all resources.
            tenant: The id.
            domain: Of the installation.
            keys: Generations of authority, service account key and encryption key.
            scope: What is encrypted, one of encryption.SCOPES.
            opts: Of every resource.
        """
        self._name, self._tenant = name, tenant
        self.authority = _certificates.authority(
            f"{name}-ca", f"tenantplane tenant {tenant}", keys, opts
        )
        accounts = [
            _certificates.private_key(
                generations.named(f"{name}-service-account-key", number), opts
            )
            for number in keys
        ]
        self.service_account_key_pem = pulumi.Output.secret(accounts[0].private_key_pem)
        self.service_account_public_pem: pulumi.Output[str] = pulumi.Output.all(
            *(account.public_key_pem for account in accounts)
        ).apply("".join)
        self.encryption = _encryption(name, keys, scope, opts)
        self.leaves = self.sign(pki.tenant_leaves(tenant, domain), opts)

    def sign(
        self, plans: Iterable[pki.Leaf], opts: pulumi.ResourceOptions
    ) -> dict[str, Certificate]:
        """Declare leaves of the tenant's authority; return them by the names of their plans."""
        return {
            plan.name: _certificates.leaf(
                self._name,
                plan,
                ca_pem=self.authority.trusted_pem,
                ca_key_pem=self.authority.key_pem,
                opts=opts,
            )
            for plan in plans
        }

    def kubeconfig(
        self, user: Certificate, server: pulumi.Input[str], tls_server_name: str | None = None
    ) -> pulumi.Output[str]:
        """Return the kubeconfig of one leaf's user; secret."""

        def build(values: list[str]) -> str:
            address, ca_pem, certificate_pem, key_pem = values
            return kubeconfig.build(
                address,
                ca_pem,
                certificate_pem,
                key_pem,
                self._tenant,
                tls_server_name=tls_server_name,
            )

        parts = (server, self.authority.trusted_pem, user.certificate_pem, user.key_pem)
        return pulumi.Output.secret(pulumi.Output.all(*parts).apply(build))

    def token_kubeconfig(
        self,
        token: pulumi.Input[str | None],
        server: pulumi.Input[str],
        tls_server_name: str | None = None,
    ) -> pulumi.Output[str | None]:
        """Return the kubeconfig of who has a token, None without one; secret."""

        def build(values: list[str]) -> str | None:
            address, ca_pem, known = values
            return known and kubeconfig.with_token(
                address, ca_pem, known, self._tenant, tls_server_name=tls_server_name
            )

        parts = (server, self.authority.trusted_pem, token)
        return pulumi.Output.secret(pulumi.Output.all(*parts).apply(build))

    def apiserver_files(self) -> dict[str, pulumi.Input[str]]:
        """What the API server's container mounts."""
        server = self.leaves["apiserver"]
        return {
            "ca.crt": self.authority.trusted_pem,
            encryption.FILE: self.encryption,
            "service-account.key": self.service_account_key_pem,
            "service-account.pub": self.service_account_public_pem,
            "tls.crt": server.certificate_pem,
            "tls.key": server.key_pem,
        }

    def controller_manager_files(self, server: str) -> dict[str, pulumi.Input[str]]:
        """What the controller manager's container mounts."""
        return {
            "ca.crt": self.authority.trusted_pem,
            "kubeconfig": self.kubeconfig(self.leaves["controller-manager"], server),
            "service-account.key": self.service_account_key_pem,
        }

    @property
    def encryption_hash(self) -> pulumi.Output[str]:
        """Which EncryptionConfiguration pods have that mount these keys."""
        return _certificates.fingerprint(self.encryption)

    def fingerprint(self, *more: pulumi.Input[str]) -> pulumi.Output[str]:
        """Hash of everything that the pods mount; they roll when it changes."""
        return _certificates.fingerprint(
            self.authority.trusted_pem,
            self.service_account_public_pem,
            self.encryption,
            self.leaves["apiserver"].certificate_pem,
            self.leaves["controller-manager"].certificate_pem,
            *more,
        )


class TenantUsers:
    """Those who use the tenant: people and the host agent. No pod of the tenant mounts theirs."""

    def __init__(self, keys: TenantKeys, opts: pulumi.ResourceOptions) -> None:
        """Declare their leaves, signed by the tenant's authority."""
        self._keys = keys
        self._leaves = keys.sign(pki.tenant_user_leaves(), opts)

    @property
    def expires(self) -> dict[str, pulumi.Output[str]]:
        """When the tenant's authority and each leaf of it ends, RFC 3339, by its name."""
        leaves = self._keys.leaves | self._leaves
        ends = {name: leaf.expires for name, leaf in leaves.items()}
        return ends | dict(self._keys.authority.expires)

    def kubeconfig(
        self, leaf: str, server: pulumi.Input[str], tls_server_name: str | None
    ) -> pulumi.Output[str]:
        """Return the kubeconfig of one of them; secret."""
        return self._keys.kubeconfig(self._leaves[leaf], server, tls_server_name)

    def agent_files(self) -> dict[str, pulumi.Input[str]]:
        """What the host agent reads to work inside the tenant."""
        agent = self._leaves["host-agent"]
        return {
            "ca.crt": self._keys.authority.trusted_pem,
            "tls.crt": agent.certificate_pem,
            "tls.key": agent.key_pem,
        }


def _encryption(
    name: str, keys: Generations, scope: str, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """Declare the encryption keys and return the EncryptionConfiguration with them; secret."""
    made = [
        RandomBytes(
            generations.named(f"{name}-encryption-key", number),
            length=encryption.KEY_BYTES,
            opts=opts,
        )
        for number in keys
    ]

    def render(values: list[str]) -> str:
        return encryption.configuration(scope, dict(zip(keys, values, strict=True)))

    rendered = pulumi.Output.all(*(key.base64 for key in made)).apply(render)
    return pulumi.Output.secret(rendered)
