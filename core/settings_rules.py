"""settings_rules: what the settings must be together, each value being right on its own.

Not here: single values (checks.py, names.py, versions.py), what a host must have (host_facts.py).
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from core import cloud_sql, generations, oidc, operator_rules, stores, users, versions
from core.errors import InvalidInputError
from core.manifests import store_limit

if TYPE_CHECKING:
    from core.settings import GkeSettings, HostSettings, Settings, TenantSettings

_NODE_PORTS = range(30000, 32768)
_SHOWN = 3


def problems(settings: "Settings") -> Iterator[InvalidInputError]:
    """Yield everything that is wrong with the settings as a whole."""
    if settings.kind == "tenants":
        yield from _without_host(settings)
    else:
        yield from _with_host(settings)
    if settings.kind == "host" and settings.tenants:
        yield InvalidInputError(
            "tenants",
            "a stack of kind host has no tenants",
            remedy="move them to a stack of kind tenants, or set kind to dev",
        )
    yield from _duplicates(settings.tenants)
    yield from _keys(settings)
    yield from _own_etcds(settings.tenants)
    for number, tenant in enumerate(settings.tenants):
        yield from oidc.problems(tenant.oidc, f"tenants[{number}].oidc")
        yield from operator_rules.problems(tenant.operators, f"tenants[{number}].operators")
        yield from users.problems(tenant.users, tenant.oidc, f"tenants[{number}].users")
    running = {tenant.name: tenant.version for tenant in settings.tenants}
    for name in versions.KUBERNETES_IMAGES:
        yield from _override(settings, name, "tenants", running)
    etcds = {pool: etcd.version for pool, etcd in settings.etcd.items() if settings.has_host}
    etcds |= {
        tenant.name: tenant.dedicated_etcd.version
        for tenant in settings.tenants
        if tenant.datastore == stores.DEDICATED
    }
    yield from _override(settings, "etcd", "etcds", etcds)


def with_defaults(settings: "Settings") -> "Settings":
    """Return the settings with what the kind of the stack decides where nothing is said."""
    production = settings.kind == "host"
    pools = {
        name: replace(
            pool,
            members=pool.members or (3 if production else 1),
            deletion_protection=(
                production if pool.deletion_protection is None else pool.deletion_protection
            ),
        )
        for name, pool in settings.etcd.items()
    }
    servers = {
        name: server
        if server.cloud_sql
        else replace(server, port=server.port or stores.ENGINES[server.engine])
        for name, server in settings.sql.items()
    }
    return replace(settings, etcd=pools, sql=servers)


def datastore_problems(
    tenants: Iterable["TenantSettings"], kinds: Mapping[str, str]
) -> Iterator[InvalidInputError]:
    """Yield a problem for each tenant whose datastore its host doesn't have, or can't limit.

    Args:
        tenants: As the settings list them.
        kinds: The kind of each store of their host by name.
    """
    known = [*sorted(kinds), stores.DEDICATED]
    for number, tenant in enumerate(tenants):
        if tenant.datastore not in known:
            remedy = f"use {' or '.join(known)}, or declare it under etcd or sql of its host"
            yield InvalidInputError(
                f"tenants[{number}].datastore",
                f"the host of tenant {tenant.name} has no such store",
                tenant.datastore,
                remedy,
            )
        elif (
            tenant.store_limit_mib != store_limit.DEFAULT_MIB
            and kinds.get(tenant.datastore) != stores.ETCD
        ):
            pools = sorted(name for name, kind in kinds.items() if kind == stores.ETCD)
            yield InvalidInputError(
                f"tenants[{number}].storeLimitMib",
                f"belongs to etcd pools, and tenant {tenant.name} has another datastore",
                tenant.datastore,
                f"leave it out, or set datastore to {' or '.join(pools)}",
            )


def _keys(settings: "Settings") -> Iterator[InvalidInputError]:
    for pool, etcd in settings.etcd.items():
        yield from generations.check(f"etcd.{pool}.keys", etcd.keys)
    for number, tenant in enumerate(settings.tenants):
        yield from generations.check(f"tenants[{number}].keys", tenant.keys)


def _own_etcds(tenants: Iterable["TenantSettings"]) -> Iterator[InvalidInputError]:
    for number, tenant in enumerate(tenants):
        path, etcd = f"tenants[{number}].dedicatedEtcd", tenant.dedicated_etcd
        if tenant.datastore == stores.DEDICATED:
            yield from _storage(path, etcd.quota_gib, etcd.storage_gib)
        elif etcd != type(etcd)():
            yield InvalidInputError(
                path,
                f"belongs to datastore {stores.DEDICATED}, and tenant {tenant.name} has another",
                tenant.datastore,
                f"leave it out, or set datastore to {stores.DEDICATED}",
            )


def _storage(path: str, quota_gib: int, storage_gib: int) -> Iterator[InvalidInputError]:
    if storage_gib < 2 * quota_gib:
        yield InvalidInputError(
            f"{path}.storageGib",
            "is too small: a defragmentation writes the store a second time",
            storage_gib,
            f"use {2 * quota_gib} or more, twice the quotaGib",
        )


def _store_names(settings: "Settings") -> Iterator[InvalidInputError]:
    """A tenant names its store by one word, whatever kind it is."""
    remedy = "give each store of the host a name of its own"
    for kind, named in (("etcd", settings.etcd), ("sql", settings.sql)):
        if stores.DEDICATED in named:
            problem = "is what tenants call an etcd of their own"
            yield InvalidInputError(f"{kind}.{stores.DEDICATED}", problem, remedy=remedy)
    for both in sorted(set(settings.etcd) & set(settings.sql)):
        yield InvalidInputError(f"sql.{both}", "is the name of an etcd pool too", remedy=remedy)


def _without_host(settings: "Settings") -> Iterator[InvalidInputError]:
    if settings.host_stack is None:
        remedy = "set it to the full name of the host's stack (`pulumi stack ls` there shows it)"
        yield InvalidInputError("hostStack", "is missing", remedy=remedy)
    default = with_defaults(type(settings)(kind=settings.kind))
    for name in ("domain", "host", "etcd", "sql", "gateway"):
        if getattr(settings, name) != getattr(default, name):
            remedy = "set it in the stack that hostStack names"
            yield InvalidInputError(name, "belongs to the host of these tenants", remedy=remedy)


def _with_host(settings: "Settings") -> Iterator[InvalidInputError]:
    kind = settings.kind
    if settings.host_stack is not None:
        remedy = "leave it out, or set kind to tenants"
        yield InvalidInputError("hostStack", f"a stack of kind {kind} has a host", remedy=remedy)
    if settings.domain is None:
        yield InvalidInputError("domain", "is missing", remedy="write it like tenants.example.com")
    if settings.host is None:
        yield InvalidInputError("host", "is missing", remedy="set host.name and host.adopt or gke")
    else:
        yield from _host(settings.host)
        yield from _made_before_its_tenants(settings)
    if not settings.etcd:
        yield InvalidInputError(
            "etcd", "has no pool", remedy="leave it out or name one: `shared: {}`"
        )
    for pool, etcd in settings.etcd.items():
        yield from _storage(f"etcd.{pool}", etcd.quota_gib, etcd.storage_gib)
    yield from _store_names(settings)
    yield from cloud_sql.problems(settings)
    yield from _gateway(settings)
    if settings.etcd:
        kinds = stores.kinds(settings.etcd, settings.sql)
        yield from datastore_problems(settings.tenants, kinds)


def _host(host: "HostSettings") -> Iterator[InvalidInputError]:
    if (host.adopt is None) == (host.gke is None):
        both = "both adopt and gke are given" if host.adopt else "neither adopt nor gke is given"
        yield InvalidInputError("host", both, remedy="keep exactly one of them")
    if host.gke is not None:
        yield from _gke(host.gke)


def _made_before_its_tenants(settings: "Settings") -> Iterator[InvalidInputError]:
    """A dev stack asks its host which versions run; of a GKE host it knows no address before."""
    host = settings.host
    if settings.kind == "dev" and host is not None and host.adopt is None and host.gke is not None:
        yield InvalidInputError(
            "host.gke",
            "a stack of kind dev has a host that exists already",
            remedy="make the host in a stack of kind host, and its tenants in one of kind tenants "
            "(Pulumi.gke.yaml.example)",
        )


def _gke(gke: "GkeSettings") -> Iterator[InvalidInputError]:
    for key, pool in (("systemPool", gke.system_pool), ("gvisorPool", gke.gvisor_pool)):
        if pool.min_nodes > pool.max_nodes:
            path = f"host.gke.{key}.minNodes"
            remedy = f"use {pool.max_nodes} or less, the pool's maxNodes"
            yield InvalidInputError(path, "is more than the most", pool.min_nodes, remedy)
    cidrs = {"nodeCidr": gke.node_cidr, "podCidr": gke.pod_cidr, "serviceCidr": gke.service_cidr}
    networks = {key: ipaddress.ip_network(cidr) for key, cidr in cidrs.items()}
    for (one, first), (other, second) in combinations(networks.items(), 2):
        if first.overlaps(second):
            path = f"host.gke.{other}"
            remedy = f"choose one beside {one} ({first})"
            yield InvalidInputError(path, f"overlaps with {one}", str(second), remedy)


def _gateway(settings: "Settings") -> Iterator[InvalidInputError]:
    gateway = settings.gateway
    if gateway.exposure == "NodePort" and gateway.port not in _NODE_PORTS:
        remedy = f"use {_NODE_PORTS[0]} to {_NODE_PORTS[-1]}"
        yield InvalidInputError("gateway.port", "is not a NodePort", gateway.port, remedy)
    if settings.host and settings.host.gke and gateway.exposure != "LoadBalancer":
        yield InvalidInputError(
            "gateway.exposure",
            "the nodes of a GKE host have no address that users could reach",
            gateway.exposure,
            "use LoadBalancer",
        )


def _override(
    settings: "Settings", image: str, things: str, running: Mapping[str, str]
) -> Iterator[InvalidInputError]:
    """An image has one version: it would run under another one's name, flags and skew check."""
    named: dict[str, list[str]] = {}
    for thing, version in sorted(running.items()):
        named.setdefault(version, []).append(thing)
    if image in settings.images.overrides and len(named) > 1:
        shown = "; ".join(f"{version}: {_some(named[version])}" for version in sorted(named))
        keys = " and ".join(f"{image}:{version}" for version in sorted(named))
        problem = f"is one image for {things} of several versions ({shown})"
        remedy = f"write one entry per version, {keys}"
        yield InvalidInputError(f"images.overrides.{image}", problem, remedy=remedy)


def _some(names: list[str]) -> str:
    """Return all names of a few, the first of many."""
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _duplicates(tenants: Iterable["TenantSettings"]) -> Iterator[InvalidInputError]:
    first: dict[str, int] = {}
    for number, tenant in enumerate(tenants):
        earlier = first.setdefault(tenant.name, number)
        if earlier != number:
            problem = f"is the name of tenants[{earlier}] already"
            remedy = "give each tenant a name of its own"
            yield InvalidInputError(f"tenants[{number}].name", problem, tenant.name, remedy)
