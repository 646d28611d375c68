"""Which kind of store a tenant asks for.

Not here: the kinds (_store_shared_etcd.py, _store_dedicated_etcd.py, _store_sql.py), what they have
in common (_tenant_store.py).
"""

from components._store_dedicated_etcd import DedicatedEtcdKind, DedicatedEtcdStore
from components._store_shared_etcd import SharedEtcdKind, SharedEtcdStore
from components._store_sql import SqlKind, SqlStore
from components._tenant_store import StoreKind
from core.errors import InvalidInputError


def chosen(
    tenant: str,
    *,
    datastore: str,
    replicas: int,
    limit_mib: int,
    shared_etcd: SharedEtcdStore | None,
    dedicated_etcd: DedicatedEtcdStore | None,
    sql: SqlStore | None,
) -> StoreKind:
    """Return the kind that is given.

    Raises:
        InvalidInputError: none is, or more than one.
    """
    kinds: list[StoreKind] = []
    if shared_etcd is not None:
        kinds.append(SharedEtcdKind(datastore, shared_etcd, limit_mib))
    if dedicated_etcd is not None:
        kinds.append(DedicatedEtcdKind(tenant, dedicated_etcd))
    if sql is not None:
        kinds.append(SqlKind(datastore, sql, replicas))
    if len(kinds) != 1:
        remedy = "give exactly one of shared_etcd, dedicated_etcd and sql"
        raise InvalidInputError(
            f"tenant {tenant}", "does not say what its store is", len(kinds), remedy
        )
    return kinds[0]
