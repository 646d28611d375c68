import pytest

from core import versions
from core.errors import InvalidInputError
from rig.images import catalog


def _image(name, kubernetes=(versions.DEFAULT_KUBERNETES,)):
    (found,) = [image for image in catalog.images(kubernetes) if image.name == name]
    return found


def test_every_name_that_the_product_asks_for_is_made():
    made = {ref for image in catalog.images(["1.37.2"]) for ref in image.references}
    wanted = {versions.image(name) for name in versions.IMAGE_NAMES}
    assert wanted - made == {versions.image("host-agent")}  # agent.py
    assert made <= wanted


def test_only_the_versions_that_are_asked_for_are_made():
    """Each costs minutes and 145 MB."""
    names = [image.name for image in catalog.images(["1.37.2", "1.36.3", "1.37.2"])]
    assert [name for name in names if name.startswith("kube-")] == ["kube-1.36.3", "kube-1.37.2"]
    older = _image("kube-1.36.3", ["1.36.3"])
    assert older.binary == "kube-1.36"
    assert "registry.k8s.io/kube-controller-manager:v1.36.3" in older.references


def test_a_version_without_a_recipe_is_refused_with_those_that_have_one():
    with pytest.raises(InvalidInputError, match=r"got '1\.35\.5'; use one of 1\.36\.3, 1\.37\.2"):
        catalog.images(["1.35.5"])


def test_every_version_with_a_recipe_can_be_made():
    for version, recipe in catalog.kubernetes_recipes().items():
        assert _image(f"kube-{version}", [version]).binary == recipe


def test_a_shared_binary_is_stored_once_under_each_programs_name(tmp_path):
    files = {file.path: file for file in _image("kube-1.37.2").files(tmp_path / "kube")}
    assert files["/usr/local/bin/kube-apiserver"].content == tmp_path / "kube"
    assert files["/usr/local/bin/kube-controller-manager"].link == "kube-apiserver"


def test_programs_are_also_where_the_official_image_has_them(tmp_path):
    files = {file.path: file for file in _image("coredns").files(tmp_path / "coredns")}
    assert files["/coredns"].link == "/usr/local/bin/coredns"
