"""What Prometheus can scrape from the agent. Labels are kinds, stores, reasons and tenants' ids.

Not here: liveness (kopf's own endpoint, __main__.py).
"""

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

RECONCILE_SECONDS = Histogram(
    "tenantplane_agent_reconcile_seconds",
    "Time that one reconciliation took, whatever its outcome.",
    ["kind"],
    buckets=_BUCKETS,
)
RECONCILE_FAILURES = Counter(
    "tenantplane_agent_reconcile_failures_total",
    "Reconciliations that did not get an object ready, by reason.",
    ["kind", "reason"],
)
OBJECTS = Gauge(
    "tenantplane_agent_objects", "Objects that the agent looks after.", ["kind", "ready"]
)
KEYS_REMOVED = Counter(
    "tenantplane_agent_etcd_keys_removed_total", "Keys of removed tenants, by store.", ["store"]
)
STORE_BYTES = Gauge(
    "tenantplane_agent_store_bytes",
    "Keys and values of a tenant in a shared etcd, or its database on an SQL server, in bytes.",
    ["store", "tenant"],
)
STORE_KEYS = Gauge(
    "tenantplane_agent_store_keys", "Keys of a tenant in a shared etcd.", ["store", "tenant"]
)
STORE_LIMIT_BYTES = Gauge(
    "tenantplane_agent_store_limit_bytes",
    "Bytes from which on a tenant may only read and delete.",
    ["store", "tenant"],
)
STORE_ALARM = Gauge(
    "tenantplane_agent_store_alarm", "1 while a shared etcd has this alarm.", ["store", "alarm"]
)
STORE_USED_BYTES = Gauge(
    "tenantplane_agent_store_used_bytes",
    "What a shared etcd uses of its quota: what is there now, and what it keeps of the past.",
    ["store"],
)
STORE_QUOTA_BYTES = Gauge(
    "tenantplane_agent_store_quota_bytes",
    "Bytes at which a shared etcd refuses writes.",
    ["store"],
)
EARLY_COMPACTIONS = Counter(
    "tenantplane_agent_store_early_compactions_total",
    "Compactions of a shared etcd because most of its quota was used.",
    ["store"],
)
UPKEEP_FAILURES = Counter(
    "tenantplane_agent_store_upkeep_failures_total",
    "Looks at a shared etcd that could not be finished.",
    ["store"],
)
ROLE_UPDATES = Counter(
    "tenantplane_agent_api_role_updates_total",
    "Times that the roles for API groups were brought in step with those of a tenant.",
)


def forget(store: str, tenant: str) -> None:
    """Take the metrics of a tenant away that is gone."""
    for gauge in (STORE_KEYS, STORE_BYTES, STORE_LIMIT_BYTES):
        gauge.remove(store, tenant)
