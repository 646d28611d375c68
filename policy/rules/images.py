"""images: which images containers may run.

Not here: which images tenantplane runs (core/versions.py).
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from core import versions
from core.errors import InvalidInputError, describe
from policy.declared import Declared, items
from policy.pods import containers, pod

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_FULL_VERSION = re.compile(r"v?\d+\.\d+\.\d+([-_.][\w.-]*)?", re.ASCII)
"""`1.36` is no full version: it is another image after the next patch."""

_REBUILD = re.compile(r"-\d+$")
"""`3.6.14-0` was the first build of the image of 3.6.14."""


class _Image(NamedTuple):
    container: str
    reference: str
    tag: str
    digest: str

    runs: tuple[str, ...]
    """Names that tell what is in it: the image's, the container's, the program's."""


def unpinned(resource: Declared) -> Iterator[str]:
    """Images that may be another one tomorrow: neither a digest nor a full version as tag."""
    for image in _images(resource):
        if not _DIGEST.fullmatch(image.digest) and not _FULL_VERSION.fullmatch(image.tag):
            yield describe(
                f"{resource.thing}, container {image.container}",
                "its image is pinned neither by version nor by digest",
                image.reference,
                "end it in a full version like :v1.37.2, or in @sha256:<digest>",
            )


def etcd_below_floor(resource: Declared) -> Iterator[str]:
    """An etcd in which one user sees another's keys, or of which the tag doesn't tell.

    A mirror may call the image whatever it likes: the container's name or command tells as well.
    """
    for image in _images(resource):
        if "etcd" not in image.runs:
            continue
        version = _REBUILD.sub("", image.tag.removeprefix("v"))
        try:
            versions.check_etcd(version, f"{resource.thing}, container {image.container}")
        except InvalidInputError as error:
            yield str(error)


def _images(resource: Declared) -> Iterator[_Image]:
    for container in containers(pod(resource)):
        reference = container.get("image")
        if isinstance(reference, str):
            rest, _, digest = reference.partition("@")
            # A colon before the last slash is a port's.
            name, _, tag = rest.rpartition("/")[2].partition(":")
            called = str(container.get("name"))
            program = str(next(iter(items(container.get("command"))), "")).rpartition("/")[2]
            yield _Image(called, reference, tag, digest, (name, called, program))
