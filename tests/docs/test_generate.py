"""The reference says what the code says."""

import re
from dataclasses import dataclass

import pytest

from core import schema, settings
from docs import generate
from stacks import outputs

PAGES = {path.name: (path, text) for path, text in generate.pages().items()}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_in_the_repository_is_the_generated_one(name):
    path, text = PAGES[name]
    assert path.read_text() == text, "stale: run `make docs`"


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_said_in_pythons_words(name):
    """`1 to None` stood where a number has no most, and where each number of a list has a least."""
    _, text = PAGES[name]
    assert not re.search(r"\b(None|True|False|MISSING)\b", text)


def test_a_number_without_a_most_and_a_list_of_numbers_say_so():
    @dataclass(frozen=True)
    class Example:
        number: int = schema.setting(minimum=1)
        numbers: tuple[int, ...] = schema.setting(minimum=1)

    shown = {name: generate._value(key) for name, key in schema.keys(Example).items()}
    assert shown == {"number": "1 or more", "numbers": "list"}


def test_every_key_and_every_output_has_its_entry():
    _, page = PAGES["settings.md"]
    for _, cls, _ in generate._blocks(settings.Settings, "", None):
        for key in schema.keys(cls):
            assert f"| `{key}` |" in page
    _, page = PAGES["outputs.md"]
    for name in outputs.StackOutputs.__annotations__:
        assert f"## `{schema.camel(name)}`" in page
