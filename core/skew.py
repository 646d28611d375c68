"""skew: which change of a tenant's Kubernetes version is safe.

The containers of a tenant come from one version, so the only skew there can be is in time: between
what wrote the store last and what reads it next (https://kubernetes.io/releases/version-skew-policy/:
API servers go up one minor at a time; a storage version that is dropped can't be read by skipping).
Not here: which versions there are (versions.py).
"""

from core import versions
from core.errors import InvalidInputError


def check_change(tenant: str, running: str, wanted: str) -> None:
    """Check that a tenant may go from one version to another.

    Raises:
        InvalidInputError: it would go down a minor, or up more than one.
    """
    (major, old), (new_major, new) = versions.minor(running), versions.minor(wanted)
    if (major, old) == (new_major, new) or (major, old + 1) == (new_major, new):
        return
    if (new_major, new) < (major, old):
        raise InvalidInputError(
            f"tenant {tenant}",
            f"version can't go down from {running}: the older API server may not read its objects",
            wanted,
            f"use {running} or newer",
        )
    step = versions.KUBERNETES.get(f"{major}.{old + 1}", f"{major}.{old + 1}")
    raise InvalidInputError(
        f"tenant {tenant}",
        f"version can't go up from {running} by more than one minor",
        wanted,
        f"set it to {step} and run `pulumi up` first",
    )


def version_of(image: str) -> str | None:
    """Return the version in an image's tag, None if it has none (a digest, a tag of one's own)."""
    tag = image.partition("@")[0].rpartition(":")[2].removeprefix("v")
    return tag if versions.parse(tag) else None
