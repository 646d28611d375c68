"""dev_config: what Pulumi.dev.yaml says that the host must know, read before there is a Pulumi.

Not here: what may stand in it (core/settings.py), which refuses the rest once the stack is run.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from core import versions
from core.config import PROJECT
from core.errors import InvalidInputError
from core.kubeconfig import is_content
from rig import pulumi
from rig.images import catalog

STACK = "dev"
HOST = STACK
"""The local host that stack dev is on: of its name."""

FILE = pulumi.ROOT / f"Pulumi.{STACK}.yaml"


def versions_to_build(file: Path = FILE) -> tuple[str, ...]:
    """Return the versions of the tenants, whose images a host that can't pull must be given.

    Raises:
        InvalidInputError: names each tenant whose version the rig has no recipe for.
    """
    can_build = catalog.kubernetes_recipes()
    wanted = dict(map(_version, _tenants(file)))
    errors = [
        InvalidInputError(
            f"tenant {tenant}", "its version is not one that the native host can build", version,
            f"use one of {', '.join(sorted(can_build))}, or a kind or adopted host",
        )
        for tenant, version in wanted.items()
        if version not in can_build
    ]  # fmt: skip
    if errors:
        raise InvalidInputError.together(errors)
    return tuple(sorted(set(wanted.values())))


def has_operators(file: Path = FILE) -> bool:
    """Return whether a tenant has operators, whose images a host that can't pull must be given."""
    return any(tenant.get("operators") for tenant in _tenants(file))


def context(file: Path = FILE) -> str | None:
    """Return the context of the adopted kubeconfig that the config names, if it names one."""
    named = _adopt(file).get("context")
    return str(named) if named else None


def kubeconfig(file: Path = FILE) -> Path | None:
    """Return the path of the adopted kubeconfig, None where the config has none, or its content."""
    given = str(_adopt(file).get("kubeconfig") or "")
    return file.parent / Path(given).expanduser() if given and not is_content(given) else None


def _adopt(file: Path) -> Mapping[str, Any]:
    return _block(_block(_values(file), "host"), "adopt")


def _tenants(file: Path) -> Iterator[Mapping[str, Any]]:
    """Yield each tenant; what is no tenant is refused by the stack."""
    tenants = _values(file).get("tenants")
    for tenant in tenants if isinstance(tenants, list) else ():
        if isinstance(tenant, dict):
            yield tenant


def _version(tenant: Mapping[str, Any]) -> tuple[str, str]:
    """Return a tenant's name and full version."""
    name, version = tenant.get("name"), tenant.get("version", versions.DEFAULT_KUBERNETES)
    return str(name), versions.check_kubernetes(str(version), f"tenant {name}: version")


def _values(file: Path) -> Mapping[str, Any]:
    document = yaml.safe_load(file.read_text())
    found = _block(document if isinstance(document, dict) else {}, "config")
    return {str(key).removeprefix(f"{PROJECT}:"): value for key, value in found.items()}


def _block(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = values.get(key)
    return found if isinstance(found, dict) else {}
