"""private: the files of a process that runs as a user of its own, for that user alone.

Not here: which processes those are (sql/, registry.py).
"""

import os
from collections.abc import Mapping
from pathlib import Path

from rig import files
from rig.hosts.native.layout import Layout


def folder(layout: Layout, name: str) -> Path:
    """Return the folder of a process's files, certificate and key among them."""
    return layout.run / name


def write(
    layout: Layout, name: str, texts: Mapping[str, str], user: tuple[int, int], data: Path
) -> None:
    """Write the files of a process, and let its user get to them and to its data.

    Args:
        layout: Of the host.
        name: Of the process, and of its certificate (pki.py).
        texts: What is written beside the certificate and the key.
        user: User and group that it runs as.
        data: Folder of its data; it is not made here.
    """
    place = folder(layout, name)
    for one in (place, data.parent):
        one.mkdir(parents=True, exist_ok=True)
    pair = {f"server.{end}": layout.pki / f"{name}.{end}" for end in ("crt", "key")}
    for file, text in {**texts, **{to: path.read_text() for to, path in pair.items()}}.items():
        files.write(place / file, text)
        os.chown(place / file, *user)
    os.chown(place, *user)
    for parent in (*place.parents, *data.parents):  # whatever the umask was
        if parent.is_relative_to(layout.base):
            parent.chmod(parent.stat().st_mode | 0o111)
