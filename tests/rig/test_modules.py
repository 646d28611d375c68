import json

import pytest

from core.errors import TenantplaneError
from rig import modules

GO = """#!/bin/sh
echo "$PWD $@" > "$0.called"
{answer}
"""


@pytest.fixture
def go(tmp_path, monkeypatch):
    def install(answer):
        (tmp_path / "go").write_text(GO.replace("{answer}", answer))
        (tmp_path / "go").chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return install


def test_a_modules_folder_is_the_one_of_the_version_that_is_pinned(go, tmp_path):
    go(f"echo '{json.dumps({'Dir': '/modules/a@v1'})}'")
    found = modules.folder(tmp_path, "example.org/a", "go-1.mod")
    assert str(found) == "/modules/a@v1"
    called = (tmp_path / "go.called").read_text().strip()
    assert called == f"{tmp_path} mod download -modfile=go-1.mod -json example.org/a"


def test_a_module_that_cannot_be_had_is_said_with_the_reason(go, tmp_path):
    go("echo 'no such host' >&2; exit 1")
    with pytest.raises(TenantplaneError, match=r"example.org/a: .* got 'no such host'; check that"):
        modules.folder(tmp_path, "example.org/a")
