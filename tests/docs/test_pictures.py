"""The pictures show what the examples' pages say."""

import re
from html import unescape

import pytest

from docs import pictures
from docs.pictures import COLUMNS, PICTURES, ROOT

DRAWN = {path.name: (path, text) for path, text in pictures.pictures().items()}


@pytest.mark.parametrize("name", DRAWN)
def test_the_picture_in_the_repository_is_the_drawn_one(name):
    path, text = DRAWN[name]
    assert path.read_text() == text, "stale: run `make docs`"


def test_no_picture_is_left_over():
    assert {path.name for path in PICTURES.iterdir()} == set(DRAWN)


@pytest.mark.parametrize("name", DRAWN)
def test_it_has_lines_and_none_is_wider_than_the_terminal(name):
    rows = [unescape(row) for row in re.findall(r"<text [^>]*>(.*)</text>", DRAWN[name][1])]
    assert len(rows) > 10
    assert max(map(len, rows)) <= COLUMNS


@pytest.mark.parametrize("name", DRAWN)
def test_the_page_that_it_is_of_shows_it(name):
    page = ROOT / "examples" / name.removesuffix(".svg") / "README.md"
    assert f"(../../docs/pictures/{name})" in page.read_text()


def test_a_long_line_goes_on_in_the_next_one():
    step = pictures.console.Step("x" * COLUMNS, ("<a & b>",))
    first, second, third = pictures._rows(step)
    assert (len(first.text), second.text, third.text) == (COLUMNS, "xx", "<a & b>")
    assert "&lt;a &amp; b&gt;" in pictures.svg([third], "a page")
