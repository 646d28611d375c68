"""oci: writes an image as an OCI archive, which `ctr images import` takes as it is.

The same archive is one of `docker save`, for tools that know no other (Crossplane's).
Not here: the layers (layers.py), which images there are (catalog.py).
"""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import InvalidInputError
from rig.images.layers import Layer

_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_BLOBS = "blobs/sha256"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_EPOCH = "1970-01-01T00:00:00Z"

NONROOT = 65532
"""Uid and gid of every image, by the custom of distroless images."""

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Config:
    """How a container of the image starts, unless its pod says otherwise."""

    entrypoint: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside PATH."""
    working_dir: str = "/"
    user: str = f"{NONROOT}:{NONROOT}"


def architecture() -> str:
    """Return this machine's architecture in the words of OCI and Go."""
    machine = platform.machine()
    if machine not in _ARCHITECTURES:
        raise InvalidInputError(
            "machine", "has an architecture that no image is made for", machine,
            "use one with amd64 or arm64",
        )  # fmt: skip
    return _ARCHITECTURES[machine]


def write_archive(
    path: Path, references: Sequence[str], layers: Sequence[Layer], config: Config
) -> None:
    """Write one image under one or more names, the lowest layer first."""
    configuration = _json(_image_config(config, layers))
    described = [_descriptor(_LAYER, layer.digest, layer.size) for layer in layers]
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, _sha256(configuration), len(configuration)),
            "layers": described,
        }
    )
    index = {
        "schemaVersion": 2,
        "mediaType": _INDEX,
        "manifests": [_named(reference, manifest) for reference in sorted(references)],
    }
    saved = {
        "Config": f"{_BLOBS}/{_sha256(configuration)}",
        "Layers": [f"{_BLOBS}/{layer.digest}" for layer in layers],
        "RepoTags": sorted(references),
    }
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        _add(tar, "oci-layout", _json({"imageLayoutVersion": "1.0.0"}))
        _add(tar, "index.json", _json(index))
        _add(tar, "manifest.json", _json([saved]))
        _add(tar, f"{_BLOBS}/{_sha256(manifest)}", manifest)
        _add(tar, f"{_BLOBS}/{_sha256(configuration)}", configuration)
        for layer in {layer.digest: layer for layer in layers}.values():
            entry = tarfile.TarInfo(f"{_BLOBS}/{layer.digest}")
            entry.size = layer.size
            with layer.path.open("rb") as content:
                tar.addfile(entry, content)


def _image_config(config: Config, layers: Sequence[Layer]) -> dict[str, Any]:
    environment = {"PATH": PATH, **config.environment}
    return {
        "architecture": architecture(),
        "os": "linux",
        "created": _EPOCH,
        "config": {
            "User": config.user,
            "Env": [f"{name}={value}" for name, value in sorted(environment.items())],
            "Entrypoint": list(config.entrypoint),
            "WorkingDir": config.working_dir,
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer.digest}" for layer in layers]},
        "history": [{"created": _EPOCH, "created_by": "tenantplane rig"} for _ in layers],
    }


def _named(reference: str, manifest: bytes) -> dict[str, Any]:
    """Return the index's entry that gives the image a name.

    containerd goes by `io.containerd.image.name`; the standard's annotation is for other tools.
    """
    tag = reference.rpartition(":")[2]
    return {
        **_descriptor(_MANIFEST, _sha256(manifest), len(manifest)),
        "platform": {"architecture": architecture(), "os": "linux"},
        "annotations": {
            "io.containerd.image.name": reference,
            "org.opencontainers.image.ref.name": tag,
        },
    }


def _descriptor(media_type: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": size}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
