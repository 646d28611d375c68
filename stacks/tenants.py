"""tenants: a stack of tenants on the host that another stack declared.

Not here: the host (host.py), what one tenant is made of (components/tenant_control_plane.py).
"""

import asyncio
from typing import cast

import pulumi

from components.host_cluster import HostCluster
from components.oidc_issuer import OidcIssuer
from components.tenant_control_plane import TenantControlPlane, TenantControlPlaneArgs
from core import host_contract, settings_rules, stores, versions
from core.errors import InvalidInputError
from core.manifests import priorities
from core.running import RunningHost, RunningTenant
from core.settings import ImageSettings, Settings, TenantSettings
from stacks import changes, exported, operators, outputs, pem_files, people
from stacks.failures import or_none
from stacks.handles import Handles

_HEAD_START_SECONDS = 5.0
"""Longest that tenants wait which run already; a new one's pods serve after 4 s."""


async def declare(settings: Settings) -> pulumi.Inputs:
    """Declare the tenants and return the stack's outputs."""
    stack = str(settings.host_stack)
    contract = host_contract.parse((await exported.by(stack)).get(host_contract.OUTPUT), stack)
    kinds = stores.kinds(contract.stores, contract.sql)
    errors = list(settings_rules.datastore_problems(settings.tenants, kinds))
    if errors:
        raise InvalidInputError.together(errors)
    running = changes.check(settings, contract.kubeconfig, None, contract.name, kinds)
    cluster = HostCluster(
        contract.name,
        {"host": contract.name, "kubeconfig": contract.kubeconfig, "owned": False},
    )
    handles = Handles.of(contract, cluster)
    declared = await declare_tenants(settings, handles, running)
    serving = operators.declare(settings, handles, declared)
    warnings = changes.store_warnings(settings, running)
    return outputs.of_tenants(handles, declared, serving, warnings)


async def declare_tenants(
    settings: Settings, host: Handles, running: RunningHost
) -> dict[str, TenantControlPlane]:
    """Declare each tenant and return them by name.

    New ones have a head start: the engine goes through the others, one resource after another,
    while the new ones' API servers write what is inside them (docs/adr/0007).
    """
    operators.check(settings, host)

    def declare_one(tenant: TenantSettings) -> TenantControlPlane:
        there = running.tenants.get(tenant.name)
        return _declare_tenant(tenant, settings.images, host, there)

    new = [tenant for tenant in settings.tenants if tenant.name not in running.tenants]
    old = [tenant for tenant in settings.tenants if tenant.name in running.tenants]
    declared = {tenant.name: declare_one(tenant) for tenant in new}
    if new and old:
        serving = [or_none(tenant.serving).future() for tenant in declared.values()]
        await asyncio.wait(map(asyncio.ensure_future, serving), timeout=_HEAD_START_SECONDS)
    return declared | {tenant.name: declare_one(tenant) for tenant in old}


def _declare_tenant(
    tenant: TenantSettings, images: ImageSettings, host: Handles, there: RunningTenant | None
) -> TenantControlPlane:
    def image(name: str) -> str:
        return versions.image(name, images.registry, images.overrides, tenant.version)

    args: TenantControlPlaneArgs = {
        "tenant": tenant.name,
        "domain": host.domain,
        "version": tenant.version,
        "profile": tenant.profile,
        "running_profiles": sorted(there.profiles) if there else [],
        "replicas": tenant.replicas,
        "encryption": tenant.encryption,
        "keys": tenant.keys,
        "timeout_seconds": tenant.timeout_seconds,
        "gateway_address": host.gateway.address,
        "gateway_port": host.gateway.port,
        "gateway_name": host.gateway.name,
        "gateway_namespace": host.gateway.namespace,
        "public_dns": host.gateway.public_dns,
        "agent_namespace": host.agent_namespace,
        "datastore": tenant.datastore,
        "audit": tenant.audit,
        "oidc": _issuers(tenant),
        "users": people.of(tenant),
        "priority_class": host.cluster.priorities[priorities.TENANTS],
        "store_limit_mib": tenant.store_limit_mib,
        "operators": operators.allowances(tenant, images, there.operators if there else {}),
        "apiserver_image": image("kube-apiserver"),
        "controller_manager_image": image("kube-controller-manager"),
    }
    if host.cluster.issuer is not None:
        args["host_issuer"] = {"url": host.cluster.issuer, "ca_pem": host.agent_ca_pem}
    if tenant.runtime_class is not None:
        args["runtime_class"] = tenant.runtime_class
    _set_store(args, tenant, images, host)
    return TenantControlPlane(tenant.name, args, pulumi.ResourceOptions(provider=host.provider))


def _issuers(tenant: TenantSettings) -> list[OidcIssuer]:
    """Return whose users it lets in; what isn't said is left out."""
    found: list[OidcIssuer] = []
    for number, one in enumerate(tenant.oidc):
        given = {key: value for key, value in vars(one).items() if value is not None}
        given["audiences"] = list(one.audiences)
        if one.ca is not None:
            path = f"tenants.{tenant.name}.oidc[{number}].ca"
            given["ca"] = pem_files.certificates(one.ca, path)
        found.append(cast("OidcIssuer", given))
    return found


def _set_store(
    args: TenantControlPlaneArgs, tenant: TenantSettings, images: ImageSettings, host: Handles
) -> None:
    """Say what the store is that the tenant names."""
    if tenant.datastore == stores.DEDICATED:
        own = tenant.dedicated_etcd
        args["dedicated_etcd"] = {
            "image": versions.image("etcd", images.registry, images.overrides, own.version),
            "members": own.members,
            "quota_gib": own.quota_gib,
            "storage_gib": own.storage_gib,
            "priority_class": host.cluster.priorities[priorities.STORE],
        }
    elif tenant.datastore in host.sql:
        server = host.sql[tenant.datastore]
        args["sql"] = {
            "engine": server.engine,
            "address": server.address,
            "port": server.port,
            "ca_pem": server.ca_pem,
            "kine_image": versions.image("kine", images.registry, images.overrides),
        }
        if server.network is not None:
            args["sql"]["network"] = server.network
    else:
        pool = host.stores[tenant.datastore]
        args["shared_etcd"] = {
            "client_url": pool.client_url,
            "ca_pem": pool.ca_pem,
            "ca_key_pem": pool.ca_key_pem,
            "keys": pool.keys,
        }
