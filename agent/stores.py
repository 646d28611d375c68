"""The etcd pools that the agent can reach: folders with an endpoint and a root certificate.

Not here: what is done in a store (etcd.py), which Secrets are mounted (core/manifests/agent.py).
"""

from dataclasses import dataclass
from pathlib import Path

from core.errors import TenantplaneError

DEFAULT_FOLDER = Path("/etc/tenantplane/stores")
_FILES = ("endpoint", "ca.crt", "tls.crt", "tls.key")


class UnknownStoreError(TenantplaneError):
    """An object names a store that the agent does not have."""


@dataclass(frozen=True)
class Store:
    """One etcd pool; its files are read for each command, so a renewed certificate just works."""

    pool: str
    folder: Path

    @property
    def endpoints(self) -> str:
        """Return the URLs of the members, or of an address before them, separated by commas."""
        return (self.folder / "endpoint").read_text().strip()


class Stores:
    """All pools under one folder, looked up anew each time: a pool may be mounted later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pools(self) -> list[str]:
        """Names of the pools that have all their files."""
        if not self._folder.is_dir():
            return []
        return sorted(
            entry.name
            for entry in self._folder.iterdir()
            if all((entry / file).is_file() for file in _FILES)
        )

    def get(self, pool: str) -> Store:
        """Return a pool.

        Raises:
            UnknownStoreError: There is none of this name.
        """
        pools = self.pools()
        if pool not in pools:
            known = ", ".join(pools) or "none"
            raise UnknownStoreError(
                f"store {pool}: the agent has no such store, it has {known}; "
                "add the pool to the agent's stores, or name one that it has"
            )
        return Store(pool, self._folder / pool)
