"""images: where the images of an operator come from.

Not here: the images of the platform itself (core/versions.py).
"""

from collections.abc import Sequence

DOCKER_HUB = "docker.io"

DEFAULT_REGISTRIES = (
    "docker.io",
    "ghcr.io",
    "public.ecr.aws",
    "quay.io",
    "registry.k8s.io",
    "xpkg.crossplane.io",
    "xpkg.upbound.io",
)
"""Where the projects of the CNCF publish their operators."""


def full(image: str) -> str:
    """Return a reference with its registry, as a container runtime completes it.

    `nginx` is `docker.io/library/nginx`; what stands before the first slash is a registry if it has
    a dot or a port, or is localhost (github.com/distribution/reference, normalize.go).
    """
    first, slash, rest = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        if first == "index.docker.io":
            return full(f"{DOCKER_HUB}/{rest}")
        missing = first == DOCKER_HUB and "/" not in rest
        return f"{first}/library/{rest}" if missing else image
    return f"{DOCKER_HUB}/{image}" if slash else f"{DOCKER_HUB}/library/{image}"


def moved(image: str, registry: str | None) -> str:
    """Return a full reference, with another registry in the place of its own if there is one."""
    whole = full(image)
    if registry is None or allowed(image, [registry]):
        return whole
    return f"{registry.rstrip('/')}/{whole.partition('/')[2]}"


def allowed(image: str, registries: Sequence[str]) -> bool:
    """Whether a full reference is in one of these registries, or below one of their paths."""
    return any(image.startswith(f"{one.rstrip('/')}/") for one in registries)
