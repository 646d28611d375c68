"""config: a stack's config as Pulumi keeps it, texts by full key, made into plain values.

Not here: where it is read (stacks/config.py, automation/config.py), what may stand in it
(settings.py), which keys there are (Pulumi.yaml).
"""

import json
from collections.abc import Mapping
from typing import Any

PROJECT = "tenantplane"


def plain_values(texts: Mapping[str, str]) -> dict[str, Any]:
    """Return every key of the project that is set, without the project in front.

    An empty value is one that Pulumi.yaml has as a default, and means: not set.
    """
    prefix = f"{PROJECT}:"
    values = {
        key.removeprefix(prefix): _plain(text)
        for key, text in texts.items()
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
