"""changes: refuses what would break what runs on a host, before anything is declared.

Not here: which change is safe (core/generations.py, core/pools.py, core/skew.py, core/stores.py),
reading the host (components/running_host.py).
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.running_host import (
    RunningTenant,
    StoreWarning,
    certificates,
    opened,
    rewritten,
    running_etcds,
    running_profiles,
    running_tenants,
    runtime_classes,
    store_limits,
    store_warnings,
)
from core import generations, host_contract, names, pki, pools, skew, stores
from core import runtime_classes as sandboxes
from core.errors import HostError, InvalidInputError
from core.generations import InUse
from core.settings import Settings


@dataclass(frozen=True)
class Running:
    """What a host has, as far as a stack cares."""

    tenants: frozenset[str] = frozenset()
    """Those that are there already."""

    store_warnings: Mapping[str, str] = field(default_factory=dict)
    """By tenant: its share of its store is nearly full, or full."""

    profiles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By tenant: those that its pods have."""


def check(
    settings: Settings,
    kubeconfig: str,
    context: str | None,
    host: str,
    kinds: Mapping[str, str] | None = None,
) -> Running:
    """Check a stack against what runs on its host; return what of it concerns the stack.

    Args:
        settings: Of the stack.
        kubeconfig: Of the host, as HostCluster takes it.
        context: Context in it; None for the current one.
        host: The host's name.
        kinds: The kind of each of its stores by name; default those that the settings declare.

    Raises:
        InvalidInputError: names every change that an etcd or a tenant would not survive, and
            each RuntimeClass that the host doesn't have.
        HostError: the host can't be read.
    """
    with opened(kubeconfig, context, host) as api:
        tenants, etcds, warnings = running_tenants(api), running_etcds(api), store_warnings(api)
        limits = store_limits(api)
        ends, rewritten_tenants = certificates(api), rewritten(api)
        profiles = running_profiles(api)
        asked = any(tenant.runtime_class for tenant in settings.tenants)
        classes = runtime_classes(api) if asked else frozenset()
    errors = [
        *skew.problems(settings.tenants, {name: one.version for name, one in tenants.items()}),
        *stores.problems(settings.tenants, {name: one.datastore for name, one in tenants.items()}),
        *_kinds(settings, kinds, tenants),
        *pools.problems(settings, etcds),
        *generations.tenant_problems(
            settings.tenants, _tenants_keys(settings, tenants, etcds), rewritten_tenants
        ),
        *_pools_keys(settings, etcds, tenants),
        *sandboxes.problems(settings.tenants, classes),
    ]
    if errors:
        raise InvalidInputError.together(errors)
    ours = {tenant.name for tenant in settings.tenants}
    said = {one.tenant: one.text for one in warnings if one.tenant in ours}
    for text in [
        *said.values(),
        *_alarms(settings, warnings),
        *_overcommitted(settings, etcds, limits),
        *_ending(settings, ends, etcds),
    ]:
        pulumi.log.warn(text)
    return Running(frozenset(tenants), said, profiles)


def check_made(settings: Settings, before: Mapping[str, Any], host: str) -> None:
    """Check a stack that makes its host against what runs there since its last run.

    A host that can't be asked is a warning: it may be gone, and about to be made again. As long as
    it can't, nothing on it is changed either.

    Args:
        settings: Of the stack.
        before: What the stack exported last.
        host: The host's name.

    Raises:
        InvalidInputError: as `check`.
    """
    if not before:
        return
    unchecked = f"host {host}: what runs on it is not checked against this config"
    kubeconfig = host_contract.kubeconfig(before.get(host_contract.OUTPUT))
    if kubeconfig is None:
        pulumi.log.warn(
            f"{unchecked}, because the last run did not finish; change no keys, members or volumes "
            "of its etcd pools before one has"
        )
        return
    try:
        check(settings, kubeconfig, None, host)
    except HostError as error:
        pulumi.log.warn(f"{unchecked}: {error}")


