import re

import pytest

from core import versions
from core.errors import InvalidInputError
from rig import toolchain


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("kube", versions.DEFAULT_KUBERNETES),
        ("kube-1.36", versions.KUBERNETES["1.36"]),
        ("etcd", versions.DEFAULT_ETCD),
        ("coredns", versions.COREDNS),
        ("kine", versions.KINE),
        ("crossplane", versions.CROSSPLANE),
    ],
)
def test_a_local_image_is_the_version_that_its_name_says(name, version):
    """The product asks for official names; behind them must be the same program."""
    assert toolchain.recipe(name).version() == f"v{version}"


@pytest.mark.parametrize("name", ["kube", "kube-1.36"])
def test_all_of_kubernetes_is_of_one_version(name):
    recipe = toolchain.recipe(name)
    staging = recipe.version().replace("v1.", "v0.")
    text = (recipe.folder / recipe.modfile).read_text()
    replaced = re.findall(r"=> k8s\.io/\S+ (\S+)", text)
    assert len(replaced) > 30
    assert set(replaced) == {staging}


def test_the_stamps_say_what_is_pinned():
    assert toolchain.recipe("kube").ldflags() == (
        "-s -w -X k8s.io/component-base/version.gitVersion=v1.37.2 "
        "-X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37"
    )
    assert "gitVersion=v1.36.3" in toolchain.recipe("kube-1.36").ldflags()
    assert toolchain.recipe("pause").ldflags() == "-s -w"
    assert toolchain.recipe("crossplane").ldflags().endswith("/version.version=v2.3.4")
    assert toolchain.recipe("prometheus-admission").ldflags().endswith("/version.Version=0.92.1")


@pytest.mark.parametrize("name", sorted(toolchain.RECIPES))
def test_every_recipe_is_pinned(name):
    recipe = toolchain.recipe(name)
    assert re.fullmatch(r"1\.\d+(\.\d+)?", recipe.go_version())
    if recipe.pinned:
        lines = recipe.checksums.read_text().splitlines()
        assert f"{recipe.pinned} {recipe.version()}" in {line.rpartition(" ")[0] for line in lines}


def test_an_unknown_binary_is_refused_with_those_that_there_are():
    with pytest.raises(
        InvalidInputError, match=r"got 'kubee'; use one of .*, etcd, .*kine, kube, "
    ):
        toolchain.recipe("kubee")
