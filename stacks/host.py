"""host: a stack that is a host cluster with all that tenants need of it.

Not here: its SQL servers (sql_servers.py), the tenants (tenants.py), both in one stack (dev.py),
what is exported (outputs.py).
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import cast

import pulumi

from components.host_agent import AgentStore, HostAgent, HostAgentArgs
from components.host_cluster import GkeArgs, HostCluster, HostClusterArgs
from components.ingress_passthrough import IngressPassthrough, IngressPassthroughArgs
from components.shared_etcd import SharedEtcd
from core import runtime_classes, versions
from core.manifests import priorities
from core.settings import (
    LOAD_BALANCER,
    HostSettings,
    ImageSettings,
    Settings,
)
from core.store_settings import EtcdSettings
from stacks import changes, exported, outputs, sql_servers
from stacks.handles import Gateway, Handles, Store
from stacks.sql_servers import AdministeredServer


async def declare(settings: Settings) -> pulumi.Inputs:
    """Declare a host and return the stack's outputs."""
    host = settings.host
    if host is not None and host.adopt is not None:
        changes.check(settings, host.adopt.kubeconfig, host.adopt.context, host.name)
    elif host is not None:
        changes.check_made(settings, await exported.before(), host.name)
    return outputs.of_host(declare_host(settings))


def declare_host(settings: Settings) -> outputs.DeclaredHost:
    """Declare the cluster, its etcd pools, its agent and its gateway."""
    host, domain = settings.host, settings.domain
    if host is None or domain is None:  # settings_rules.py has refused it before
        raise AssertionError(settings.kind)
    cluster = HostCluster(host.name, _cluster_args(host))
    on_host = pulumi.ResourceOptions(provider=cluster.provider)
    pools = {
        pool: _declare_pool(pool, etcd, settings, cluster.priorities[priorities.STORE], on_host)
        for pool, etcd in sorted(settings.etcd.items())
    }
    servers = sql_servers.declare(settings.sql, host, cluster)
    agent = _declare_agent(settings, pools, servers, cluster)
    gateway = IngressPassthrough("gateway", _gateway_args(settings, domain, cluster), on_host)
    return outputs.DeclaredHost(
        handles=Handles(
            cluster=cluster,
            name=host.name,
            domain=domain,
            agent_namespace=agent.namespace,
            agent_ca_pem=agent.ca_pem,
            operator_runtime_class=runtime_classes.GVISOR if host.gke else None,
            gateway=Gateway(
                address=gateway.address,
                port=gateway.port,
                name=gateway.gateway_name,
                namespace=gateway.gateway_namespace,
                public_dns=settings.gateway.public_dns,
            ),
            stores={pool: _store(etcd, settings.etcd[pool]) for pool, etcd in pools.items()},
            sql={name: one.server for name, one in servers.items()},
        ),
        certificates={
            "host-agent": agent.expires,
            **{f"etcd/{pool}": etcd.expires for pool, etcd in pools.items()},
        },
    )


def _cluster_args(host: HostSettings) -> HostClusterArgs:
    if host.adopt is not None:
        adopt = host.adopt
        return {"host": host.name, "kubeconfig": adopt.kubeconfig, "context": adopt.context}
    if host.gke is None:
        raise AssertionError(host.name)
    gke = asdict(host.gke)  # GkeArgs has the same fields
    return {"host": host.name, "gke": cast("GkeArgs", gke)}


def _declare_pool(
    pool: str,
    etcd: EtcdSettings,
    settings: Settings,
    priority: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> SharedEtcd:
    return SharedEtcd(
        f"etcd-{pool}",
        {
            "pool": pool,
            "members": int(etcd.members or 1),  # settings_rules.with_defaults has decided
            "quota_gib": etcd.quota_gib,
            "storage_gib": etcd.storage_gib,
            "version": etcd.version,
            "image": _image("etcd", settings.images, etcd.version),
            "keys": etcd.keys,
            "deletion_protection": bool(etcd.deletion_protection),
            "priority_class": priority,
        },
        opts,
    )


def _declare_agent(
    settings: Settings,
    pools: Mapping[str, SharedEtcd],
    servers: Mapping[str, AdministeredServer],
    cluster: HostCluster,
) -> HostAgent:
    stores: list[AgentStore] = [
        {
            "pool": pool,
            "client_url": etcd.client_url,
            "ca_pem": etcd.ca_pem,
            "certificate_pem": etcd.certificate_pem,
            "key_pem": etcd.key_pem,
            "defragmentation_hour": settings.etcd[pool].defragmentation_hour,
        }
        for pool, etcd in pools.items()
    ]
    args: HostAgentArgs = {
        "image": _image("host-agent", settings.images),
        "stores": stores,
        "sql_servers": [one.for_agent(name) for name, one in servers.items()],
        "api_ports": cluster.api_ports,
        "api_by_port_alone": cluster.api_by_port_alone,
        "priority_class": cluster.priorities[priorities.AGENT],
    }
    return HostAgent("host-agent", args, pulumi.ResourceOptions(provider=cluster.provider))


def _gateway_args(settings: Settings, domain: str, cluster: HostCluster) -> IngressPassthroughArgs:
    gateway = settings.gateway
    args: IngressPassthroughArgs = {
        "domain": domain,
        "image": _image("traefik", settings.images),
        "exposure": gateway.exposure,
        "port": gateway.port,
        "replicas": gateway.replicas,
        "api_ports": cluster.api_ports,
        "api_by_port_alone": cluster.api_by_port_alone,
        "priority_class": cluster.priorities[priorities.GATEWAY],
    }
    made_by_us = settings.host is not None and settings.host.gke is not None
    if gateway.address is not None:
        args["address"] = gateway.address
    elif gateway.exposure != LOAD_BALANCER or made_by_us:
        args["address"] = cluster.address
    return args


def _store(etcd: SharedEtcd, settings: EtcdSettings) -> Store:
    return Store(
        client_url=etcd.client_url,
        ca_pem=etcd.ca_pem,
        ca_key_pem=etcd.ca_key_pem,
        keys=settings.keys,
    )


def _image(name: str, images: ImageSettings, version: str | None = None) -> str:
    return versions.image(name, images.registry, images.overrides, version)
