"""A tenant's version goes up one minor at a time and never down one."""

import pytest

from core import skew
from core.errors import InvalidInputError


@pytest.mark.parametrize(
    ("running", "wanted"),
    [("1.36.3", "1.37.2"), ("1.37.2", "1.37.2"), ("1.37.2", "1.37.0"), ("1.34.9", "1.35.0")],
)
def test_same_minor_and_the_next_are_safe(running, wanted):
    skew.check_change("acme", running, wanted)


def test_a_lower_minor_is_refused():
    with pytest.raises(
        InvalidInputError, match=r"tenant acme: version can't go down from 1\.37\.2"
    ):
        skew.check_change("acme", "1.37.2", "1.36.3")


def test_a_skipped_minor_is_refused_and_the_step_named():
    with pytest.raises(InvalidInputError, match=r"got '1\.37\.2'; set it to 1\.36\.3 and run"):
        skew.check_change("acme", "1.35.5", "1.37.2")


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry.k8s.io/kube-apiserver:v1.37.2", "1.37.2"),
        ("mirror.test:5000/kube-apiserver:v1.36.3", "1.36.3"),
        ("mirror.test:5000/kube-apiserver:v1.36.3@sha256:abc", "1.36.3"),
        ("mirror.test/kube-apiserver@sha256:abc", None),
        ("mirror.test:5000/kube-apiserver", None),
        ("mirror.test/kube-apiserver:ours", None),
    ],
)
def test_the_version_is_read_from_a_tag(image, version):
    assert skew.version_of(image) == version
