"""The certificates of an installation, as plans: who signs, who is named, what for, how long.

Owns: subjects, subject alternative names, key usages and lifetimes.
Not here: requests to sign them (certificate_request.py), the keys themselves
(components/_certificates.py makes them with pulumi-tls).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core import names

KEY_ALGORITHM = "ECDSA"
KEY_CURVE = "P256"
"""Always spelled out: pulumi-tls defaults to P224, which Go's TLS does not speak."""

AUTHORITY_VALIDITY_HOURS = 10 * 365 * 24
LEAF_VALIDITY_HOURS = 90 * 24
LEAF_EARLY_RENEWAL_HOURS = 30 * 24
"""The platform's leaves live 90 days; every `pulumi up` in the last 30 days renews them."""

TENANT_ADMINS = "tenant-admins"
"""Group of a tenant's own administrators, bound by RBAC in the tenant."""

MASTERS = "system:masters"
"""Above RBAC and impossible to revoke: only the break-glass and the host agent's certificates."""

WARNING_DAYS = LEAF_EARLY_RENEWAL_HOURS // 24
"""A leaf that ends within so many days is worth a word in each preview."""

AUTHORITY = "authority"
"""In the names of all authorities, and of no leaf."""
AUTHORITY_WARNING_DAYS = 180
"""Longer for those: whoever uses a tenant has to follow two of the steps that replace one."""

_CLIENT = ("client_auth", "digital_signature")
_SERVER = ("digital_signature", "key_encipherment", "server_auth")
_PEER = ("client_auth", "digital_signature", "key_encipherment", "server_auth")


@dataclass(frozen=True, kw_only=True)
class Leaf:
    """One certificate that an authority signs."""

    name: str
    """Name of the resources that make it; part of their URN."""

    common_name: str
    """The user name that the other side sees, or a label for servers."""

    organization: str | None = None
    """The group that a Kubernetes API server sees."""

    uses: tuple[str, ...] = _CLIENT
    """Key usages in pulumi-tls' words, sorted."""

    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()

    validity_hours: int = LEAF_VALIDITY_HOURS

    @property
    def early_renewal_hours(self) -> int:
        """How long before its end a `pulumi up` renews it: its last third, in whole hours."""
        return self.validity_hours // 3


def tenant_leaves(tenant: str, domain: str) -> list[Leaf]:
    """Certificates of the tenant's own pods, signed by its own authority."""
    namespace = names.namespace(tenant)
    return [
        Leaf(
            name="apiserver",
            common_name="kube-apiserver",
            uses=_SERVER,
            dns_names=tuple(
                sorted(
                    (
                        "kube-apiserver",
                        f"kube-apiserver.{namespace}",
                        f"kube-apiserver.{namespace}.svc",
                        f"kube-apiserver.{namespace}.svc.cluster.local",
                        "kubernetes",
                        "kubernetes.default",
                        "kubernetes.default.svc",
                        "localhost",
                        names.public_name(tenant, domain),
                    )
                )
            ),
            ip_addresses=("127.0.0.1",),
        ),
        Leaf(name="controller-manager", common_name="system:kube-controller-manager"),
    ]


def tenant_user_leaves() -> list[Leaf]:
    """Certificates of those who use the tenant, signed by its own authority."""
    return [
        Leaf(name="host-agent", common_name="tenantplane:host-agent", organization=MASTERS),
        Leaf(name="break-glass", common_name="tenantplane:break-glass", organization=MASTERS),
        Leaf(name="admin", common_name="tenant-admin", organization=TENANT_ADMINS),
    ]


def person_leaf(name: str, validity_hours: int) -> Leaf:
    """Certificate of one of the tenant's own people: in no group, so that its rights can go."""
    return Leaf(name=f"user.{name}", common_name=name, validity_hours=validity_hours)


def store_client(tenant: str) -> Leaf:
    """What the tenant shows to its etcd: in a shared one the common name is the etcd user."""
    return Leaf(name="etcd", common_name=tenant)


def store_root() -> Leaf:
    """What the host agent shows to a shared etcd."""
    return Leaf(name="root", common_name="root")


def store_server(namespace: str) -> Leaf:
    """What every member of the etcd of a namespace shows to its clients."""
    return Leaf(
        name="server",
        common_name="etcd",
        uses=_PEER,  # a member dials its own client port for its status
        dns_names=tuple(
            sorted(
                (
                    f"*.etcd-peers.{namespace}.svc",
                    "etcd",
                    f"etcd.{namespace}",
                    f"etcd.{namespace}.svc",
                    f"etcd.{namespace}.svc.cluster.local",
                    "localhost",
                )
            )
        ),
        ip_addresses=("127.0.0.1",),
    )


def store_peer(namespace: str) -> Leaf:
    """What members show to each other; its own authority, so that no tenant can join as a peer."""
    return Leaf(
        name="peer",
        common_name="etcd-peer",
        uses=_PEER,
        dns_names=(f"*.etcd-peers.{namespace}.svc", f"*.etcd-peers.{namespace}.svc.cluster.local"),
    )


def agent_server() -> Leaf:
    """What the host agent shows to tenants' API servers."""
    service = f"{names.AGENT}.{names.AGENT_NAMESPACE}.svc"
    return Leaf(name="server", common_name=names.AGENT, uses=_SERVER, dns_names=(service,))


def first_certificate(pem: str) -> str:
    """Return the first certificate of several in one PEM text."""
    end = "-----END CERTIFICATE-----\n"
    head, found, _ = pem.partition(end)
    return head + found


def ending(days: Mapping[str, int]) -> Iterator[str]:
    """Say which certificates end soon: leaves, which are renewed, authorities, which are replaced.

    Args:
        days: For how many whole days each is still good, by its name; negative when it has ended.
    """
    authorities = {name: left for name, left in days.items() if AUTHORITY in name}
    leaves = {name: left for name, left in days.items() if name not in authorities}
    for what, known, limit, remedy in (
        ("certificates", leaves, WARNING_DAYS, "`pulumi up` renews them"),
        ("authorities", authorities, AUTHORITY_WARNING_DAYS, "replace them step by step by `keys`"),
    ):
        soon = {name: left for name, left in known.items() if left < limit}
        if soon:
            first = min(soon.values())
            when = f"in {first} days" if first >= 0 else f"{-first} days ago"
            yield f"{what} end soon ({', '.join(sorted(soon))}), the first {when}; {remedy}"
