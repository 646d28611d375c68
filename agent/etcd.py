"""What the agent does in one etcd: auth, users, roles, ranges of keys.

Not here: running a command (etcdctl.py), how much a tenant has (usage.py), when any of this happens
(handlers/etcd_tenant.py).
"""

import asyncio
import time

from agent.etcdctl import Etcdctl, text
from agent.stores import Store
from core.names import etcd_range

_KNOWN_SECONDS = 20.0
"""How long what was seen in a store is believed: it may lose its volume and come back empty."""

_KEYS_PER_DELETE = 5000
"""One delete is one write, which others wait for: this many keys take 0.05 s (docs/agent.md)."""

_ROOT = "root"
_EXISTS = "already exists"
_MISSING = ("name not found", "is not granted to the user")


class Etcd:
    """One store, as its root user."""

    def __init__(self, store: Store, program: str = "etcdctl") -> None:
        self.ctl = Etcdctl(store, program)
        self._starting = asyncio.Lock()
        self._guarded_until = 0.0
        self._looking = asyncio.Lock()
        self._known: frozenset[str] = frozenset()
        self._known_until = 0.0

    async def start(self) -> None:
        """Make user and role root and turn authentication on, if that is not so already.

        Looks again after 20 seconds: a store that came back empty has authentication off.

        Raises:
            EtcdError: It can't be done, or the store doesn't answer.
        """
        async with self._starting:
            if time.monotonic() > self._guarded_until:
                await self._turn_auth_on()

    async def _turn_auth_on(self) -> None:
        status = await self.ctl("auth", "status")
        if not status.get("enabled"):
            await self.ctl("user", "add", _ROOT, "--no-password", accept=(_EXISTS,))
            await self.ctl("role", "add", _ROOT, accept=(_EXISTS,))
            await self.ctl("user", "grant-role", _ROOT, _ROOT)
            await self.ctl("auth", "enable", parse=False)
        self._guarded_until = time.monotonic() + _KNOWN_SECONDS

    async def ensure_tenant(self, tenant: str) -> None:
        """Make the tenant's user and role, and grant it its range and nothing else.

        Raises:
            EtcdError: It can't be done, or the store doesn't answer.
        """
        await self.start()
        added = await asyncio.gather(
            self.ctl("user", "add", tenant, "--no-password", accept=(_EXISTS,)),
            self.ctl("role", "add", tenant, accept=(_EXISTS,)),
        )
        if not all(added):
            await self._drop_extras(tenant)
        first, end = etcd_range(tenant)
        await asyncio.gather(
            self.ctl("role", "grant-permission", tenant, "readwrite", first, end),
            self.ctl("user", "grant-role", tenant, tenant),
        )
        self._known |= {tenant}

    async def _drop_extras(self, tenant: str) -> None:
        """Take away whatever an existing user or role has beyond the tenant's own range."""
        user, role = await asyncio.gather(
            self.ctl("user", "get", tenant), self.ctl("role", "get", tenant)
        )
        for name in user.get("roles", []):
            if name != tenant:
                await self.ctl("user", "revoke-role", tenant, name, accept=_MISSING)
        own = etcd_range(tenant)
        granted = [(text(p.get("key")), text(p.get("range_end"))) for p in role.get("perm", [])]
        if any(pair != own for pair in granted):
            await self.ctl("role", "delete", tenant, accept=_MISSING)
            await self.ctl("role", "add", tenant, accept=(_EXISTS,))

    async def has_tenant(self, tenant: str, *, certain: bool = False) -> bool:
        """Whether user and role are there, from a list that is at most 20 seconds old.

        `certain`: if it says that they are, ask again.

        A store that came back empty has authentication off too: it is turned on again first.
        """
        async with self._looking:
            doubted = certain and tenant in self._known
            if doubted or time.monotonic() > self._known_until:
                await self._turn_auth_on()
                users, roles = await asyncio.gather(
                    self.ctl("user", "list"), self.ctl("role", "list")
                )
                self._known = frozenset(users.get("users", [])) & frozenset(roles.get("roles", []))
                self._known_until = time.monotonic() + _KNOWN_SECONDS
        return tenant in self._known

    async def count_keys(self, tenant: str) -> int:
        """Return how many keys are in the tenant's range."""
        found = await self.ctl("get", *etcd_range(tenant), "--keys-only", "--limit=1")
        return int(found.get("count", 0))

    async def remove_tenant(self, tenant: str) -> int:
        """Take the tenant's access away, delete its keys, then its role and user.

        Access goes first, so that an API server that still runs can't write a key behind our back.
        Can be repeated at any point.

        Returns:
            The number of keys that were removed.

        Raises:
            EtcdError: It can't be done, or the store doesn't answer.
        """
        await self.start()
        self._known -= {tenant}
        await self.ctl("user", "revoke-role", tenant, tenant, accept=_MISSING)
        removed = await self._delete_range(*etcd_range(tenant))
        await self.ctl("role", "delete", tenant, accept=_MISSING)
        await self.ctl("user", "delete", tenant, accept=_MISSING)
        return removed

    async def _delete_range(self, first: str, end: str) -> int:
        removed = 0
        while True:
            page = await self.ctl("get", first, end, "--keys-only", f"--limit={_KEYS_PER_DELETE}")
            keys = page.get("kvs", [])
            if not keys:
                return removed
            last = len(keys) == int(page.get("count", 0))
            # \x01: the first name after a key that a command line can hold
            stop = end if last else f"{text(keys[-1]['key'])}\x01"
            deleted = await self.ctl("del", first, stop, "--range")
            removed += int(deleted.get("deleted", 0))
