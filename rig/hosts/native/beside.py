"""beside: the servers that a host has beside its cluster, as far as these were asked for.

Not here: what each one is (sql/, registry.py), when it is started (up.py).
"""

from pathlib import Path

from rig import packages
from rig.hosts.native import registry, sql
from rig.hosts.native.components import Component
from rig.hosts.native.layout import Layout
from rig.hosts.native.state import State
from rig.packages import Package


def components(layout: Layout, known: State) -> dict[str, Component]:
    """Return them as components of a host."""
    made = sql.components(layout) if known.sql else {}
    return made | (registry.components(layout) if known.operators else {})


def needed(known: State) -> list[Package]:
    """Return the Debian packages that they need."""
    return [*(packages.SQL if known.sql else ()), *(packages.REGISTRY if known.operators else ())]


def binaries(known: State) -> dict[str, Path]:
    """Return their programs, by the first word of their command lines."""
    made = sql.binaries() if known.sql else {}
    return made | (registry.binaries() if known.operators else {})


def prepare(layout: Layout, known: State) -> None:
    """Make what they read and write, as far as it is missing."""
    if known.operators:
        registry.prepare(layout)
    if known.sql:
        sql.prepare(layout)
