"""versions: which versions tenantplane runs, and the one place where images are named.

Not here: versions of Pulumi and its plugins (requirements.txt), of the local host (rig/toolchain).
"""

import re
from collections.abc import Mapping

from core.errors import InvalidInputError

PROJECT = "0.1.0"
"""Version of tenantplane, and with it of the host agent's image."""

KUBERNETES = {"1.34": "1.34.9", "1.35": "1.35.5", "1.36": "1.36.3", "1.37": "1.37.2"}
"""Minor versions that a tenant may have, each with the patch level that its short form means."""
DEFAULT_KUBERNETES = "1.37.2"

HOST_KUBERNETES_MIN = (1, 31)
"""Older hosts can't validate the Gateway API's CRDs (its 1.5 release notes: CEL needs 1.31)."""
GATEWAY_API_MIN = (1, 5)
"""TLSRoute is v1 in the standard channel since Gateway API 1.5.0 (its changelog)."""

GKE_KUBERNETES_MIN = "1.35"
"""What a GKE host starts with at least: Gateway API 1.5 comes with GKE 1.35.2 (docs/adr/0002).

`1.35` is GKE's name for the highest patch level of 1.35 that it offers (its API's reference,
UpdateMasterRequest.master_version); a full version is refused as soon as it is off the list. Raise
it when a channel has no 1.35 any more.
"""

GATEWAY_API = "1.6.3"
"""What an adopted host without it is told to install."""

DEFAULT_ETCD = "3.7.3"
ETCD_FLOOR_3_6 = (3, 6, 14)
ETCD_FLOOR = (3, 7, 1)
"""Oldest etcd in which one user can't see another's keys; within 3.6 it is ETCD_FLOOR_3_6.

A watch on one key was a watch on every key after it until 3.6.14 and 3.7.1 (etcd CHANGELOG-3.6 and
3.7, 2026-07-23); the holes closed before are CVE-2026-33413 and CVE-2026-33343 (3.6.9).
"""

KINE = "0.17.2"
"""The newest whose writers can't wait for each other until they time out.

0.17.3 to 0.17.5 take a connection for the transaction of an insert and, on PostgreSQL, another one
for the insert itself (Tx.Insert asks the pool): as many writers at once as connections stop all.
"""
TRAEFIK = "3.7.15"
COREDNS = "1.14.7"
PAUSE = "3.10.2"
KUBECTL = "1.37.1"
CROSSPLANE = "2.3.4"

_IMAGES = {
    "kube-apiserver": ("registry.k8s.io", "kube-apiserver", f"v{DEFAULT_KUBERNETES}"),
    "kube-controller-manager": (
        "registry.k8s.io",
        "kube-controller-manager",
        f"v{DEFAULT_KUBERNETES}",
    ),
    "etcd": ("registry.k8s.io", "etcd", f"v{DEFAULT_ETCD}"),
    "kine": ("docker.io", "rancher/kine", f"v{KINE}"),
    "traefik": ("docker.io", "library/traefik", f"v{TRAEFIK}"),
    "coredns": ("registry.k8s.io", "coredns/coredns", f"v{COREDNS}"),
    "pause": ("registry.k8s.io", "pause", PAUSE),
    "kubectl": ("registry.k8s.io", "kubectl", f"v{KUBECTL}"),
    "host-agent": ("ghcr.io", "tenantplane/host-agent", PROJECT),
}
IMAGE_NAMES = tuple(sorted(_IMAGES))

_PACKAGES = {
    "function-pythonic": ("xpkg.crossplane.io", "crossplane-contrib/function-pythonic", "v0.1.4"),
    "provider-kubernetes": (
        "xpkg.crossplane.io",
        "crossplane-contrib/provider-kubernetes",
        "v1.2.1",
    ),
}
_OPERATORS = {
    "crossplane": ("xpkg.crossplane.io", "crossplane/crossplane", f"v{CROSSPLANE}"),
    "prometheus-admission": ("quay.io", "prometheus-operator/admission-webhook", "v0.92.1"),
    **_PACKAGES,
}
CROSSPLANE_PACKAGES = tuple(sorted(_PACKAGES))
OPERATOR_NAMES = tuple(sorted(_OPERATORS))
"""What operators ask for by themselves, and the local host can have: no pod of ours names it."""

KUBERNETES_IMAGES = ("kube-apiserver", "kube-controller-manager")
"""Images of which each tenant has its own version."""

_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?", re.ASCII)


def image(
    name: str,
    registry: str | None = None,
    overrides: Mapping[str, str] | None = None,
    version: str | None = None,
) -> str:
    """Return the reference of an image.

    Args:
        name: One of IMAGE_NAMES or OPERATOR_NAMES.
        registry: Takes the place of the registry's host; the repository under it stays as it is.
        overrides: Complete references by `name:version` or else by name; they win over all else.
        version: Takes the place of the default version, without the leading `v`.
    """
    host, repository, tag = (_IMAGES | _OPERATORS)[name]
    if version is not None:
        tag = f"v{version}" if tag.startswith("v") else version
    overridden = overrides or {}
    for key in (f"{name}:{tag.removeprefix('v')}", name):
        if key in overridden:
            return overridden[key]
    return f"{(registry or host).rstrip('/')}/{repository}:{tag}"


def parse(version: str) -> tuple[int, int, int | None] | None:
    """Return major, minor and patch (None when left out) of `1.37` or `1.37.2`; None if neither."""
    found = _VERSION.fullmatch(version)
    if not found:
        return None
    patch = int(found[3]) if found[3] is not None else None
    return int(found[1]), int(found[2]), patch


def minor(version: str) -> tuple[int, int]:
    """Return major and minor of a version that was checked before."""
    parsed = parse(version)
    if parsed is None:
        raise InvalidInputError("version", "is not a version", version, "write it like 1.37.2")
    return parsed[0], parsed[1]


def check_kubernetes(version: str, thing: str = "version") -> str:
    """Return the full version of a tenant: `1.37` means the patch level in KUBERNETES.

    Any patch level of a supported minor will do, so that a security fix needs no new tenantplane.

    Raises:
        InvalidInputError: it is no version, or of a minor that is not supported.
    """
    parsed = parse(version)
    short = f"{parsed[0]}.{parsed[1]}" if parsed else ""
    if parsed is None or short not in KUBERNETES:
        raise InvalidInputError(
            thing,
            "is not a Kubernetes version that tenants can have",
            version,
            f"use one of {', '.join(KUBERNETES.values())}, or another patch level of these",
        )
    return KUBERNETES[short] if parsed[2] is None else f"{short}.{parsed[2]}"


def check_etcd(version: str, thing: str = "etcd version") -> str:
    """Return the version unchanged.

    Raises:
        InvalidInputError: it is no full version, or one that lets tenants see each other's keys.
    """
    remedy = "use 3.7.1 or newer, or 3.6.14 or newer within 3.6"
    parsed = parse(version)
    if parsed is None or parsed[2] is None or parsed[0] != ETCD_FLOOR[0]:
        raise InvalidInputError(thing, "is not a full version of etcd 3", version, remedy)
    full = (parsed[0], parsed[1], parsed[2])
    safe = full >= ETCD_FLOOR or ETCD_FLOOR_3_6 <= full < ETCD_FLOOR[:2]
    if not safe:
        problem = "is an etcd in which one tenant can watch another's keys"
        raise InvalidInputError(thing, problem, version, remedy)
    return version
