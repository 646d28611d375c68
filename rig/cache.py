"""cache: the folder outside the checkout where the rig keeps what is expensive to make.

Owns where it is, and the one rule by which things get into it: an entry is made once, under a lock,
in a folder of its own, and appears under its final name only when it is complete.
Not here: what the entries are made of (build.py, pypi.py, images/).
"""

import hashlib
import os
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from rig import files

_KEY_LENGTH = 12
_KEPT_VERSIONS = 3


def root() -> Path:
    """Return the cache's folder: $TENANTPLANE_CACHE, else the user's cache folder."""
    chosen = os.environ.get("TENANTPLANE_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "tenantplane"


def is_custom() -> bool:
    """Say whether the user put the cache somewhere of their own choice."""
    return bool(os.environ.get("TENANTPLANE_CACHE"))


def key(*parts: str | bytes) -> str:
    """Return a short name for exactly these parts, in this order."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))  # ("ab", "c") is not ("a", "bc")
        digest.update(data)
    return digest.hexdigest()[:_KEY_LENGTH]


def entry(
    group: str,
    name: str,
    entry_key: str,
    make: Callable[[Path], None],
    *,
    waiting: Callable[[], None] = lambda: None,
) -> Path:
    """Return the folder `<group>/<name>-<key>`, filled by `make` if it isn't there yet.

    Two processes never make the same entry: the second waits, and finds it there. A `make` that
    fails or is killed leaves no entry behind.

    Args:
        group: Folder of entries of one sort: `builds`, `pypi`, `images`.
        name: What it is.
        entry_key: From `key`, over everything that `make` depends on.
        make: Fills the empty folder that it is given.
        waiting: Called once if another process is making this entry now.
    """
    folder = root() / group
    final = folder / f"{name}-{entry_key}"
    if _touch(final):
        return final
    with locked(f"{group}-{final.name}", waiting=waiting):
        if _touch(final):
            return final
        partial = folder / f".{final.name}.partial"
        shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed
        partial.mkdir(parents=True)
        try:
            make(partial)
            partial.rename(final)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        _forget_older(folder, name)
    return final


def locked(
    name: str, *, waiting: Callable[[], None] = lambda: None
) -> AbstractContextManager[None]:
    """Return a lock that excludes every other process and thread on this cache."""
    return files.locked(root() / "locks" / name, waiting=waiting)


def _touch(path: Path) -> bool:
    """Mark an entry as used now; say whether it is there."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    except PermissionError:  # made by another user (make up as root); reading it is enough
        return True
    return True


def _forget_older(folder: Path, name: str) -> None:
    """Keep the entries of this name that were used last; an edit makes a new one each time."""
    pattern = re.compile(rf"{re.escape(name)}-[0-9a-f]{{{_KEY_LENGTH}}}")
    entries = [path for path in folder.iterdir() if pattern.fullmatch(path.name)]
    entries.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for old in entries[_KEPT_VERSIONS:]:
        shutil.rmtree(old, ignore_errors=True)
