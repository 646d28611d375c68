"""stores: the kinds of store that a tenant's objects can be in, and how an API server reaches each.

Not here: what runs one (manifests/etcd.py, manifests/kine.py), which there are on a host
(store_settings.py), what runs (running.py), a tenant's right in one (the host agent).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.running import RunningHost
    from core.settings import Settings, TenantSettings

DEDICATED = "dedicated"
"""What a tenant's `datastore` says for an etcd of its own; no store of a host has this name."""

ETCD = "etcd"
"""The kind of a pool that many tenants share."""

POSTGRESQL = "postgresql"
MYSQL = "mysql"
ENGINES = {POSTGRESQL: 5432, MYSQL: 3306}
"""Kinds of SQL server, each with its usual port; MariaDB speaks MySQL's protocol."""


@dataclass(frozen=True, kw_only=True)
class StoreAccess:
    """How an API server reaches its store."""

    servers: str
    """For --etcd-servers."""

    tls: bool = True
    """It shows a client certificate; else it dials a socket that no other pod can open."""

    compacted: bool = False
    """Somebody else compacts it: in a shared etcd only root may (etcd CVE-2026-33413)."""


def problems(
    tenants: "Iterable[TenantSettings]", running: "RunningHost"
) -> Iterator[InvalidInputError]:
    """Yield a problem for each tenant that would leave its store, and its objects with it.

    Args:
        tenants: As the settings list them.
        running: What their host has.
    """
    for number, tenant in enumerate(tenants):
        there = running.tenants.get(tenant.name)
        if there and there.datastore != tenant.datastore:
            known = there.datastore
            yield InvalidInputError(
                f"tenants[{number}].datastore",
                f"can't be changed from {known}: tenant {tenant.name}'s objects are there, and "
                "stay there",
                tenant.datastore,
                f"set it back to {known}; to change it, make a tenant of another name on "
                f"{tenant.datastore}, {_MOVE}",
            )


_MOVE = (
    "copy the objects through the two API servers (`kubectl get -o yaml`, `kubectl apply`, or "
    "Velero) and remove this one"
)


class _SqlServer(Protocol):
    @property
    def engine(self) -> str:
        """One of ENGINES."""


def kinds(pools: "Iterable[str]", sql: Mapping[str, _SqlServer]) -> dict[str, str]:
    """Return the kind of each store of a host, by name."""
    return dict.fromkeys(pools, ETCD) | {name: one.engine for name, one in sql.items()}


def kind_problems(
    settings: "Settings", wanted: Mapping[str, str], running: "RunningHost"
) -> Iterator[InvalidInputError]:
    """Yield a problem for each store that another kind would take the name of, with tenants in it.

    Args:
        settings: Of the stack; without a host of its own it looks at its own tenants alone.
        wanted: The kind of each store by name.
        running: What the host has.
    """
    ours = {tenant.name for tenant in settings.tenants}
    for store, kind in wanted.items():
        inside = {
            name: one.store_kind
            for name, one in running.tenants.items()
            if one.datastore == store and one.store_kind not in (None, kind)
            if settings.has_host or name in ours
        }
        if inside:
            was = " and ".join(sorted({str(one) for one in inside.values()}))
            yield InvalidInputError(
                f"store {store}",
                f"can't become another kind: the objects of {', '.join(sorted(inside))} are in "
                f"the {was} of this name, and stay there",
                kind,
                f"make it {was} again and give the {kind} a name of its own; to change a tenant's "
                f"kind, make a tenant of another name there, {_MOVE}",
            )
