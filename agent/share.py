"""A tenant's share of a shared etcd: how full it is, and whether its door is shut.

Not here: measuring (usage.py), closing the door (handlers/etcd_tenant.py) and the policy that does
it (core/manifests/store_limit.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent import metrics
from agent.outcome import Outcome
from agent.usage import Usage
from core import names
from core.manifests import store_limit

_MIB = 1024 * 1024
_SECONDS = 60.0
_CLOSE_SECONDS = 15.0
"""How often a share is measured: every minute, and more often near its limit."""
_FULL_PERCENT, _REOPENS_PERCENT = 100, 95
"""Where a door opens again: at the limit itself it would open and close with every write."""


def near_bytes(limit_mib: int | None) -> float:
    """Return the bytes from which on a tenant is near its limit."""
    return limit_mib * _MIB * store_limit.NEAR_PERCENT / 100 if limit_mib else float("inf")


@dataclass(frozen=True)
class Share:
    """What a tenant has of what it may have."""

    tenant: str
    usage: Usage
    limit_mib: int | None
    alarms: tuple[str, ...] = ()
    """Of the whole store."""
    closes: bool = True
    """The tenant's API servers can be made to refuse writes: they read policies from files."""

    @property
    def percent(self) -> float:
        """How full it is; 0 without a limit."""
        return 100 * self.usage.size / (self.limit_mib * _MIB) if self.limit_mib else 0.0

    def is_shut(self, *, was_shut: bool) -> bool:
        """Whether the tenant may only read and delete."""
        return self.closes and self.percent >= (_REOPENS_PERCENT if was_shut else _FULL_PERCENT)

    def outcome(self, *, shut: bool) -> Outcome:
        """Return what there is to say."""
        fields = {
            "prefix": f"{names.etcd_prefix(self.tenant)}/",
            "keys": self.usage.keys,
            "usedMib": -(-self.usage.size // _MIB),
            "readOnly": shut,
        }
        reason, message = self._said(shut=shut)
        warns = reason in store_limit.WARNINGS
        again = _CLOSE_SECONDS if warns else _SECONDS
        return Outcome(reason, message, fields, warns=warns, again_seconds=again)

    def _said(self, *, shut: bool) -> tuple[str, str]:
        if self.alarms:
            return store_limit.ALARM, alarm_text(self.tenant, self.alarms)
        if shut:
            return store_limit.FULL, (
                f"{self.tenant} may only read and delete: its share of {self.limit_mib} MiB is "
                "full; raise storeLimitMib or have objects deleted"
            )
        if self.percent >= _FULL_PERCENT:
            return store_limit.FULL, (
                f"{self.tenant} has used all of its {self.limit_mib} MiB and writes on: Kubernetes "
                "before 1.37 can't be made to refuse; raise storeLimitMib, have objects deleted, "
                "or raise the tenant's version"
            )
        if self.percent >= store_limit.NEAR_PERCENT:
            then = "when all is used it may only read and delete; " if self.closes else ""
            return store_limit.NEARLY_FULL, (
                f"{self.tenant} has used {store_limit.NEAR_PERCENT} % of its {self.limit_mib} MiB; "
                f"{then}raise storeLimitMib"
            )
        prefix = names.etcd_prefix(self.tenant)
        return "Granted", f"{self.tenant} may read and write {prefix}/"

    def publish(self, store: str) -> None:
        """Set the metrics."""
        metrics.STORE_KEYS.labels(store, self.tenant).set(self.usage.keys)
        metrics.STORE_BYTES.labels(store, self.tenant).set(self.usage.size)
        if self.limit_mib:
            metrics.STORE_LIMIT_BYTES.labels(store, self.tenant).set(self.limit_mib * _MIB)


def alarm_text(tenant: str, alarms: Sequence[str]) -> str:
    """Say what an alarm of a pool means to a tenant."""
    return (
        f"the store of {tenant} has alarm {' and '.join(alarms)} for all its tenants: NOSPACE, it "
        "refuses every write until keys are deleted and it is defragmented, or its quotaGib is "
        "raised, and then `etcdctl alarm disarm`; CORRUPT, its members differ and none of them "
        "serves, take the odd one out (docs/stores.md)"
    )
