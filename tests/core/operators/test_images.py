"""An image's registry is known as a container runtime knows it: none hides behind a short name."""

import pytest

from core.operators import images


@pytest.mark.parametrize(
    ("image", "whole"),
    [
        ("nginx", "docker.io/library/nginx"),
        ("nginx:1.29", "docker.io/library/nginx:1.29"),
        ("grafana/loki", "docker.io/grafana/loki"),
        ("docker.io/nginx", "docker.io/library/nginx"),
        ("docker.io/grafana/loki", "docker.io/grafana/loki"),
        ("index.docker.io/grafana/loki", "docker.io/grafana/loki"),
        ("index.docker.io/nginx", "docker.io/library/nginx"),
        ("quay.io/jetstack/x:v1", "quay.io/jetstack/x:v1"),
        ("localhost/x", "localhost/x"),
        ("registry:5000/x", "registry:5000/x"),
        ("ghcr.io/a/b@sha256:0123", "ghcr.io/a/b@sha256:0123"),
    ],
)
def test_a_reference_is_completed_as_a_runtime_does_it(image, whole):
    assert images.full(image) == whole
    assert images.full(whole) == whole


@pytest.mark.parametrize(
    ("image", "moved"),
    [
        ("nginx:1", "mirror.test/all/library/nginx:1"),
        ("quay.io/jetstack/x:v1", "mirror.test/all/jetstack/x:v1"),
        ("mirror.test/all/jetstack/x:v1", "mirror.test/all/jetstack/x:v1"),
        ("mirror.test/allied/x:v1", "mirror.test/all/allied/x:v1"),
        ("mirror.test/x:v1", "mirror.test/all/x:v1"),
    ],
)
def test_another_registry_takes_the_place_of_every_one(image, moved):
    """But of its own: values may name it already."""
    assert (
        images.moved(image, "mirror.test/all") == images.moved(image, "mirror.test/all/") == moved
    )


def test_with_no_other_registry_an_image_stays_where_it_is_and_is_named_in_full():
    assert images.moved("nginx", None) == "docker.io/library/nginx"


@pytest.mark.parametrize(
    ("image", "allowed"),
    [
        ("ghcr.io/acme/x", True),
        ("ghcr.io/acme-evil/x", False),
        ("ghcr.io.evil.test/acme/x", False),
        ("quay.io/any/thing", True),
        ("docker.io/library/nginx", False),
    ],
)
def test_a_registry_or_a_path_below_it_is_allowed_as_a_whole(image, allowed):
    assert images.allowed(image, ["ghcr.io/acme", "quay.io/"]) is allowed


def test_where_none_is_allowed_no_image_is():
    assert not images.allowed("ghcr.io/acme/x", [])
