"""SharedEtcd: one etcd on a host whose keyspace many tenants share, each fenced in its prefix.

Owns: namespace, authorities for clients and peers, members, their Services and network rules.
Not here: users and roles (the host agent makes them), a tenant's certificate
(tenant_control_plane.py), flags (core/flags.py).
"""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import Namespace, Secret, Service
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components import _certificates
from core import names, pki, versions
from core.errors import InvalidInputError
from core.manifests import etcd, pods


class SharedEtcdArgs(TypedDict):
    """Inputs of SharedEtcd."""

    pool: str
    """Name of the pool on its host; tenants name it as their datastore. Changing it replaces."""

    image: str
    """Image reference of etcd. Changing it replaces members one by one."""

    version: NotRequired[str]
    """Version inside the image, checked against the floor of core/versions.py. Default 3.7.3."""

    members: NotRequired[int]
    """Number of members: 1, or 3 on three nodes or more. Default 1. Fixed at creation.

    Three members never share a node: on fewer nodes the pool does not come up. Another number
    would replace the pool, which its protection refuses; of a cluster that can be asked, the
    stacks do before (core/pools.py).
    """

    quota_gib: NotRequired[int]
    """Backend quota in GiB (1024**3 bytes); when full, etcd refuses writes. Default 2."""

    storage_gib: NotRequired[int]
    """Volume of each member in GiB. Default 4. Fixed at creation, as members is."""

    deletion_protection: NotRequired[bool]
    """Protect namespace, authority and members: Pulumi refuses to delete or replace them.

    Default true.
    """


