"""Writes docs/pictures/ from the examples: `python -m docs.pictures`, or `make docs`.

A picture is what a terminal showed: the sessions of an example's README that are marked with the
word `picture`, so that the two can't differ. A test fails when one is stale.
Not here: how a page shows a session (console.py), what it shows (examples/).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from docs import console

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"

MARK = "picture"
EXAMPLES = ("crossplane", "debug-pods")

COLUMNS = 120
"""Of the terminal; a longer line goes on in the next one."""

_COLUMN, _LINE, _MARGIN = 8, 18, 16
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_GROUND, _COMMAND, _SAID = "#16181d", "#8fd18f", "#d7dae0"


@dataclass(frozen=True)
class _Row:
    text: str
    command: bool


def pictures() -> dict[Path, str]:
    """Return every picture by its path."""
    return {PICTURES / f"{name}.svg": _picture(name) for name in EXAMPLES}


def _picture(name: str) -> str:
    page = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
    marked = [one for one in console.sessions(page) if one.mark == MARK]
    rows = [row for session in marked for step in session.steps for row in _rows(step)]
    return svg(rows, f"examples/{name}/README.md")


def _rows(step: console.Step) -> Iterator[_Row]:
    for number, line in enumerate(console.lines([step])):
        starts = range(0, max(len(line), 1), COLUMNS)
        yield from (_Row(line[start : start + COLUMNS], number == 0) for start in starts)


def svg(rows: list[_Row], source: str) -> str:
    """Return a terminal with these rows.

    Args:
        rows: No longer than the terminal is wide.
        source: Where they stand in words.
    """
    longest = max((len(row.text) for row in rows), default=0)
    width, height = longest * _COLUMN + 2 * _MARGIN, len(rows) * _LINE + 2 * _MARGIN
    box = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">',
        f"<!-- Written by `make docs` from {source}. -->",
        f"<title>A terminal; {source} has its text</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="{_GROUND}"/>',
        f'<g font-family="{_FONT}" font-size="13" xml:space="preserve">',
    ]
    for number, row in enumerate(rows):
        where = f'x="{_MARGIN}" y="{_MARGIN + number * _LINE + 13}"'
        colour = _COMMAND if row.command else _SAID
        drawn.append(f'<text {where} fill="{colour}">{escape(row.text)}</text>')
    return "\n".join([*drawn, "</g>", "</svg>", ""])


def main() -> None:
    """Write every picture."""
    PICTURES.mkdir(exist_ok=True)
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
