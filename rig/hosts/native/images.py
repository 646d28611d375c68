"""images: brings OCI archives into the host's containerd, those alone that it doesn't have yet.

Pods that still run what had the same name before are replaced.

Not here: how the archives are made (rig/images).
"""

import json
import subprocess
import tarfile
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from core import versions
from core.errors import HostError
from rig.hosts.native.api import Api
from rig.hosts.native.layout import Layout

_NAME = "io.containerd.image.name"
_TAG = "org.opencontainers.image.ref.name"
_PARALLEL = 2


def in_order(archives: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the archives that the host's own pods need, and the others."""
    own = {versions.image("pause"), versions.image("coredns")}
    first = [archive for archive in archives if own & contents(archive).keys()]
    return first, [archive for archive in archives if archive not in first]


def import_changed(layout: Layout, archives: Sequence[Path]) -> list[str]:
    """Import the archives whose images containerd lacks or has differently; return their names."""
    present = _present(layout)
    changed = [one for one in archives if not contents(one).items() <= present.items()]
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        list(pool.map(lambda one: _import(layout, one), changed))
    return [name for archive in changed for name in contents(archive)]


def pods_of_older(client: Api, imported: Collection[str], began: float) -> list[str]:
    """Delete the pods that run an older image of the same name; their controllers replace them.

    Args:
        client: The host's API.
        imported: Names of the images that were imported now.
        began: Pods that started since then have the new ones; seconds since the epoch.
    """
    replaced = []
    for pod in (client.get("/api/v1/pods") or {})["items"] if imported else []:
        containers = [*pod["spec"]["containers"], *pod["spec"].get("initContainers", [])]
        if not {container["image"] for container in containers} & set(imported):
            continue
        meta = pod["metadata"]
        created = datetime.fromisoformat(meta["creationTimestamp"]).timestamp()
        if created < began:
            client.delete(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}")
            replaced.append(f"{meta['namespace']}/{meta['name']}")
    return replaced


def contents(archive: Path) -> dict[str, str]:
    """Return the images of an OCI archive: the digest of each name.

    Raises:
        HostError: it is no OCI archive, or its images have no names.
    """
    try:
        with tarfile.open(archive) as tar:
            file = tar.extractfile("index.json")
            index = json.loads(file.read()) if file else {}
        images = {}
        for manifest in index["manifests"]:
            annotations = manifest["annotations"]
            images[annotations.get(_NAME) or annotations[_TAG]] = manifest["digest"]
    except (KeyError, ValueError, tarfile.TarError) as error:
        raise HostError(
            f"image archive {archive}: is not an OCI archive with named images, got {error!r}; "
            "delete it and run `python -m rig images` again"
        ) from error
    return images


def _present(layout: Layout) -> dict[str, str]:
    """Return the images in containerd: the digest of each name."""
    lines = _ctr(layout, "list").splitlines()[1:]
    rows = [line.split() for line in lines if line]  # REF TYPE DIGEST ...
    return {row[0]: row[2] for row in rows}


def _import(layout: Layout, archive: Path) -> None:
    _ctr(layout, "import", str(archive))


def _ctr(layout: Layout, *arguments: str) -> str:
    command = ["ctr", "--address", str(layout.containerd_socket), "--namespace", "k8s.io", "images"]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise HostError(
            f"host {layout.name}: containerd can't {arguments[0]} images, got "
            f"{done.stderr.strip()!r}; see {layout.log('containerd')}"
        )
    return done.stdout
