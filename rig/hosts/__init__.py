"""hosts: the three kinds of host cluster that the rig can bring up: native, kind, adopted.

Not here: which one is taken (choose.py), what a host must have for tenants (core/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rig.progress import Progress


@dataclass(frozen=True)
class Part:
    """One line of a host's status."""

    name: str
    healthy: bool
    detail: str
    """What is wrong, or nothing."""
    pid: int | None = None
    age_seconds: float | None = None
    log: Path | None = None


class Host(Protocol):
    """A host cluster, whatever it is made of."""

    kind: str
    name: str

    @property
    def kubeconfig(self) -> Path:
        """Where its administrator's kubeconfig is, once it is up."""

    def up(self, report: Progress, kubernetes: Sequence[str] = ()) -> None:
        """Bring it up; on one that runs, do only what is missing.

        Args:
            report: Where progress is shown.
            kubernetes: Versions that tenants have beside the default one, for a host that can't
                pull the official images.
        """

    def down(self, report: Progress) -> None:
        """Take it away with all that it made; on none, do nothing."""

    def status(self) -> list[Part]:
        """Return what it is made of; nothing if it isn't there."""
