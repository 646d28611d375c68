"""Serves who issues the tokens of the host's pods, and with which keys, to tenants' API servers.

They check the tokens of their operators with it, and have no way to the host's own API server.
Not here: what they make of a token (core/manifests/host_accounts.py).
"""

import asyncio
import logging
import math
import ssl
import time
from pathlib import Path

from aiohttp import web

from agent.kube import Client, Json
from core.errors import TenantplaneError
from core.manifests import host_accounts

logger = logging.getLogger("agent")

_FRESH_SECONDS = 10.0
"""An API server asks again for each token with a key that it doesn't know: anybody can make it."""
_PATIENCE_SECONDS = 1.0
"""A host that doesn't answer takes seconds to say so, and the next in the queue waits for that."""


class DiscoveryServer:
    """The host issuer's documents, asked of the host when somebody asks for them."""

    def __init__(self, client: Client, files: Path, port: int) -> None:
        """Open nothing yet.

        Args:
            client: Of the host.
            files: Folder with tls.crt and tls.key.
            port: Where it listens.
        """
        self._client = client
        self._files = files
        self._port = port
        self._asking = asyncio.Lock()
        self._known: dict[str, Json] = {}
        self._due = -math.inf
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self._files / "tls.crt", self._files / "tls.key")
        app = web.Application()
        for path in host_accounts.DISCOVERY_PATHS:
            app.router.add_get(path, self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "0.0.0.0", self._port, ssl_context=context)  # noqa: S104 -- in a pod
        await site.start()

    async def stop(self) -> None:
        """Close every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        async with self._asking:
            if time.monotonic() >= self._due:
                await self._ask()
        known = self._known.get(request.path)
        if known is None:
            return web.Response(status=503, text="the host's API server has not said it yet")
        if "jwks_uri" in known:  # where the host has them, nobody gets to
            known = {**known, "jwks_uri": f"https://{request.host}{host_accounts.KEYS}"}
        return web.json_response(known)

    async def _ask(self) -> None:
        """Read the documents; while the host doesn't answer, those of before are still right."""
        try:
            discovery = await self._client.get(host_accounts.DISCOVERY)
            keys = await self._client.get(host_accounts.KEYS)
        except TenantplaneError as error:
            logger.warning("issuer of the host: %s", error)
            self._due = time.monotonic() + _PATIENCE_SECONDS
            return
        self._known = {host_accounts.DISCOVERY: discovery, host_accounts.KEYS: keys}
        self._due = time.monotonic() + _FRESH_SECONDS
