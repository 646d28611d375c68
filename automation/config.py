"""config: a stack's config file, read and changed through the Pulumi CLI, which keeps its comments.

Not here: what may stand in it (core/settings.py).
"""

import json
from collections.abc import Mapping
from typing import Any

import pulumi.automation as auto

from core import kubeconfig, schema, settings
from core.config import PROJECT, plain_values
from core.errors import InvalidInputError
from core.settings import Settings


def read(stack: auto.Stack) -> Settings:
    """Return what the config of a stack says.

    Raises:
        InvalidInputError: it can't be right.
    """
    texts = {key: item.value for key, item in stack.get_all_config().items()}
    return settings.parse(plain_values(texts))


def check(wanted: Settings) -> None:
    """Refuse settings that can't be right, or can't be written.

    Raises:
        InvalidInputError: names every wrong key by its path.
    """
    settings.parse(schema.plain(wanted))
    adopt = wanted.host.adopt if wanted.host is not None else None
    if adopt is not None and kubeconfig.is_content(adopt.kubeconfig):
        raise InvalidInputError(
            "host.adopt.kubeconfig",
            "is the content of a kubeconfig, which every user of this machine would see when it is "
            "passed to pulumi",
            remedy="give the path of a file",
        )


def write(stack: auto.Stack, wanted: Settings) -> None:
    """Make the config of a stack say these settings and no other; keys of others stay."""
    values = schema.plain(wanted)
    ours = {f"{PROJECT}:{name}" for name in schema.keys(Settings)}
    old = ours.intersection(stack.get_all_config()) - {f"{PROJECT}:{key}" for key in values}
    if old:
        stack.remove_all_config(sorted(old))
    _write(stack, values)


def write_tenants(stack: auto.Stack, wanted: Settings) -> None:
    """Make the config of a stack name the tenants of these settings; nothing else changes."""
    _write(stack, {"tenants": schema.plain(wanted).get("tenants", [])})


def _write(stack: auto.Stack, values: Mapping[str, Any]) -> None:
    written = {f"{PROJECT}:{key}": _as_json(value) for key, value in values.items()}
    stack.set_all_config_json(json.dumps(written))


def _as_json(value: Any) -> dict[str, Any]:  # noqa: ANN401 - what YAML holds
    """Return a value as `pulumi config --json` writes it."""
    if isinstance(value, dict | list):
        return {"value": json.dumps(value), "objectValue": value, "secret": False}
    return {"value": str(value), "secret": False}
