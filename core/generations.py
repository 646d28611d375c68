"""generations: which keys of an installation are in use, and how they are replaced without a gap.

A list of numbers says it: the first one signs and encrypts, each is trusted and decrypts. Keys are
replaced by changing one of the list at a time: `[1]`, `[1, 2]` (trust both), `[2, 1]` (switch),
`[2]` (drop the old). Whoever follows one step understands those who haven't yet, or already have.
Not here: the keys (components/), what each is for (pki.py, manifests/encryption.py), what runs
(running.py).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import InvalidInputError

if TYPE_CHECKING:
    from core.running import RunningHost
    from core.settings import Settings, TenantSettings
    from core.store_settings import EtcdSettings

Generations = tuple[int, ...]

FIRST: Generations = (1,)
"""What everything starts with."""

_MOST = 2


@dataclass(frozen=True)
class InUse:
    """Which generations something that runs has."""

    keys: Generations = FIRST

    everywhere: bool = True
    """Each of its pods has them; false while a rollout is on its way, or stuck."""


def named(name: str, generation: int) -> str:
    """Return the name of a generation's resource; the first has the plain one."""
    return name if generation == 1 else f"{name}-{generation}"


def text(generations: Generations) -> str:
    """Return them as they stand in the annotations of what uses them: `2,1`."""
    return ",".join(map(str, generations))


def parse(written: str | None) -> Generations:
    """Return what `text` wrote; of something older than these annotations the first."""
    return tuple(map(int, written.split(","))) if written else FIRST


def shown(generations: Generations) -> str:
    """Return them as they stand in a config: `[2, 1]`."""
    return str(list(generations))


def check(path: str, keys: Generations) -> Iterator[InvalidInputError]:
    """Yield what is wrong with such a list on its own."""
    if not 1 <= len(keys) <= _MOST or len(set(keys)) != len(keys):
        remedy = "use [1], and to replace keys [1, 2], [2, 1], [2], one `pulumi up` each"
        yield InvalidInputError(path, "is not one or two different numbers", list(keys), remedy)


def step(path: str, running: Generations, wanted: Generations) -> Iterator[InvalidInputError]:
    """Yield a problem when somebody would be locked out by the way from one list to another.

    Args:
        path: Of the setting, for errors.
        running: What is in use.
        wanted: What shall be.
    """
    following = _next(running)
    if wanted != running and wanted not in following:
        yield InvalidInputError(
            path,
            f"can't go from {shown(running)} in one step: what still has the old keys would be "
            "locked out",
            list(wanted),
            f"set it to {' or '.join(map(shown, following))} and run `pulumi up` first",
        )


def _next(running: Generations) -> tuple[Generations, ...]:
    """What may follow: trust a new one, swap the two, drop the one that only is trusted."""
    if len(running) == 1:
        return ((*running, max(running) + 1),)
    return (running[::-1], running[:1])


def tenant_problems(
    tenants: Iterable["TenantSettings"], running: "RunningHost"
) -> Iterator[InvalidInputError]:
    """Yield a problem for each tenant whose keys would take a step that locks somebody out.

    Args:
        tenants: As the settings list them.
        running: What their host has.
    """
    for number, tenant in enumerate(tenants):
        path, there = f"tenants[{number}].keys", running.tenants.get(tenant.name)
        parts = [one.keys for one in (there, running.own_etcd(tenant.name)) if one]
        rewritten = there.rewritten if there else None
        yield from _steps(path, f"tenant {tenant.name}", parts, tenant.keys)
        for known in dict.fromkeys(part.keys for part in parts):
            if len(tenant.keys) < len(known) and rewritten != known:
                yield InvalidInputError(
                    path,
                    f"can't drop {known[-1]} yet: objects in tenant {tenant.name}'s store may "
                    "still be encrypted with it",
                    list(tenant.keys),
                    f"set it to {shown(known)} and run `pulumi up`, which waits until the host "
                    "agent has written them anew (`kubectl get reencryptions -n "
                    f"tenant-{tenant.name}`)",
                )


def pool_problems(settings: "Settings", running: "RunningHost") -> Iterator[InvalidInputError]:
    """Yield a problem for each etcd pool whose keys would take a step before its tenants can.

    Args:
        settings: Of the stack; the pools of a stack without a host are its host stack's.
        running: What the host has.
    """
    for pool, etcd in settings.etcd.items() if settings.has_host else ():
        there, path = running.pool(pool), f"etcd.{pool}.keys"
        known = there.keys if there else InUse(etcd.keys)
        followers = {
            name: one.store_keys for name, one in running.tenants.items() if one.datastore == pool
        }
        yield from _steps(path, f"etcd pool {pool}", [known], etcd.keys)
        wanted = InUse(known.keys)
        behind = sorted(name for name, has in followers.items() if has != wanted)
        if behind and etcd.keys != known.keys:
            yield InvalidInputError(
                path,
                f"can't leave {shown(known.keys)} yet: {', '.join(behind)} would be locked out",
                list(etcd.keys),
                f"set it back to {shown(known.keys)} and run `pulumi up` in the stacks of these "
                "tenants",
            )


def unasked_problems(
    pools: Mapping[str, "EtcdSettings"], before: Mapping[str, Generations], host: str
) -> Iterator[InvalidInputError]:
    """Yield a problem for each etcd pool with other keys on a host that can't be asked.

    Args:
        pools: As the settings have them.
        before: What each pool had in the last run.
        host: The host's name.
    """
    for pool, etcd in pools.items():
        known = before.get(pool, etcd.keys)
        if etcd.keys != known:
            yield InvalidInputError(
                f"etcd.{pool}.keys",
                f"can't be changed from {shown(known)} now: host {host} can't be asked who would "
                "be locked out",
                list(etcd.keys),
                f"set it back to {shown(known)}, or make the host's API server answer here first",
            )


def _steps(
    path: str, thing: str, running: Collection[InUse], wanted: Generations
) -> Iterator[InvalidInputError]:
    """Yield what is wrong with the step for any part of a thing, and that one is not done yet."""
    for known in dict.fromkeys(one.keys for one in running):
        yield from step(path, known, wanted)
        done = all(one.everywhere for one in running if one.keys == known)
        if wanted != known and not done:
            yield InvalidInputError(
                path,
                f"can't leave {shown(known)} yet: not every pod of {thing} has these keys",
                list(wanted),
                f"set it back to {shown(known)} and run `pulumi up`, which waits for the pods",
            )
