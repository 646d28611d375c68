"""EtcdTenant: a tenant's user, role and range in a shared etcd; its keys go with the object.

Not here: the commands (agent/etcd.py), when an object is looked at (agent/loops.py).
"""

import asyncio
from collections.abc import Callable

import kopf

from agent import host, metrics
from agent.etcd import Etcd
from agent.etcdctl import EtcdError, UnreachableError
from agent.kube import ApiError, Client, Json
from agent.outcome import NotReadyError, Outcome
from agent.share import Share, alarm_text, near_bytes
from agent.stores import Stores, UnknownStoreError
from agent.upkeep import CORRUPT, Upkeep
from agent.usage import Meter, Usage
from core import names
from core.manifests import crds, store_limit


class EtcdTenants:
    """Reconciles EtcdTenant objects."""

    kind = "EtcdTenant"
    plural = crds.ETCD_TENANTS
    eager = False

    def __init__(self, client: Client, stores: Stores) -> None:
        self._client = client
        self._stores = stores
        self._etcds: dict[str, Etcd] = {}
        self._meters: dict[str, Meter] = {}
        self._upkeeps: dict[str, Upkeep] = {}
        self._shut: dict[str, bool] = {}
        """Whose door is shut, as far as that is certain."""

    async def reconcile(self, body: Json, wake: Callable[[], None]) -> Outcome:  # noqa: ARG002
        """Make the tenant's place in its store, or remove it with all keys."""
        leaving = "deletionTimestamp" in body["metadata"]
        if leaving and crds.ETCD_TENANT_FINALIZER not in body["metadata"].get("finalizers", []):
            return Outcome("Removed", finished=True)
        host.check_namespace(body)
        try:
            etcd = self._etcd(body["spec"]["store"])
            return await (self._remove(body, etcd) if leaving else self._ensure(body, etcd))
        except UnknownStoreError as error:
            raise NotReadyError("UnknownStore", str(error)) from error
        except UnreachableError as error:
            raise NotReadyError("StoreUnreachable", _kept(body, error)) from error
        except EtcdError as error:
            raise NotReadyError("StoreRefused", _kept(body, error)) from error

    async def forget(self, uid: str) -> None:
        """Nothing is held for an object."""

    async def start_stores(self) -> None:
        """Look after every store until cancelled, before the first tenant needs it."""
        await asyncio.gather(*(self._upkeep(pool).run() for pool in self._stores.pools()))

    def _etcd(self, pool: str) -> Etcd:
        store = self._stores.get(pool)
        return self._etcds.setdefault(pool, Etcd(store))

    def _upkeep(self, pool: str) -> Upkeep:
        store = self._stores.get(pool)
        fresh = Upkeep(pool, self._etcd(pool), store.defragmentation_hour)
        return self._upkeeps.setdefault(pool, fresh)

    async def _ensure(self, body: Json, etcd: Etcd) -> Outcome:
        tenant, alarms = body["spec"]["tenant"], self._upkeep(body["spec"]["store"]).alarms
        if CORRUPT in alarms:
            raise NotReadyError(store_limit.ALARM, alarm_text(tenant, alarms))
        if not (host.is_ready(body) and await etcd.has_tenant(tenant)):
            await _check_not_lost(body, etcd)
            await self._set_finalizer(body, present=True)
            await etcd.ensure_tenant(tenant)
            if "readOnly" not in body.get("status", {}):  # nobody waits for a measurement
                return Share(tenant, Usage(0, 0), None).outcome(shut=False)
        return await self._judge(body, etcd)

    async def _judge(self, body: Json, etcd: Etcd) -> Outcome:
        """Measure the tenant's share; shut the door when it is full, open it when it is not."""
        spec = body["spec"]
        store, tenant, limit_mib = spec["store"], spec["tenant"], spec.get("limitMib")
        meter = self._meters.setdefault(store, Meter(etcd.ctl))
        usage = await meter.read(tenant, near_bytes(limit_mib))
        await _check_not_lost(body, etcd, usage.keys)
        share = Share(
            tenant,
            usage,
            limit_mib,
            self._upkeep(store).alarms,
            closes=spec.get("readOnlyWhenFull", True),
        )
        share.publish(store)
        shut = await self._set_door(share)
        return share.outcome(shut=shut)

    async def _set_door(self, share: Share) -> bool:
        """Shut the door by a policy or open it; returns whether it is shut.

        What is there counts, not the status: an agent may have ended between the two.
        """
        namespace = names.namespace(share.tenant)
        path = f"/api/v1/namespaces/{namespace}/configmaps/{store_limit.CONFIG_MAP}"
        was_shut = self._shut.pop(share.tenant, None)
        if was_shut is None:
            was_shut = await self._has_policy(path)
        shut = share.is_shut(was_shut=was_shut)
        if shut or was_shut:
            text = store_limit.policy_text(int(share.limit_mib or 0)) if shut else None
            await self._client.merge(path, {"data": {store_limit.FILE: text}})
        self._shut[share.tenant] = shut
        return shut

    async def _has_policy(self, path: str) -> bool:
        try:
            return store_limit.FILE in (await self._client.get(path)).get("data", {})
        except ApiError as error:
            if not error.not_found:
                raise
            return False

    async def _remove(self, body: Json, etcd: Etcd) -> Outcome:
        pool, tenant = body["spec"]["store"], body["spec"]["tenant"]
        removed = await etcd.remove_tenant(tenant)
        metrics.KEYS_REMOVED.labels(pool).inc(removed)
        metrics.forget(pool, tenant)
        self._shut.pop(tenant, None)
        if pool in self._meters:
            self._meters[pool].forget(tenant)
        message = f"{removed} keys of {tenant} removed from store {pool}, its user and role too"
        host.event(body, kopf.info, "KeysRemoved", message)
        await self._set_finalizer(body, present=False)
        return Outcome("Removed", message, finished=True)

    async def _set_finalizer(self, body: Json, *, present: bool) -> None:
        finalizer = crds.ETCD_TENANT_FINALIZER
        await host.set_finalizer(self._client, body, self.plural, finalizer, present=present)


async def _check_not_lost(body: Json, etcd: Etcd, has: int | None = None) -> None:
    """A store without the tenant's user never had its keys: it came back empty, or from before.

    Fewer than half, not none: until authentication is on again an API server that runs writes what
    it finds missing, Leases above all. Where the user alone is gone all keys are there.
    """
    tenant, had = body["spec"]["tenant"], body.get("status", {}).get("keys", 0)
    if not had:
        return
    has = await etcd.count_keys(tenant) if has is None else has
    if 2 * has < had and not await etcd.has_tenant(tenant, certain=True):
        raise NotReadyError(
            "StoreEmpty",
            f"tenant {tenant}: store {body['spec']['store']} had {had} keys of it, got {has} and "
            "no user; restore the store, or accept an empty one (docs/agent.md)",
        )


def _kept(body: Json, error: EtcdError) -> str:
    if "deletionTimestamp" in body["metadata"]:
        return f"keys not removed yet: {error}"
    return str(error)
