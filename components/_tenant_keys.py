"""Every key and certificate of one tenant, and the kubeconfigs made from them.

Not here: which there are and whom they name (core/pki.py), who mounts them
(tenant_control_plane.py).
"""

import pulumi

from components import _certificates
from core import kubeconfig, pki


class TenantKeys:
    """The tenant's authority, its service account key and its leaves."""

    def __init__(
        self,
        name: str,
        tenant: str,
        domain: str,
        *,
        etcd_ca_pem: pulumi.Input[str],
        etcd_ca_key_pem: pulumi.Input[str],
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Declare them all, named after `name`."""
        self._name, self._tenant = name, tenant
        self.authority = _certificates.authority(f"{name}-ca", f"tenantplane tenant {tenant}", opts)
        service_account = _certificates.private_key(f"{name}-service-account-key", opts)
        self.service_account_key_pem = pulumi.Output.secret(service_account.private_key_pem)
        self.service_account_public_pem: pulumi.Output[str] = service_account.public_key_pem
        self.leaves = self._leaves(pki.tenant_leaves(tenant, domain), opts)
        self.etcd_ca_pem = etcd_ca_pem
        self.store = _certificates.leaf(
            name,
            pki.store_client(tenant),
            ca_certificate_pem=etcd_ca_pem,
            ca_key_pem=etcd_ca_key_pem,
            opts=opts,
        )

    def declare_users(self, opts: pulumi.ResourceOptions) -> None:
        """Declare the leaves of those who use the tenant; no pod mounts them."""
        self.leaves |= self._leaves(pki.tenant_user_leaves(), opts)

    def _leaves(
        self, plans: list[pki.Leaf], opts: pulumi.ResourceOptions
    ) -> dict[str, _certificates.Certificate]:
        return {
            plan.name: _certificates.leaf(
                self._name,
                plan,
                ca_certificate_pem=self.authority.certificate_pem,
                ca_key_pem=self.authority.key_pem,
                opts=opts,
            )
            for plan in plans
        }

    @property
    def expires(self) -> pulumi.Output[str]:
        """When the first leaf ends, RFC 3339."""
        ends = [leaf.expires for leaf in (*self.leaves.values(), self.store)]
        return pulumi.Output.all(*ends).apply(min)

    def kubeconfig(
        self, leaf: str, server: pulumi.Input[str], tls_server_name: str | None = None
    ) -> pulumi.Output[str]:
        """Return the kubeconfig of one leaf's user; secret."""
        user = self.leaves[leaf]

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

        parts = (server, self.authority.certificate_pem, user.certificate_pem, user.key_pem)
        return pulumi.Output.secret(pulumi.Output.all(*parts).apply(build))

    def apiserver_files(self) -> dict[str, pulumi.Input[str]]:
        """What the API server's container mounts."""
        server = self.leaves["apiserver"]
        return {
            "ca.crt": self.authority.certificate_pem,
            "etcd-ca.crt": self.etcd_ca_pem,
            "etcd.crt": self.store.certificate_pem,
            "etcd.key": self.store.key_pem,
            "service-account.key": self.service_account_key_pem,
            "service-account.pub": self.service_account_public_pem,
            "tls.crt": server.certificate_pem,
            "tls.key": server.key_pem,
        }

    def controller_manager_files(self, server: str) -> dict[str, pulumi.Input[str]]:
        """What the controller manager's container mounts."""
        return {
            "ca.crt": self.authority.certificate_pem,
            "kubeconfig": self.kubeconfig("controller-manager", server),
            "service-account.key": self.service_account_key_pem,
        }

    def agent_files(self) -> dict[str, pulumi.Input[str]]:
        """What the host agent reads to work inside the tenant."""
        agent = self.leaves["host-agent"]
        return {
            "ca.crt": self.authority.certificate_pem,
            "tls.crt": agent.certificate_pem,
            "tls.key": agent.key_pem,
        }

    def fingerprint(self, *more: str) -> pulumi.Output[str]:
        """Hash of everything that the pods mount; they roll when it changes."""
        return _certificates.fingerprint(
            self.authority.certificate_pem,
            self.etcd_ca_pem,
            self.service_account_public_pem,
            self.store.certificate_pem,
            self.leaves["apiserver"].certificate_pem,
            self.leaves["controller-manager"].certificate_pem,
            *more,
        )
