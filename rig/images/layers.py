"""layers: a layer of an image: a tar of files, the same bytes for the same content.

Not here: the archive around the layers (oci.py), what is in them (catalog.py, agent.py).
"""

import hashlib
import io
import os
import stat
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

_CHUNK = 1 << 20


@dataclass(frozen=True)
class File:
    """A file, a link or a folder of a layer; parent folders come by themselves."""

    path: str
    """Where it is in the image, absolute."""

    content: bytes | Path = b""
    """What is in it, or the file that has it."""

    link: str = ""
    """What it points to, if it is a symbolic link."""

    mode: int = 0o644
    """Permissions; a folder has its type in it too (stat.S_IFDIR)."""


@dataclass(frozen=True)
class Layer:
    """A layer on disk."""

    path: Path
    digest: str
    """SHA-256 of the tar, in hex; it isn't compressed, so this is its diff id too."""
    size: int
    """Bytes."""


def read(path: Path) -> Layer:
    """Return a layer that was written before."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Layer(path, digest, path.stat().st_size)


def write(path: Path, files: Iterable[File]) -> Layer:
    """Write a layer that has these files, whatever order they come in."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for file in _with_parents(files):
            _add(tar, file)
    return read(path)


def write_tree(path: Path, root: Path, keep: Callable[[str], bool] = lambda _path: True) -> Layer:
    """Write a layer that has what is under a folder, as root's, with no set-uid program.

    Args:
        path: The layer.
        root: The folder that becomes `/`.
        keep: Says by its path in the image whether something is wanted; a folder takes its
            content with it.
    """
    return write(path, _tree(root, "", keep))


def _tree(root: Path, inside: str, keep: Callable[[str], bool]) -> Iterable[File]:
    with os.scandir(root / inside.lstrip("/")) as entries:
        for entry in entries:
            name = f"{inside}/{entry.name}"
            mode = entry.stat(follow_symlinks=False).st_mode
            if not keep(name):
                continue
            if stat.S_ISLNK(mode):
                yield File(name, link=str(Path(entry.path).readlink()))
            elif stat.S_ISDIR(mode):
                yield File(name, mode=mode)
                yield from _tree(root, name, keep)
            elif stat.S_ISREG(mode):  # devices, pipes and sockets have no place in an image
                yield File(name, Path(entry.path), mode=mode)


def _with_parents(files: Iterable[File]) -> list[File]:
    """Return the files sorted, after the folders that they are in."""
    named = {file.path: file for file in files}
    for path in list(named):
        for parent in PurePosixPath(path).parents:
            if str(parent) != "/":
                named.setdefault(str(parent), File(str(parent), mode=stat.S_IFDIR | 0o755))
    return [named[path] for path in sorted(named, key=lambda path: path.split("/"))]


def _add(tar: tarfile.TarFile, file: File) -> None:
    entry = tarfile.TarInfo(file.path.lstrip("/"))  # owned by root, dated 1970
    entry.mode = stat.S_IMODE(file.mode) & ~(stat.S_ISUID | stat.S_ISGID)
    if file.link:
        entry.type, entry.linkname, entry.mode = tarfile.SYMTYPE, file.link, 0o777
        tar.addfile(entry)
    elif stat.S_ISDIR(file.mode):
        entry.type = tarfile.DIRTYPE
        tar.addfile(entry)
    elif isinstance(file.content, Path):
        entry.size = file.content.stat().st_size
        with file.content.open("rb", buffering=_CHUNK) as content:
            tar.addfile(entry, content)
    else:
        entry.size = len(file.content)
        tar.addfile(entry, io.BytesIO(file.content))
