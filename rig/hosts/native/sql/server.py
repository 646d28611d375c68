"""server: what the SQL servers of a host have in common: folders, user, password, certificate.

Not here: what is in their configurations (postgresql.py, mariadb.py), how files become theirs
(private.py).
"""

import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import HostError
from rig import files
from rig.hosts.native import private
from rig.hosts.native.layout import Layout

MAX_CONNECTIONS = 200
"""Twenty-five pods of tenants with the 8 connections that each one's kine opens at most."""

_PASSWORD_BYTES = 24


@dataclass(frozen=True)
class Server:
    """One SQL server."""

    name: str
    port: int
    administrator: str
    """Makes and removes databases and users; no superuser, and no tenant's."""
    user: Callable[[], tuple[int, int]]
    """The unprivileged user and group that it runs as."""

    def data(self, layout: Layout) -> Path:
        """Return the folder of its databases."""
        return layout.data / "sql" / self.name

    def run(self, layout: Layout) -> Path:
        """Return the folder of its configuration and its socket."""
        return private.folder(layout, self.name)

    def password_file(self, layout: Layout) -> Path:
        """Return the file with the administrator's password, for root alone."""
        return layout.root / "sql" / f"{self.name}.password"

    def password(self, layout: Layout) -> str:
        """Return the administrator's password, made now if there is none."""
        file = self.password_file(layout)
        if not file.exists():
            files.write(file, secrets.token_urlsafe(_PASSWORD_BYTES))
        return file.read_text()

    def write(self, layout: Layout, files: Mapping[str, str]) -> None:
        """Write its files, certificate and key among them, for its user alone."""
        private.write(layout, self.name, files, self.user(), self.data(layout))

    def initialise(self, layout: Layout, make: Callable[[Path], None]) -> None:
        """Make its databases, all or nothing, unless they are there.

        Args:
            layout: Of the host.
            make: Fills the empty folder that it is given.
        """
        folder = self.data(layout)
        if folder.exists():
            return
        partial = folder.with_name(f"{self.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)  # of an `up` that was killed
        partial.mkdir(parents=True, mode=0o700)
        os.chown(partial, *self.user())
        make(partial)
        partial.rename(folder)

    def call(self, layout: Layout, argv: Sequence[str], given: str = "") -> None:
        """Run one of its programs as its user.

        Raises:
            HostError: it failed; the message has its last words.
        """
        user, group = self.user()
        done = subprocess.run(
            argv,
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            user=user,
            group=group,
            extra_groups=[],
            cwd="/",
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
        )
        if done.returncode != 0:
            said = "\n".join(f"    {line}" for line in done.stdout.strip().splitlines()[-8:])
            raise HostError(
                f"host {layout.name}: {self.name}: {argv[0]} failed, got exit code "
                f"{done.returncode}; run `up` again, or see to what it says:\n{said}"
            )
