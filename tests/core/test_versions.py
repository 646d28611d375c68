"""Which versions may be asked for, and how images are named from them."""

import tomllib
from pathlib import Path

import pytest

from core import versions
from core.errors import InvalidInputError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("asked", "given"),
    [("1.37", "1.37.2"), ("1.34", "1.34.9"), ("1.36.3", "1.36.3"), ("1.36.9", "1.36.9")],
)
def test_supported_versions(asked, given):
    """A minor means the patch level that was tried; any other patch level of it may be named."""
    assert versions.check_kubernetes(asked) == given


@pytest.mark.parametrize(
    "asked", ["1.33.9", "1.38.0", "2.37.2", "v1.37.2", "1.37.", "", "1", "latest"]
)
def test_unsupported_versions_are_refused_and_the_supported_ones_named(asked):
    with pytest.raises(
        InvalidInputError, match=r"use one of 1\.34\.9, 1\.35\.5, 1\.36\.3, 1\.37\.2"
    ):
        versions.check_kubernetes(asked)


@pytest.mark.parametrize("version", ["3.6.14", "3.6.20", "3.7.1", "3.7.3", "3.8.0", "3.10.0"])
def test_etcd_versions_that_tenants_can_share(version):
    assert versions.check_etcd(version) == version


@pytest.mark.parametrize("version", ["3.5.33", "3.6.13", "3.6.0", "3.7.0", "2.3.8"])
def test_etcd_versions_that_leak_between_tenants_are_refused(version):
    """Until 3.6.14 and 3.7.1, who may watch one key can watch every key after it."""
    with pytest.raises(InvalidInputError, match=r"use 3\.7\.1 or newer, or 3\.6\.14 or newer"):
        versions.check_etcd(version)


@pytest.mark.parametrize("version", ["3.7", "4.0.0", "latest", "v3.7.3"])
def test_etcd_versions_must_be_complete(version):
    with pytest.raises(InvalidInputError, match="is not a full version of etcd 3"):
        versions.check_etcd(version)


def test_images_have_their_official_names():
    assert versions.image("kube-apiserver") == "registry.k8s.io/kube-apiserver:v1.37.2"
    assert versions.image("traefik") == "docker.io/library/traefik:v3.7.15"
    assert versions.image("host-agent") == "ghcr.io/tenantplane/host-agent:0.1.0"
    assert versions.image("pause") == "registry.k8s.io/pause:3.10.2"


def test_operators_images_and_packages_have_their_official_names():
    crossplane = "xpkg.crossplane.io/crossplane/crossplane:v2.3.4"  # of its chart's values
    assert versions.image("crossplane") == crossplane
    package = versions.image("provider-kubernetes", registry="registry.test:5000")
    assert package == "registry.test:5000/crossplane-contrib/provider-kubernetes:v1.2.1"
    assert set(versions.CROSSPLANE_PACKAGES) < set(versions.OPERATOR_NAMES)
    assert not set(versions.OPERATOR_NAMES) & set(versions.IMAGE_NAMES)


def test_a_version_replaces_the_tag():
    assert versions.image("etcd", version="3.6.14") == "registry.k8s.io/etcd:v3.6.14"
    assert versions.image("host-agent", version="0.2.0").endswith(":0.2.0")


def test_a_registry_replaces_the_host_of_every_image():
    """An air-gapped mirror is one setting; repositories below it keep their names."""
    for name in versions.IMAGE_NAMES:
        official = versions.image(name)
        mirrored = versions.image(name, registry="mirror.test/k8s/")
        assert mirrored == "mirror.test/k8s/" + official.partition("/")[2]


def test_an_override_wins_over_registry_and_version():
    overrides = {"etcd": "mirror.test/etcd@sha256:abc"}
    assert versions.image("etcd", "other.test", overrides, "3.6.14") == overrides["etcd"]


def test_an_override_of_one_version_is_for_that_version_alone():
    """A digest for every tenant would run one binary under the flags and labels of another."""
    overrides = {"kube-apiserver:1.36.3": "mirror.test/a@sha256:abc"}
    assert versions.image("kube-apiserver", None, overrides, "1.36.3") == "mirror.test/a@sha256:abc"
    assert versions.image("kube-apiserver", None, overrides, "1.37.2").endswith(":v1.37.2")
    assert versions.image("kube-apiserver", None, overrides).endswith(":v1.37.2")


def test_an_override_of_one_version_wins_over_that_of_all():
    overrides = {"etcd": "mirror.test/any", "etcd:3.7.3": "mirror.test/one"}
    assert versions.image("etcd", None, overrides, "3.7.3") == "mirror.test/one"
    assert versions.image("etcd", None, overrides) == "mirror.test/one"  # the default version
    assert versions.image("etcd", None, overrides, "3.7.1") == "mirror.test/any"


def test_the_project_has_one_version():
    """The agent's image carries it, so it must be the one of the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == versions.PROJECT


def test_a_gke_host_starts_with_a_gateway_api_that_is_new_enough():
    """GKE installs 1.5 from 1.35.2 on; it takes a full version only while it is on offer."""
    assert versions.minor(versions.GKE_KUBERNETES_MIN) >= (1, 35)
    assert versions.GKE_KUBERNETES_MIN.count(".") == 1


def test_the_default_is_the_newest_supported():
    assert list(versions.KUBERNETES.values())[-1] == versions.DEFAULT_KUBERNETES
