"""packages: which provider plugins the installed SDKs want, and which have an offline stand-in.

Not here: the stand-ins (tls/, random/, kubernetes/), putting them in place (rig/pulumi.py).
"""

import json
import sys
from pathlib import Path

OFFERED = ("kubernetes", "random", "tls")
"""Provider plugins that have an offline stand-in."""


def required() -> dict[str, str]:
    """Return the version of each plugin of OFFERED that an installed SDK names."""
    found: dict[str, str] = {}
    for folder in sys.path:
        for file in Path(folder).glob("*/pulumi-plugin.json"):
            plugin = json.loads(file.read_text())
            if plugin.get("resource") and plugin["name"] in OFFERED:
                found.setdefault(plugin["name"], plugin["version"])
    return dict(sorted(found.items()))