class SharedEtcd(pulumi.ComponentResource):
    """One etcd cluster on a host, reachable only from inside that host."""

    client_url: pulumi.Output[str]
    """https URL for kube-apiserver's --etcd-servers; known once the members are ready."""

    ca_pem: pulumi.Output[str]
    """Authority of servers and clients, PEM."""

    ca_key_pem: pulumi.Output[str]
    """Key that signs tenants' client certificates; secret."""

    certificate_pem: pulumi.Output[str]
    """Certificate of etcd's administrator `root`, for the host agent alone."""

    key_pem: pulumi.Output[str]
    """Key of that certificate; secret."""

    expires: pulumi.Output[str]
    """When the first of its leaf certificates ends, RFC 3339."""

    def __init__(
        self, name: str, args: SharedEtcdArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the pool.

        Raises:
            InvalidInputError: members is not 1 or 3, or the version lets tenants see each other.
        """
        pool = names.check_pool_name(args["pool"])
        members = int(args.get("members", 1))
        if members not in (1, 3):
            raise InvalidInputError(
                f"etcd pool {pool}", "members is not 1 or 3", members, "use 1, or 3 for production"
            )
        versions.check_etcd(args.get("version", versions.DEFAULT_ETCD), f"etcd pool {pool}")
        super().__init__("tenantplane:index:SharedEtcd", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        protect = bool(args.get("deletion_protection", True))
        kept = pulumi.ResourceOptions(parent=self, protect=protect)
        namespace = Namespace(
            f"{name}-ns",
            metadata={
                "name": names.etcd_namespace(pool),
                "labels": {names.LABEL_PART_OF: names.PART_OF, **pods.RESTRICTED},
            },
            opts=kept,
        )
        ns = namespace.metadata.name
        ca = _certificates.authority(f"{name}-ca", f"tenantplane etcd {pool}", kept)
        secret, keys_hash, ends = self._keys(name, pool, ns, ca)
        stateful_set = self._members(
            name,
            args,
            members,
            namespace=ns,
            keys_hash=keys_hash,
            opts=pulumi.ResourceOptions.merge(kept, pulumi.ResourceOptions(depends_on=[secret])),
        )
        root = _certificates.leaf(
            name,
            pki.store_root(),
            ca_certificate_pem=ca.certificate_pem,
            ca_key_pem=ca.key_pem,
            opts=child,
        )
        self.client_url = stateful_set.metadata.name.apply(lambda _: etcd.client_url(pool))
        self.ca_pem = ca.certificate_pem
        self.ca_key_pem = ca.key_pem
        self.certificate_pem = root.certificate_pem
        self.key_pem = root.key_pem
        self.expires = pulumi.Output.all(root.expires, *ends).apply(min)
        self.register_outputs({"clientUrl": self.client_url, "expires": self.expires})

    def _members(
        self,
        name: str,
        args: SharedEtcdArgs,
        members: int,
        *,
        namespace: pulumi.Output[str],
        keys_hash: pulumi.Output[str],
        opts: pulumi.ResourceOptions,
    ) -> StatefulSet:
        """The members, behind their Services and a policy that says who may reach them."""
        child = pulumi.ResourceOptions(parent=self)
        meta = {"name": etcd.NAME, "namespace": namespace, "labels": etcd.POD_LABELS}
        policy = NetworkPolicy(
            f"{name}-policy", metadata=meta, spec=etcd.network_policy(), opts=child
        )
        PodDisruptionBudget(
            f"{name}-budget", metadata=meta, spec=etcd.pod_disruption_budget(), opts=child
        )
        more = pulumi.ResourceOptions(
            depends_on=[policy, *self._services(name, meta)],
            # Two more members are strangers to the first; two fewer take the quorum with them.
            replace_on_changes=["spec.replicas"],
        )
        return StatefulSet(
            f"{name}-members",
            metadata=meta,
            spec=etcd.stateful_set(
                pool=args["pool"],
                members=members,
                quota_gib=int(args.get("quota_gib", 2)),
                storage_gib=int(args.get("storage_gib", 4)),
                image=args["image"],
                keys_hash=keys_hash,
            ),
            opts=pulumi.ResourceOptions.merge(opts, more),
        )

    def _services(self, name: str, meta: dict[str, Any]) -> list[Service]:
        """Where clients reach the members, and the members each other."""
        there_at_once = {"annotations": {"pulumi.com/skipAwait": "true"}}
        return [
            Service(
                f"{name}-{suffix}",
                metadata=meta | {"name": called} | there_at_once,
                spec=spec,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for suffix, called, spec in (
                ("client", etcd.NAME, etcd.client_service()),
                ("peers", "etcd-peers", etcd.peer_service()),
            )
        ]

    def _keys(
        self, name: str, pool: str, namespace: pulumi.Output[str], ca: _certificates.Authority
    ) -> tuple[Secret, pulumi.Output[str], list[pulumi.Output[str]]]:
        """Certificates of the members, in one Secret that only they mount."""
        child = pulumi.ResourceOptions(parent=self)
        peer_ca = _certificates.authority(f"{name}-peerca", f"tenantplane etcd {pool} peers", child)
        server = _certificates.leaf(
            name,
            pki.store_server(pool),
            ca_certificate_pem=ca.certificate_pem,
            ca_key_pem=ca.key_pem,
            opts=child,
        )
        peer = _certificates.leaf(
            name,
            pki.store_peer(pool),
            ca_certificate_pem=peer_ca.certificate_pem,
            ca_key_pem=peer_ca.key_pem,
            opts=child,
        )
        secret = Secret(
            f"{name}-keys",
            metadata={"name": etcd.KEYS_SECRET, "namespace": namespace},
            string_data={
                "ca.crt": ca.certificate_pem,
                "peer-ca.crt": peer_ca.certificate_pem,
                "peer.crt": peer.certificate_pem,
                "peer.key": peer.key_pem,
                "server.crt": server.certificate_pem,
                "server.key": server.key_pem,
            },
            opts=child,
        )
        keys_hash = _certificates.fingerprint(server.certificate_pem, peer.certificate_pem)
        return secret, keys_hash, [server.expires, peer.expires]
