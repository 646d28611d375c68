"""The reference says what the code says."""

import pytest

from core import schema, settings
from docs import generate
from stacks import outputs

PAGES = {path.name: (path, text) for path, text in generate.pages().items()}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_in_the_repository_is_the_generated_one(name):
    path, text = PAGES[name]
    assert path.read_text() == text, "stale: run `make docs`"


def test_every_key_and_every_output_has_its_entry():
    _, page = PAGES["settings.md"]
    for _, cls, _ in generate._blocks(settings.Settings, "", None):
        for key in schema.keys(cls):
            assert f"| `{key}` |" in page
    _, page = PAGES["outputs.md"]
    for name in outputs.StackOutputs.__annotations__:
        assert f"## `{schema.camel(name)}`" in page
