"""running: what a host has that a change must not break, as its API says it.

Not here: reading it (components/running_host.py), which change is safe (generations.py, pools.py,
runtime_classes.py, skew.py, stores.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core import names
from core.generations import Generations, InUse
from core.operators.allowance import Allowance


@dataclass(frozen=True)
class RunningTenant:
    """What a host has of a tenant, once that has its Deployment."""

    version: str
    """Kubernetes version in full."""

    datastore: str
    """Name of its store, or `dedicated`."""

    store_kind: str | None = None
    """Of its store: etcd, dedicated, or an SQL server's engine; None: not said yet."""

    keys: InUse = field(default_factory=InUse)
    """Of its own keys."""

    store_keys: InUse = field(default_factory=InUse)
    """Of its store's, when it was last brought up to them."""

    rewritten: Generations | None = None
    """For which of its own keys all that it has stored was written anew last."""

    profiles: frozenset[str] = frozenset()
    """Those that its pods have, more than one while they change."""

    certificates: Mapping[str, str] = field(default_factory=dict)
    """When each of its certificates ends, RFC 3339, by its name."""

    operators: Mapping[str, Allowance] = field(default_factory=dict)
    """What each of its operators may have of the host, by name."""


@dataclass(frozen=True)
class RunningEtcd:
    """What a host has of an etcd, a shared pool or a tenant's own."""

    members: int
    """Pods that its StatefulSet asks for; 0 when it was scaled to nothing."""

    storage_gib: int
    """Size of each member's volume, as its StatefulSet asks for it."""

    quota_gib: int
    """Size at which it refuses writes, as its StatefulSet asks for it."""

    keys: InUse = field(default_factory=InUse)
    """Of its authorities."""

    certificates: Mapping[str, str] = field(default_factory=dict)
    """When each of its certificates ends, RFC 3339, by its name."""


@dataclass(frozen=True)
class Share:
    """A tenant's share of an etcd pool; the tenant needs no Deployment to have one."""

    store: str
    """The pool's name."""

    limit_mib: int = 0
    """How much it may be; 0: as much as there is."""

    warning: str | None = None
    """What the host agent warns of."""

    of_all: bool = False
    """The warning concerns every tenant of the pool."""


@dataclass(frozen=True, kw_only=True)
class RunningHost:
    """What a host has, read at once; empty for a new one."""

    tenants: Mapping[str, RunningTenant] = field(default_factory=dict)
    """By their names."""

    etcds: Mapping[str, RunningEtcd] = field(default_factory=dict)
    """Shared and dedicated ones, by their namespaces."""

    shares: Mapping[str, Share] = field(default_factory=dict)
    """Of etcd pools, by tenant."""

    runtime_classes: frozenset[str] = frozenset()
    """Names of its RuntimeClasses."""

    def pool(self, name: str) -> RunningEtcd | None:
        """Return an etcd pool, None when there is none."""
        return self.etcds.get(names.etcd_namespace(name))

    def own_etcd(self, tenant: str) -> RunningEtcd | None:
        """Return the etcd of a tenant's own, None when it has none."""
        return self.etcds.get(names.namespace(tenant))
