import pytest

from core import versions
from core.errors import InvalidInputError
from rig import modules, toolchain
from rig.images import catalog


def _image(name, kubernetes=(versions.DEFAULT_KUBERNETES,)):
    (found,) = [image for image in catalog.images(kubernetes) if image.name == name]
    return found


def test_every_name_that_the_product_asks_for_is_made():
    made = {ref for image in catalog.images(["1.37.2"]) for ref in image.references}
    wanted = {versions.image(name) for name in versions.IMAGE_NAMES}
    assert wanted - made == {
        versions.image("host-agent"),  # agent.py
        versions.image("kubectl"),  # of the operators' images
    }
    assert made <= wanted


def test_what_operators_ask_for_is_made_as_an_image_or_is_a_package():
    made = {ref for image in catalog.operators() for ref in image.references}
    wanted = {versions.image(name) for name in (*versions.OPERATOR_NAMES, "kubectl")}
    assert wanted - made == {versions.image(name) for name in versions.CROSSPLANE_PACKAGES}
    older = versions.image("prometheus-admission", version="0.91.0")
    assert made - wanted == {older}  # two tenants can have two versions of one operator


def test_operators_are_compiled_in_the_versions_that_their_images_say():
    for image in catalog.operators():
        if image.binary not in catalog.WHEELS:
            (reference,) = image.references
            assert reference.endswith(f":{toolchain.recipe(image.binary).version()}")
    assert (
        catalog.provider().references[0].endswith(toolchain.recipe("provider-kubernetes").version())
    )


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


def test_crossplane_finds_the_definitions_that_it_installs(tmp_path, monkeypatch):
    """Its init container reads them from these folders of its image."""
    for folder, file in (("crds", "x.yaml"), ("webhookconfigurations", "usage.yaml")):
        (tmp_path / "cluster" / folder).mkdir(parents=True)
        (tmp_path / "cluster" / folder / file).write_text(file)
    monkeypatch.setattr(modules, "folder", lambda *_: tmp_path)
    (image,) = [one for one in catalog.operators() if one.name == "crossplane"]
    files = {file.path: file for file in image.files(tmp_path / "binary")}
    assert files["/crds/x.yaml"].content == tmp_path / "cluster" / "crds" / "x.yaml"
    assert "/webhookconfigurations/usage.yaml" in files
    assert files["/bin/crossplane"].link == "/usr/local/bin/crossplane"
