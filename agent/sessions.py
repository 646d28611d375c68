"""Connections to tenants that objects hold: each as long as its address and credentials stay.

Not here: the Secret's reading (tenant_secret.py), what is done inside (handlers/).
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Generic, Protocol, TypeVar

from agent import tenant_secret
from agent.kube import Client, Json


class Session(Protocol):
    """What holds connections to a tenant."""

    async def close(self) -> None:
        """Close every connection."""


S = TypeVar("S", bound=Session)


class Sessions(Generic[S]):
    """The sessions of all objects of a kind, by the object's uid."""

    def __init__(self, host: Client) -> None:
        """Open nothing yet; `host` has the Secrets with the credentials."""
        self._host = host
        self._held: dict[str, tuple[str, S]] = {}

    async def of(self, body: Json, connect: Callable[[Mapping[str, bytes]], S]) -> S:
        """Return an object's session; a new one if the address or the credentials changed.

        Args:
            body: The object.
            connect: Opens a session with the files of the Secret.

        Raises:
            agent.outcome.NotReadyError: The Secret isn't there, or is not what it should be.
            agent.kube.ApiError: The host refused it for another reason.
        """
        uid, spec = body["metadata"]["uid"], body["spec"]
        files = await tenant_secret.read(self._host, body)
        address = f"{spec['server']} {spec.get('tlsServerName')}".encode()
        made_from = hashlib.sha256(b"\0".join([address, *files.values()])).hexdigest()
        held = self._held.get(uid)
        if held is not None and held[0] == made_from:
            return held[1]
        await self.forget(uid)
        session = connect(files)
        self._held[uid] = made_from, session
        return session

    async def forget(self, uid: str) -> None:
        """Close the session of an object, if it has one."""
        held = self._held.pop(uid, None)
        if held is not None:
            await held[1].close()
