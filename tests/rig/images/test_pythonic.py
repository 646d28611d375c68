import re

import yaml

from core import versions
from rig.images import pythonic
from rig.images.python import Python
from rig.progress import Silent

REQUIREMENTS = (pythonic.PACKAGE / "requirements.txt").read_text()


def test_the_function_is_the_version_that_its_package_says():
    version = versions.image("function-pythonic").rpartition(":v")[2]
    assert f"\ncrossplane-function-pythonic=={version} " in REQUIREMENTS


def test_every_package_is_pinned_by_its_content():
    for line in REQUIREMENTS.replace("\\\n", "").splitlines():
        if line and not line.startswith("#"):
            assert re.fullmatch(r"[\w.-]+==[\d.]+( +--hash=sha256:[0-9a-f]{64})+ *", line), line


def test_crossplane_is_told_that_it_is_a_function_of_compositions():
    meta = yaml.safe_load((pythonic.PACKAGE / "crossplane.yaml").read_text())
    assert (meta["kind"], meta["metadata"]["name"]) == ("Function", "function-pythonic")
    assert meta["spec"]["capabilities"] == ["composition"]


def test_it_finds_what_was_installed(monkeypatch):
    monkeypatch.setattr(Python, "layer", lambda wanted, _report: wanted)
    assert pythonic.CONFIG.environment["PYTHONPATH"] == pythonic.python_layer(Silent()).packages