def _tenants_keys(
    settings: Settings,
    tenants: Mapping[str, RunningTenant],
    etcds: Mapping[str, pools.RunningEtcd],
) -> dict[str, list[InUse]]:
    """Return what the pods and the own etcd of each tenant have."""
    found = {
        one.name: (tenants.get(one.name), etcds.get(names.namespace(one.name)))
        for one in settings.tenants
    }
    return {name: [part.keys for part in parts if part] for name, parts in found.items()}


def _alarms(settings: Settings, warnings: Iterable[StoreWarning]) -> Iterator[str]:
    """Say which of this stack's pools have an alarm; one of their tenants stands for all."""
    if settings.has_host:
        alarms = {one.store: one.text for one in warnings if one.of_all}
        yield from (f"etcd pool {pool}: {alarms[pool]}" for pool in settings.etcd if pool in alarms)


def _kinds(
    settings: Settings, kinds: Mapping[str, str] | None, tenants: Mapping[str, RunningTenant]
) -> Iterator[InvalidInputError]:
    """Yield what is wrong with stores' kinds; a stack without a host looks at its own tenants."""
    ours = {tenant.name for tenant in settings.tenants}
    running = {
        name: (one.datastore, one.store_kind)
        for name, one in tenants.items()
        if settings.has_host or name in ours
    }
    declared = stores.kinds(settings.etcd, settings.sql)
    yield from stores.kind_problems(declared if kinds is None else kinds, running)


def _pools_keys(
    settings: Settings,
    etcds: Mapping[str, pools.RunningEtcd],
    tenants: Mapping[str, RunningTenant],
) -> Iterator[InvalidInputError]:
    """Yield what is wrong with the pools' keys; those of other stacks are their host stack's."""
    if settings.has_host:
        namespaces = {pool: names.etcd_namespace(pool) for pool in settings.etcd}
        running = {pool: etcds[ns].keys for pool, ns in namespaces.items() if ns in etcds}
        followers = {
            pool: {name: one.store_keys for name, one in tenants.items() if one.datastore == pool}
            for pool in settings.etcd
        }
        yield from generations.pool_problems(settings.etcd, running, followers)


def _overcommitted(
    settings: Settings,
    etcds: Mapping[str, pools.RunningEtcd],
    limits_mib: Mapping[str, Mapping[str, int]],
) -> Iterator[str]:
    """Say which pools of this stack's tenants, or of its host, could fill."""
    limits = {pool: dict(each) for pool, each in limits_mib.items()}
    for tenant in settings.tenants:
        limits.setdefault(tenant.datastore, {})[tenant.name] = tenant.store_limit_mib
    ours = {tenant.datastore for tenant in settings.tenants}
    running = {pool: etcds.get(names.etcd_namespace(pool)) for pool in ours}
    quotas = {pool: etcd.quota_gib for pool, etcd in running.items() if etcd and etcd.quota_gib}
    if settings.has_host:
        quotas |= {pool: etcd.quota_gib for pool, etcd in settings.etcd.items()}
    yield from pools.overcommitted(quotas, limits)


def _ending(
    settings: Settings,
    tenants: Mapping[str, Mapping[str, str]],
    etcds: Mapping[str, pools.RunningEtcd],
) -> Iterator[str]:
    """Say whose certificates of this stack end soon."""
    ends = {f"tenant {one.name}": tenants.get(one.name, {}) for one in settings.tenants}
    if settings.has_host:
        for pool in settings.etcd:
            etcd = etcds.get(names.etcd_namespace(pool))
            ends[f"etcd pool {pool}"] = etcd.certificates if etcd else {}
    now = dt.datetime.now(dt.UTC)
    for whose, each in ends.items():
        days = {name: (dt.datetime.fromisoformat(end) - now).days for name, end in each.items()}
        yield from (f"{whose}: {text}" for text in pki.ending(days))
