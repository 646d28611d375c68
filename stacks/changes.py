"""changes: refuses what would break what runs on a host, before anything is declared.

Not here: which change is safe (core/generations.py, core/pools.py, core/skew.py, core/stores.py),
reading the host (components/running_host.py), what is read (core/running.py).
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from components import running_host
from core import generations, host_contract, pki, pools, runtime_classes, skew, stores
from core.errors import HostError, InvalidInputError
from core.running import RunningEtcd, RunningHost, RunningTenant
from core.settings import Settings


def check(
    settings: Settings,
    kubeconfig: str,
    context: str | None,
    host: str,
    kinds: Mapping[str, str] | None = None,
) -> RunningHost:
    """Check a stack against what runs on its host; return that.

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
    running = running_host.read(kubeconfig, context, host)
    declared = stores.kinds(settings.etcd, settings.sql)
    errors = [
        *skew.problems(settings.tenants, running),
        *stores.problems(settings.tenants, running),
        *stores.kind_problems(settings, declared if kinds is None else kinds, running),
        *pools.problems(settings, running),
        *generations.tenant_problems(settings.tenants, running),
        *generations.pool_problems(settings, running),
        *runtime_classes.problems(settings.tenants, running),
    ]
    if errors:
        raise InvalidInputError.together(errors)
    for text in [
        *_of_stores(settings, running),
        *pools.overcommitted(settings, running),
        *_ending(settings, running),
    ]:
        pulumi.log.warn(text)
    return running


def store_warnings(settings: Settings, running: RunningHost) -> dict[str, str]:
    """Return by tenant of the stack what is to say of its share of an etcd pool."""
    shares = {one.name: running.shares.get(one.name) for one in settings.tenants}
    return {name: one.warning for name, one in shares.items() if one and one.warning}


def check_made(settings: Settings, before: Mapping[str, Any], host: str) -> None:
    """Check a stack that makes its host against what runs there since its last run.

    A host that can't be asked is a warning: it may be gone, and about to be made again. The
    provider may reach it all the same, so the keys of its pools stay what they were.

    Args:
        settings: Of the stack.
        before: What the stack exported last.
        host: The host's name.

    Raises:
        InvalidInputError: as `check`, or the host can't be asked and keys are others than in the
            last run.
    """
    if not before:
        return
    unchecked = f"host {host}: what runs on it is not checked against this config"
    contract = before.get(host_contract.OUTPUT)
    kubeconfig = host_contract.kubeconfig(contract)
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
        keys = host_contract.pool_keys(contract)
        errors = list(generations.unasked_problems(settings.etcd, keys, host))
        if errors:
            raise InvalidInputError.together(errors) from error


def _of_stores(settings: Settings, running: RunningHost) -> Iterator[str]:
    """Say whose share is nearly full, and each alarm of a pool by the last of its tenants alone."""
    ours = {tenant.name for tenant in settings.tenants}
    alarms: dict[str, str] = {}
    for name, share in running.shares.items():
        of_our_host = settings.has_host and share.store in settings.etcd
        if share.of_all and (of_our_host or name in ours):
            alarms[share.store] = f"etcd pool {share.store}: {share.warning}"
        elif share.warning and name in ours:
            yield share.warning
    yield from alarms.values()


def _ending(settings: Settings, running: RunningHost) -> Iterator[str]:
    """Say whose certificates of this stack end soon."""
    there: dict[str, RunningTenant | RunningEtcd | None] = {}
    there |= {f"tenant {one.name}": running.tenants.get(one.name) for one in settings.tenants}
    if settings.has_host:
        there |= {f"etcd pool {pool}": running.pool(pool) for pool in settings.etcd}
    now = dt.datetime.now(dt.UTC)
    for whose, one in there.items():
        ends = one.certificates if one else {}
        days = {name: (dt.datetime.fromisoformat(end) - now).days for name, end in ends.items()}
        yield from (f"{whose}: {text}" for text in pki.ending(days))
