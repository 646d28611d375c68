"""`python3 -m agent`: the operator, from its environment to its end.

Owns: settings, logging, liveness, metrics, and the few things that kopf is told.
Not here: what is done for an object (handlers/), when (loops.py).
"""

import asyncio
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import kopf
import prometheus_client

from agent import credentials, stores
from agent.discovery_server import DiscoveryServer
from agent.handlers.etcd_tenant import EtcdTenants
from agent.handlers.reencryption import Reencryptions
from agent.handlers.removal_hooks import RemovalHooks
from agent.handlers.runtime_mirror import RuntimeMirrors
from agent.handlers.sql_tenant import SqlTenants
from agent.handlers.tenant_manifests import TenantManifests
from agent.handlers.tenant_token import TenantTokens
from agent.kube import ApiError, Client, Json, UnreachableError
from agent.loops import Loops
from core import names
from core.manifests import agent as manifests
from core.manifests import crds, host_accounts

logger = logging.getLogger("agent")


@dataclass(frozen=True)
class Environment:
    """What the agent's environment says; every variable has a default that fits its image."""

    stores: Path
    tls: Path
    discovery_port: int
    liveness_port: int
    metrics_port: int
    resync_seconds: float
    host_patience_seconds: float
    log_level: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Environment":
        """Return the settings."""
        return cls(
            stores=Path(variables.get("AGENT_STORES", str(stores.DEFAULT_FOLDER))),
            tls=Path(variables.get("AGENT_TLS", manifests.TLS_DIR)),
            discovery_port=int(
                variables.get("AGENT_DISCOVERY_PORT", str(host_accounts.DISCOVERY_PORT))
            ),
            liveness_port=int(variables.get("AGENT_LIVENESS_PORT", "8080")),
            metrics_port=int(variables.get("AGENT_METRICS_PORT", "9090")),
            resync_seconds=float(variables.get("AGENT_RESYNC_SECONDS", "300")),
            host_patience_seconds=float(variables.get("AGENT_HOST_PATIENCE_SECONDS", "30")),
            log_level=variables.get("AGENT_LOG_LEVEL", "INFO"),
        )


class Agent:
    """The operator: a few kinds, one loop per object."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._client: Client | None = None
        self._loops: dict[str, Loops] = {}
        self._starting: asyncio.Task[None] | None = None
        self._discovery: DiscoveryServer | None = None

    def registry(self) -> kopf.OperatorRegistry:
        """Return what kopf calls, and when."""
        registry = kopf.OperatorRegistry()
        kopf.on.startup(registry=registry)(self._start)
        kopf.on.login(registry=registry)(_login)
        kopf.on.cleanup(registry=registry)(self._stop)
        for plural in crds.PLURALS:
            on_event = kopf.on.event(
                names.API_GROUP, crds.VERSION, plural, id=plural, registry=registry
            )
            on_event(self._observe)
        return registry

    async def _start(self, settings: kopf.OperatorSettings, **_: object) -> None:
        _tune(settings)
        client = credentials.host_client(settings)
        self._client = client
        await _wait_for_kinds(client, self._environment.host_patience_seconds)
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        prometheus_client.start_http_server(self._environment.metrics_port)
        if self._environment.tls.is_dir():
            port = self._environment.discovery_port
            self._discovery = DiscoveryServer(client, self._environment.tls, port)
            await self._discovery.start()
        known = stores.Stores(self._environment.stores)
        etcd_tenants = EtcdTenants(client, known)
        self._loops = {
            kind.plural: Loops(kind, client, resync_seconds=self._environment.resync_seconds)
            for kind in (
                etcd_tenants,
                SqlTenants(client, known),
                TenantManifests(client),
                Reencryptions(client),
                RuntimeMirrors(client),
                RemovalHooks(client),
                TenantTokens(client),
            )
        }
        self._starting = asyncio.create_task(etcd_tenants.start_stores())

    async def _observe(self, event: kopf.RawEvent, resource: kopf.Resource, **_: object) -> None:
        body: Json = {**event["object"]}
        body["metadata"] = {k: v for k, v in body["metadata"].items() if k != "managedFields"}
        loops = self._loops[resource.plural]
        if event["type"] == "DELETED":
            loops.forget(body["metadata"]["uid"])
        else:
            loops.observe(body, listed=event["type"] is None)

    async def _stop(self, **_: object) -> None:
        if self._starting is not None:
            self._starting.cancel()
        if self._discovery is not None:
            await self._discovery.stop()
        for loops in self._loops.values():
            await loops.stop()
        if self._client is not None:
            await self._client.close()


def _login(settings: kopf.OperatorSettings, **_: object) -> kopf.ConnectionInfo:
    return credentials.login(settings)


def _tune(settings: kopf.OperatorSettings) -> None:
    """A few kinds, known from the start: nothing to scan for, nobody to elect, no state to keep."""
    settings.scanning.disabled = True
    settings.peering.standalone = True
    settings.posting.loggers = False
    settings.posting.reporting_component = "tenantplane-agent"
    settings.posting.event_name_prefix = "tenantplane-agent-"
    settings.queueing.idle_timeout = 1.0
    settings.queueing.exit_timeout = 0.5
    settings.networking.request_timeout = 15.0
    settings.networking.connect_timeout = 5.0
    settings.process.ultimate_exiting_timeout = 10.0


async def _wait_for_kinds(client: Client, patience_seconds: float) -> None:
    """Without its kinds kopf would wait for ever, in silence; and a second on the first refusal."""
    deadline = asyncio.get_running_loop().time() + patience_seconds
    while True:
        try:
            for plural in crds.PLURALS:
                await client.get(f"/apis/{names.API_VERSION}/{plural}?limit=1")
        except (ApiError, UnreachableError) as error:
            if asyncio.get_running_loop().time() > deadline:
                raise kopf.PermanentError(
                    f"host: {error}; create the CRDs and the rights of the agent, then start it"
                ) from error
            await asyncio.sleep(0.1)
        else:
            return


def main() -> None:
    """Run until a signal ends it."""
    environment = Environment.read(os.environ)
    logging.basicConfig(
        level=environment.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    for noisy in ("kopf", "aiohttp", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    agent = Agent(environment)
    kopf.run(
        registry=agent.registry(),
        clusterwide=True,
        standalone=True,
        liveness_endpoint=f"http://0.0.0.0:{environment.liveness_port}/healthz",
    )


if __name__ == "__main__":
    main()
