"""What the modules say of each other."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("agent", "automation", "benchmarks", "components", "core", "rig", "stacks")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_that_is_named_exists(module):
    """`Not here: X (file.py)` leads the reader to X."""
    text = ast.get_docstring(ast.parse(module.read_text())) or ""
    for name in re.findall(r"[\w/]+\.py\b", text):
        assert any((folder / name).exists() for folder in module.parents), name
