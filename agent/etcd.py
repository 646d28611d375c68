"""What the agent does in one etcd: auth, users, roles, ranges of keys.

Driven by `etcdctl`, the field's own tool, one process per command. It lists no secret on its
command line: keys and certificates are named by path.
Not here: where a store's files are (stores.py), when any of this happens (handlers/etcd_tenant.py).
"""

import asyncio
import base64
import json
import time
from typing import Any

from agent.stores import Store
from core.errors import TenantplaneError
from core.names import etcd_range

_COMMAND_SECONDS = 5.0
"""etcdctl's own --command-timeout does not cover `user`, `role` and `auth`: against an etcd that
is down they wait for ever (seen with 3.7.3), so the process is killed instead."""

_CONCURRENT_COMMANDS = 6
_KNOWN_SECONDS = 20.0
"""How long what was seen in a store is believed: it may lose its volume and come back empty."""

_KEYS_PER_DELETE = 5000
"""One delete is one write, which others wait for: this many keys take 0.05 s (docs/agent.md)."""

_ROOT = "root"
_EXISTS = "already exists"
_MISSING = ("name not found", "is not granted to the user")
_UNREACHABLE = (
    "context deadline exceeded",
    "connection refused",
    "connection error",
    "no leader",
    "timed out",
    "Unavailable",
)


class EtcdError(TenantplaneError):
    """The store refused something."""


class UnreachableError(EtcdError):
    """The store doesn't answer, or not in time."""


class Etcd:
    """One store, as its root user."""

    def __init__(self, store: Store, etcdctl: str = "etcdctl") -> None:
        self._store = store
        self._etcdctl = etcdctl
        self._slots = asyncio.Semaphore(_CONCURRENT_COMMANDS)
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
        status = await self._ctl("auth", "status")
        if not status.get("enabled"):
            await self._ctl("user", "add", _ROOT, "--no-password", accept=(_EXISTS,))
            await self._ctl("role", "add", _ROOT, accept=(_EXISTS,))
            await self._ctl("user", "grant-role", _ROOT, _ROOT)
            await self._ctl("auth", "enable", parse=False)
        self._guarded_until = time.monotonic() + _KNOWN_SECONDS

    async def ensure_tenant(self, tenant: str) -> None:
        """Make the tenant's user and role, and grant it its range and nothing else.

        Raises:
            EtcdError: It can't be done, or the store doesn't answer.
        """
        await self.start()
        added = await asyncio.gather(
            self._ctl("user", "add", tenant, "--no-password", accept=(_EXISTS,)),
            self._ctl("role", "add", tenant, accept=(_EXISTS,)),
        )
        if not all(added):
            await self._drop_extras(tenant)
        first, end = etcd_range(tenant)
        await asyncio.gather(
            self._ctl("role", "grant-permission", tenant, "readwrite", first, end),
            self._ctl("user", "grant-role", tenant, tenant),
        )
        self._known |= {tenant}

    async def _drop_extras(self, tenant: str) -> None:
        """Take away whatever an existing user or role has beyond the tenant's own range."""
        user, role = await asyncio.gather(
            self._ctl("user", "get", tenant), self._ctl("role", "get", tenant)
        )
        for name in user.get("roles", []):
            if name != tenant:
                await self._ctl("user", "revoke-role", tenant, name, accept=_MISSING)
        own = etcd_range(tenant)
        granted = [(_text(p.get("key")), _text(p.get("range_end"))) for p in role.get("perm", [])]
        if any(pair != own for pair in granted):
            await self._ctl("role", "delete", tenant, accept=_MISSING)
            await self._ctl("role", "add", tenant, accept=(_EXISTS,))

    async def has_tenant(self, tenant: str) -> bool:
        """Whether user and role are there, from a list that is at most 20 seconds old.

        A store that came back empty has authentication off too: it is turned on again first.
        """
        async with self._looking:
            if time.monotonic() > self._known_until:
                await self._turn_auth_on()
                users, roles = await asyncio.gather(
                    self._ctl("user", "list"), self._ctl("role", "list")
                )
                self._known = frozenset(users.get("users", [])) & frozenset(roles.get("roles", []))
                self._known_until = time.monotonic() + _KNOWN_SECONDS
        return tenant in self._known

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
        await self._ctl("user", "revoke-role", tenant, tenant, accept=_MISSING)
        removed = await self._delete_range(*etcd_range(tenant))
        await self._ctl("role", "delete", tenant, accept=_MISSING)
        await self._ctl("user", "delete", tenant, accept=_MISSING)
        return removed

    async def _delete_range(self, first: str, end: str) -> int:
        removed = 0
        while True:
            page = await self._ctl("get", first, end, "--keys-only", f"--limit={_KEYS_PER_DELETE}")
            keys = page.get("kvs", [])
            if not keys:
                return removed
            last = len(keys) == int(page.get("count", 0))
            # \x01: the first name after a key that a command line can hold
            stop = end if last else f"{_text(keys[-1]['key'])}\x01"
            deleted = await self._ctl("del", first, stop, "--range")
            removed += int(deleted.get("deleted", 0))

    async def _ctl(
        self, *args: str, accept: tuple[str, ...] = (), parse: bool = True
    ) -> dict[str, Any]:
        """Run one command.

        Returns:
            What it printed; nothing if it failed in a way that the caller accepts.
        """
        async with self._slots:
            code, out, err = await self._run(*args)
        if code == 0:
            return dict(json.loads(out)) if parse else {}
        message = _last_error(err)
        if any(text in message for text in accept):
            return {}
        kind = UnreachableError if any(text in err for text in _UNREACHABLE) else EtcdError
        raise kind(f"store {self._store.pool}: etcdctl {args[0]} {args[1]} failed, got {message}")

    async def _run(self, *args: str) -> tuple[int, str, str]:
        folder = self._store.folder
        process = await asyncio.create_subprocess_exec(
            self._etcdctl,
            f"--endpoints={self._store.endpoints}",
            f"--cacert={folder / 'ca.crt'}",
            f"--cert={folder / 'tls.crt'}",
            f"--key={folder / 'tls.key'}",
            "--write-out=json",
            *args,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), _COMMAND_SECONDS)
        except TimeoutError:
            return 1, "", f"Error: no answer within {_COMMAND_SECONDS:.0f} s (timed out)"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, out.decode(), err.decode()


def _text(value: str | None) -> str:
    return base64.b64decode(value or "").decode()


def _last_error(err: str) -> str:
    lines = [line for line in err.strip().splitlines() if line.startswith("Error: ")]
    return (lines[-1] if lines else err.strip()[-200:]).removeprefix("Error: ")
