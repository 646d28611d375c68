"""The stores that the agent can reach: folders with an address and who administers it.

Not here: what is done in one (etcd.py, sql.py), which Secrets are mounted
(core/manifests/agent.py).
"""

from dataclasses import dataclass
from pathlib import Path

from core.errors import TenantplaneError

DEFAULT_FOLDER = Path("/etc/tenantplane/stores")
_ETCD_FILES = ("defragmentation-hour", "endpoint", "ca.crt", "tls.crt", "tls.key")
_SQL_FILES = ("address", "ca.crt", "engine", "password", "port", "user")


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

    def defragmentation_hour(self) -> int:
        """Return the hour of the day, UTC, in which it is defragmented."""
        return int((self.folder / "defragmentation-hour").read_text())


@dataclass(frozen=True)
class SqlStore:
    """One SQL server, as its administrator; read anew for each connection."""

    name: str
    folder: Path

    @property
    def engine(self) -> str:
        """Return postgresql or mysql."""
        return self.read("engine")

    @property
    def ca(self) -> Path:
        """Return the file with the authority of its certificate."""
        return self.folder / "ca.crt"

    def read(self, file: str) -> str:
        """Return the content of one of its files."""
        return (self.folder / file).read_text().strip()


class Stores:
    """All stores under one folder, looked up anew each time: one may be mounted later."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def pools(self) -> list[str]:
        """Names of the etcd pools that have all their files."""
        return self._with(_ETCD_FILES)

    def get(self, pool: str) -> Store:
        """Return an etcd pool.

        Raises:
            UnknownStoreError: There is none of this name.
        """
        return Store(pool, self._find(pool, self.pools(), "etcd pool"))

    def get_sql(self, name: str) -> SqlStore:
        """Return an SQL server.

        Raises:
            UnknownStoreError: There is none of this name.
        """
        return SqlStore(name, self._find(name, self._with(_SQL_FILES), "SQL server"))

    def _with(self, files: tuple[str, ...]) -> list[str]:
        if not self._folder.is_dir():
            return []
        return sorted(
            entry.name
            for entry in self._folder.iterdir()
            if all((entry / file).is_file() for file in files)
        )

    def _find(self, name: str, known: list[str], kind: str) -> Path:
        if name not in known:
            raise UnknownStoreError(
                f"store {name}: the agent has no such {kind}, it has {', '.join(known) or 'none'}; "
                "add it to the agent's stores, or name one that it has"
            )
        return self._folder / name
