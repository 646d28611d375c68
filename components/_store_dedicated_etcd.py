"""A tenant's own etcd, in the tenant's own namespace.

Owns: its authority and the tenant's certificate. No users: whoever has a certificate of that
authority may do anything, and only the tenant's API server has one.
Not here: the members (_etcd_members.py), manifests (core/manifests/etcd.py).
"""

from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi

from components import _certificates, _etcd_members
from components._tenant_store import Place, TenantStore, etcd_store
from core import names, pki, stores
from core.manifests import etcd, tenant_fence


class DedicatedEtcdStore(TypedDict):
    """An etcd for one tenant alone."""

    image: str
    """Image reference of etcd. Changing it replaces members one by one."""

    members: NotRequired[int]
    """1, or 3 on three nodes or more. Default 1. Fixed at creation."""

    quota_gib: NotRequired[int]
    """Backend quota in GiB (1024**3 bytes); when full, etcd refuses writes. Default 2."""

    storage_gib: NotRequired[int]
    """Volume of each member in GiB. Default 4. Fixed at creation."""

    priority_class: NotRequired[pulumi.Input[str]]
    """PriorityClass of its pods, there before them. Default the host's. Changing it rolls them."""


@dataclass(frozen=True)
class DedicatedEtcdKind:
    """An etcd of the tenant's own."""

    tenant: str
    store: DedicatedEtcdStore

    kind = stores.DEDICATED
    tls = True
    compacted = False
    kine_image = None

    @property
    def egress(self) -> list[dict[str, Any]]:
        """To its own members."""
        return [tenant_fence.etcd_egress(names.namespace(self.tenant))]

    @property
    def own_etcd(self) -> etcd.Cluster:
        """What its members are."""
        return etcd.Cluster(
            namespace=names.namespace(self.tenant),
            members=int(self.store.get("members", etcd.MEMBERS[0])),
            quota_gib=int(self.store.get("quota_gib", etcd.DEFAULT_QUOTA_GIB)),
            storage_gib=int(self.store.get("storage_gib", etcd.DEFAULT_STORAGE_GIB)),
            image=self.store["image"],
            tenant=self.tenant,
            priority_class=self.store.get("priority_class"),
        )

    def declare(self, place: Place) -> TenantStore:
        """Declare the members and the tenant's certificate."""
        name = f"{place.name}-etcd"
        ca = _certificates.authority(
            f"{name}-ca", f"tenantplane etcd of {self.tenant}", place.keys, place.opts
        )
        members = _etcd_members.declare(
            name,
            self.own_etcd,
            namespace=place.namespace,
            ca=ca,
            opts=place.opts,
            annotations=dict(place.timeout),
        )
        leaf = _certificates.leaf(
            place.name,
            pki.store_client(self.tenant),
            ca_pem=ca.trusted_pem,
            ca_key_pem=ca.key_pem,
            opts=place.opts,
        )
        # An API server ends itself when no etcd answers for 20 s. A lone member is there before
        # that, so they start together; three have to find each other first.
        alone = self.own_etcd.members == 1
        url = members.service_url if alone else members.client_url
        return etcd_store(url, ca.trusted_pem, leaf, expires=members.expires)
