import sys

import pytest

from core.errors import TenantplaneError
from rig.images import xpkg
from rig.progress import Silent

CRANK = f"""#!{sys.executable}
import pathlib, sys
if sys.argv[2] == "fail":
    print("crank: error: no crossplane.yaml")
    raise SystemExit(3)
options = dict(word[2:].split("=", 1) for word in sys.argv[3:])
files = sorted(path.name for path in pathlib.Path(options["package-root"]).rglob("*"))
text = f"{{files}} {{options['embed-runtime-image-tarball']}}"
pathlib.Path(options["package-file"]).write_text(text)
"""


@pytest.fixture(autouse=True)
def cached(tmp_path, monkeypatch):
    monkeypatch.setenv("TENANTPLANE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def crank(tmp_path):
    path = tmp_path / "crank"
    path.write_text(CRANK)
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "package" / "crds").mkdir(parents=True)
    (tmp_path / "package" / "crossplane.yaml").write_text("kind: Provider")
    (tmp_path / "package" / "crds" / "x.yaml").write_text("kind: CustomResourceDefinition")
    return tmp_path / "package"


def test_a_package_has_its_definitions_and_the_image_that_runs_it(tmp_path, crank, folder):
    made = xpkg.build("x", folder, tmp_path / "image.tar", crank, Silent())
    assert made.file.name == "x.xpkg"
    files = ["crds", "crossplane.yaml", "x.yaml"]
    assert made.file.read_text() == f"{files} {tmp_path}/image.tar"


def test_it_is_built_again_only_if_something_in_it_changed(tmp_path, crank, folder):
    report, image = Silent(), tmp_path / "image.tar"
    first = xpkg.build("x", folder, image, crank, report)
    assert xpkg.build("x", folder, image, crank, report) == first
    assert report.started == ["build package x"]
    (folder / "crds" / "x.yaml").write_text("kind: Other")
    second = xpkg.build("x", folder, image, crank, report)
    third = xpkg.build("x", folder, tmp_path / "other.tar", crank, report)
    assert len({one.file for one in (first, second, third)}) == 3


def test_a_failure_shows_what_the_tool_said(crank):
    with pytest.raises(TenantplaneError, match=r"crank xpkg fail: .* 3; (?s:.*)no crossplane.yaml"):
        xpkg.call(crank, "fail")
