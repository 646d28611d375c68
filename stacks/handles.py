"""handles: what tenants hold of their host, whether this stack declares it or another one did.

Not here: declaring a host (host.py), the contract between two stacks (core/host_contract.py).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from components.host_cluster import HostCluster
from core import host_contract
from core.generations import Generations


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """Where tenants answer; fields as in host_contract.GatewayContract."""

    address: pulumi.Input[str]
    port: pulumi.Input[int]
    name: pulumi.Input[str]
    namespace: pulumi.Input[str]
    public_dns: bool


@dataclass(frozen=True, kw_only=True)
class Store:
    """An etcd pool; fields as in host_contract.StoreContract."""

    client_url: pulumi.Input[str]
    ca_pem: pulumi.Input[str]
    ca_key_pem: pulumi.Input[str]
    keys: Generations


@dataclass(frozen=True, kw_only=True)
class SqlServer:
    """An SQL server; fields as in host_contract.SqlContract."""

    engine: str
    address: pulumi.Input[str]
    port: int
    ca_pem: pulumi.Input[str]
    network: pulumi.Input[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Handles:
    """A host as tenants see it."""

    cluster: HostCluster
    name: str
    domain: str
    agent_namespace: pulumi.Input[str]
    agent_ca_pem: pulumi.Input[str]
    operator_runtime_class: str | None
    gateway: Gateway
    stores: Mapping[str, Store]
    """The etcd pools by name."""
    sql: Mapping[str, SqlServer]

    @property
    def provider(self) -> kubernetes.Provider:
        """The Provider of everything on this host."""
        return self.cluster.provider

    def contract(self) -> dict[str, Any]:
        """Return what a stack of tenants needs to hold the same handles."""
        return host_contract.document(
            name=self.name,
            domain=self.domain,
            kubeconfig=self.cluster.kubeconfig,
            agent_namespace=self.agent_namespace,
            agent_ca_pem=self.agent_ca_pem,
            operator_runtime_class=self.operator_runtime_class,
            gateway=vars(self.gateway),
            stores={pool: vars(store) for pool, store in self.stores.items()},
            sql={name: vars(server) for name, server in self.sql.items()},
        )

    @classmethod
    def of(cls, contract: host_contract.HostContract, cluster: HostCluster) -> "Handles":
        """Return the handles that another stack's contract gives."""
        return cls(
            cluster=cluster,
            name=contract.name,
            domain=contract.domain,
            agent_namespace=contract.agent_namespace,
            agent_ca_pem=contract.agent_ca_pem,
            operator_runtime_class=contract.operator_runtime_class,
            gateway=Gateway(**asdict(contract.gateway)),
            stores={
                pool: Store(
                    client_url=store.client_url,
                    ca_pem=store.ca_pem,
                    ca_key_pem=pulumi.Output.secret(store.ca_key_pem),
                    keys=store.keys,
                )
                for pool, store in contract.stores.items()
            },
            sql={name: SqlServer(**asdict(server)) for name, server in contract.sql.items()},
        )
