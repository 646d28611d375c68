"""stores: the kinds of store that a tenant's objects can be in, and how an API server reaches each.

Not here: what runs one (manifests/etcd.py, manifests/kine.py), which there are on a host
(store_settings.py), a tenant's right in one (the host agent).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from core.settings import TenantSettings

DEDICATED = "dedicated"
"""What a tenant's `datastore` says for an etcd of its own; no store of a host has this name."""

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
    tenants: "Iterable[TenantSettings]", running: Mapping[str, str]
) -> Iterator[InvalidInputError]:
    """Yield a problem for each tenant that would leave its store, and its objects with it.

    Args:
        tenants: As the settings list them.
        running: The datastore of each tenant that exists.
    """
    for number, tenant in enumerate(tenants):
        known = running.get(tenant.name, tenant.datastore)
        if known != tenant.datastore:
            yield InvalidInputError(
                f"tenants[{number}].datastore",
                f"can't be changed from {known}: tenant {tenant.name}'s objects are there, and "
                "stay there",
                tenant.datastore,
                f"set it back to {known}; to change it, make a tenant of another name on "
                f"{tenant.datastore}, copy the objects through the two API servers (`kubectl get "
                "-o yaml`, `kubectl apply`, or Velero) and remove this one",
            )
