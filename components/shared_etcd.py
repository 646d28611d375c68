"""SharedEtcd: one etcd on a host whose keyspace many tenants share, each fenced in its prefix.

Owns: namespace, the authority of members and clients, the administrator's certificate.
Not here: the members (_etcd_members.py), users and roles (the host agent makes them), a tenant's
certificate (_store_shared_etcd.py).
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import Namespace

from components import _certificates, _etcd_members
from core import generations, names, pki, versions
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

    keys: NotRequired[Sequence[int]]
    """Generations of its authorities: the first signs, each is trusted. Default [1]. Rolling."""

    deletion_protection: NotRequired[bool]
    """Protect namespace, authority and members: Pulumi refuses to delete or replace them.

    Default true.
    """

    priority_class: NotRequired[pulumi.Input[str]]
    """PriorityClass of its pods, there before them. Default the host's. Changing it rolls them."""


class SharedEtcd(pulumi.ComponentResource):
    """One etcd cluster on a host, reachable only from inside that host."""

    client_url: pulumi.Output[str]
    """https URL for kube-apiserver's --etcd-servers; known once the members are ready."""

    ca_pem: pulumi.Output[str]
    """Authorities of servers and clients, PEM, the one that signs first."""

    ca_key_pem: pulumi.Output[str]
    """Key that signs tenants' client certificates; secret."""

    certificate_pem: pulumi.Output[str]
    """Certificate of etcd's administrator `root`, for the host agent alone."""

    key_pem: pulumi.Output[str]
    """Key of that certificate; secret."""

    expires: dict[str, pulumi.Output[str]]
    """When each of its certificates ends, authorities too, RFC 3339, by its name."""

    def __init__(
        self, name: str, args: SharedEtcdArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the pool.

        Raises:
            InvalidInputError: members is not 1 or 3, or the version lets tenants see each other.
        """
        cluster = _checked(args)
        pool = args["pool"]
        super().__init__("tenantplane:index:SharedEtcd", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        protect = bool(args.get("deletion_protection", True))
        kept = pulumi.ResourceOptions(parent=self, protect=protect)
        namespace = Namespace(
            f"{name}-ns",
            metadata={
                "name": cluster.namespace,
                "labels": {names.LABEL_PART_OF: names.PART_OF, **pods.RESTRICTED},
            },
            opts=kept,
        )
        keys = tuple(map(int, args.get("keys", generations.FIRST)))
        ca = _certificates.authority(
            f"{name}-ca", f"tenantplane etcd {pool}", keys, child, protect=protect
        )
        root = _certificates.leaf(
            name,
            pki.store_root(),
            ca_pem=ca.trusted_pem,
            ca_key_pem=ca.key_pem,
            opts=child,
        )
        made = _etcd_members.declare(
            name,
            cluster,
            namespace=namespace.metadata.name,
            ca=ca,
            opts=child,
            protect=protect,
            certificates={"root": root.expires},
        )
        self.client_url = made.client_url
        self.ca_pem = ca.trusted_pem
        self.ca_key_pem = ca.key_pem
        self.certificate_pem = root.certificate_pem
        self.key_pem = root.key_pem
        self.expires = made.expires
        self.register_outputs({"clientUrl": self.client_url, "expires": self.expires})


def _checked(args: SharedEtcdArgs) -> etcd.Cluster:
    """Return what is asked for."""
    pool = names.check_pool_name(args["pool"])
    thing = f"etcd pool {pool}"
    members = int(args.get("members", etcd.MEMBERS[0]))
    if members not in etcd.MEMBERS:
        remedy = "use 1, or 3 for production"
        raise InvalidInputError(thing, "members is not 1 or 3", members, remedy)
    versions.check_etcd(args.get("version", versions.DEFAULT_ETCD), thing)
    return etcd.Cluster(
        namespace=names.etcd_namespace(pool),
        members=members,
        quota_gib=int(args.get("quota_gib", etcd.DEFAULT_QUOTA_GIB)),
        storage_gib=int(args.get("storage_gib", etcd.DEFAULT_STORAGE_GIB)),
        image=args["image"],
        priority_class=args.get("priority_class"),
    )
