"""config: the stack's config as plain values.

Not here: what they are made from (core/config.py), what may stand in it (core/settings.py).
"""

from typing import Any

from pulumi.runtime import config as pulumi_config

from core.config import plain_values


def read() -> dict[str, Any]:
    """Return every key of the project that is set, without the project in front."""
    return plain_values({**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()})
