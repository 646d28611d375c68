"""config: the stack's config as plain values.

Not here: what may stand in it (core/settings.py), which keys there are (Pulumi.yaml).
"""

import json
from typing import Any

from pulumi.runtime import config as pulumi_config

PROJECT = "tenantplane"


def read() -> dict[str, Any]:
    """Return every key of the project that is set, without the project in front.

    An empty value is one that Pulumi.yaml has as a default, and means: not set.
    """
    prefix = f"{PROJECT}:"
    given = {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
    values = {
        key.removeprefix(prefix): _plain(text)
        for key, text in given.items()
        if key.startswith(prefix)
    }
    return {key: value for key, value in values.items() if value not in ("", {}, [])}


def _plain(text: str) -> Any:  # noqa: ANN401 - what YAML holds
    """Return a mapping or a list for JSON of one; anything else is a text already."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text
