"""The agent's Dockerfile, against what the rest of the project says about the same things."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core import versions
from core.manifests import pods
from rig.images import agent as native

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "agent" / "Dockerfile").read_text()
REQUIREMENTS = (ROOT / "agent" / "requirements.txt").read_text()


def test_etcdctl_comes_from_the_etcd_that_we_run():
    assert f"FROM {versions.image('etcd', None, {})} AS etcd" in DOCKERFILE


def test_the_tag_that_the_comment_shows_is_the_one_that_we_deploy():
    assert versions.image("host-agent", None, {}) in DOCKERFILE


def test_it_runs_as_the_user_that_its_pod_asks_for():
    assert f"USER {pods.USER}:{pods.USER}" in DOCKERFILE


def test_it_starts_and_finds_its_packages_as_the_native_image_does():
    words = ", ".join(f'"{word}"' for word in native.CONFIG.entrypoint)
    assert f"ENTRYPOINT [{words}]" in DOCKERFILE
    assert f"PYTHONPATH={native.CONFIG.environment['PYTHONPATH']}" in DOCKERFILE


def test_every_package_is_pinned_to_one_version():
    lines = [line for line in REQUIREMENTS.splitlines() if line and not line.startswith("#")]
    assert lines
    assert not [line for line in lines if not re.fullmatch(r"[\w.-]+==[\d.]+", line)]


@pytest.mark.parametrize("folder", ["agent", "core"])
def test_what_it_copies_is_there(folder):
    assert f"COPY {folder} /opt/agent/{folder}" in DOCKERFILE
    assert (ROOT / folder / "__init__.py").exists()


def test_the_agent_imports_nothing_that_the_image_lacks():
    """Of core it takes what needs no Pulumi; in a fresh interpreter, this one has seen it all."""
    code = (
        "import agent.__main__, sys; print(*(module.__file__ for name, module in"
        " sys.modules.items() if name.partition('.')[0] in ('agent', 'core')))"
    )
    files = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    imported = {name for file in files for name in _imports(Path(file))}
    assert {"kopf", "aiohttp"} <= imported
    own = {"agent", "core", "kopf", "aiohttp", "prometheus_client", "psycopg", "pymysql", "yaml"}
    assert imported - set(sys.stdlib_module_names) <= own


def _imports(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]
