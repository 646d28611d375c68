"""host_contract: what a host stack exports for the stacks of its tenants, and how they read it.

The whole of it is secret: it opens the host and signs store certificates.
Not here: exporting it (stacks/host.py), reading it by StackReference (stacks/exported.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core import schema
from core.errors import InvalidInputError
from core.generations import Generations
from core.schema import setting

OUTPUT = "hostContract"
"""Name of the stack output."""

VERSION = 4
"""Raised when tenants need more of their host than a program of the version before declared."""


@dataclass(frozen=True, kw_only=True)
class GatewayContract:
    """Where the host's tenants answer."""

    address: str = setting()
    port: int = setting(minimum=1, maximum=65535)
    name: str = setting()
    """Of the Gateway that routes attach to."""
    namespace: str = setting()
    public_dns: bool = setting()
    """`*.<domain>` leads to the address."""


@dataclass(frozen=True, kw_only=True)
class StoreContract:
    """An etcd pool of the host."""

    client_url: str = setting()
    ca_pem: str = setting(secret=True)
    """Authorities, the one that signs first."""
    ca_key_pem: str = setting(secret=True)
    """Signs the tenants' client certificates."""
    keys: tuple[int, ...] = setting()
    """Generations of the authorities."""


@dataclass(frozen=True, kw_only=True)
class SqlContract:
    """An SQL server of the host; its administrator is the host agent's alone."""

    engine: str = setting()
    address: str = setting()
    port: int = setting(minimum=1, maximum=65535)
    ca_pem: str = setting()
    network: str | None = setting(default=None)
    """Where pods reach it, in CIDR notation, if not at its address."""


@dataclass(frozen=True, kw_only=True)
class HostContract:
    """All that tenants need to know of their host."""

    version: int = setting()
    name: str = setting()
    domain: str = setting()
    kubeconfig: str = setting(secret=True)
    agent_namespace: str = setting()
    agent_ca_pem: str = setting()
    """Authority of the host agent, at which tenants find whose tokens the host's pods have."""
    operator_runtime_class: str | None = setting(default=None)
    """RuntimeClass of operators that choose none; None: as any other pod."""
    gateway: GatewayContract = setting()
    stores: Mapping[str, StoreContract] = setting()
    """The etcd pools."""
    sql: Mapping[str, SqlContract] = setting()


def document(
    *,
    name: str,
    domain: str,
    kubeconfig: object,
    agent_namespace: object,
    agent_ca_pem: object,
    operator_runtime_class: str | None,
    gateway: Mapping[str, object],
    stores: Mapping[str, Mapping[str, object]],
    sql: Mapping[str, Mapping[str, object]],
) -> dict[str, Any]:
    """Return the contract as it is exported; values may be Outputs.

    Args:
        name: The host's.
        domain: The installation's.
        kubeconfig: Of the platform team.
        agent_namespace: The host agent's.
        agent_ca_pem: Its authority.
        operator_runtime_class: RuntimeClass of operators that choose none.
        gateway: The fields of GatewayContract by name.
        stores: The fields of StoreContract by name, by pool.
        sql: The fields of SqlContract by name, by server.
    """
    found = {
        "version": VERSION,
        "name": name,
        "domain": domain,
        "kubeconfig": kubeconfig,
        "agentNamespace": agent_namespace,
        "agentCaPem": agent_ca_pem,
        "gateway": _keys(gateway),
        "stores": {pool: _keys(store) for pool, store in stores.items()},
        "sql": {name: _keys(server) for name, server in sql.items()},
        "operatorRuntimeClass": operator_runtime_class,
    }
    return {key: value for key, value in found.items() if value is not None}


def parse(exported: object, stack: str) -> HostContract:
    """Return the contract that a host stack exports.

    Args:
        exported: Value of its output, None when it has none.
        stack: Its name, for errors.

    Raises:
        InvalidInputError: it is no host stack, not complete, or of another version.
    """
    if exported is None:
        problem = f"stack {stack} exports no {OUTPUT}"
        remedy = "name a stack of kind host or dev, and run `pulumi up` there first"
        raise InvalidInputError("hostStack", problem, remedy=remedy)
    version = exported.get("version") if isinstance(exported, Mapping) else None
    if isinstance(version, float) and version.is_integer():
        version = int(version)  # Pulumi knows one kind of number
    if version != VERSION:
        problem = f"the {OUTPUT} of stack {stack} is not of version {VERSION}"
        remedy = "run `pulumi up` there with the same version of tenantplane as here"
        raise InvalidInputError("hostStack", problem, version, remedy)
    return schema.read(HostContract, exported, f"{OUTPUT} of stack {stack}")


def kubeconfig(exported: object) -> str | None:
    """Return the kubeconfig in a contract of any version; None when it is not complete.

    Args:
        exported: Value of the output, None when there is none.
    """
    found = exported.get("kubeconfig") if isinstance(exported, Mapping) else None
    return found if isinstance(found, str) else None


def pool_keys(exported: object) -> dict[str, Generations]:
    """Return the keys of each etcd pool in a contract of any version; of those that it knows.

    Args:
        exported: Value of the output, None when there is none.
    """
    found = exported.get("stores") if isinstance(exported, Mapping) else None
    keys = {pool: store.get("keys") for pool, store in (found or {}).items()}
    return {pool: tuple(map(int, of_one)) for pool, of_one in keys.items() if of_one}


def _keys(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {schema.camel(name): value for name, value in fields.items() if value is not None}
