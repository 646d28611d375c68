"""A server on loopback whose answers a test gives, asked by the agent's own client."""

import asyncio
import ssl

from aiohttp import web

from agent.kube import Client
from tests.support.loop import run


def asked(handler, ask):
    """What `ask` comes to with a client of a server on loopback."""

    async def both():
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        client = Client(f"http://127.0.0.1:{port}", ssl.create_default_context())
        try:
            return await asyncio.wait_for(ask(client), 10)
        finally:
            await client.close()
            await runner.cleanup()

    return run(both())
