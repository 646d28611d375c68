"""A tenant's prefix in an etcd that many share.

Owns: the EtcdTenant, by which the host agent makes its user and role, and its client certificate.
Not here: the etcd (shared_etcd.py), what the agent does (agent/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import ConfigMap

from components import _certificates
from components._tenant_store import Place, TenantStore, etcd_store
from core import generations, names, pki, stores
from core.manifests import platform_policy, store_limit, tenant_fence


class SharedEtcdStore(TypedDict):
    """An etcd pool of the host."""

    client_url: pulumi.Input[str]
    """https URL of the pool."""

    ca_pem: pulumi.Input[str]
    """Authorities of the pool, PEM, the one that signs first."""

    ca_key_pem: pulumi.Input[str]
    """Key of the one that signs, PEM; secret. It signs the tenant's client certificate."""

    keys: NotRequired[Sequence[int]]
    """Generations of the authorities. Default [1]."""


@dataclass(frozen=True)
class SharedEtcdKind:
    """A place in such a pool."""

    pool: str
    store: SharedEtcdStore
    limit_mib: int

    kind = stores.ETCD
    tls = True
    compacted = True
    own_etcd = None
    kine_image = None

    @property
    def egress(self) -> list[dict[str, Any]]:
        """To the pool's members."""
        return [tenant_fence.etcd_egress(names.etcd_namespace(self.pool))]

    def declare(self, place: Place) -> TenantStore:
        """Declare user, role and prefix, made by the agent; removing them removes the keys.

        Another pool is refused by that object: before a running API server mounts its keys.
        """
        leaf = _certificates.leaf(
            place.name,
            pki.store_client(place.tenant),
            ca_pem=self.store["ca_pem"],
            ca_key_pem=self.store["ca_key_pem"],
            opts=place.opts,
        )
        granted = CustomResource(
            f"{place.name}-store",
            api_version=names.API_VERSION,
            kind="EtcdTenant",
            metadata=place.meta(place.tenant, place.by_agent()),
            spec={
                "store": self.pool,
                "tenant": place.tenant,
                "limitMib": self.limit_mib,
                "readOnlyWhenFull": platform_policy.has_static_policies(place.version),
            },
            opts=place.opts,
        )
        ConfigMap(
            f"{place.name}-store-limit",
            metadata=place.meta(store_limit.CONFIG_MAP),
            opts=pulumi.ResourceOptions(
                parent=place.opts.parent,
                ignore_changes=["data"],  # the agent's, when the tenant's share is full
            ),
        )
        return etcd_store(
            self.store["client_url"],
            self.store["ca_pem"],
            leaf,
            keys=tuple(map(int, self.store.get("keys", generations.FIRST))),
            ready=[granted],
        )
