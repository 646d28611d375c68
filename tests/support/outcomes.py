"""Documents of outcomes that a test makes: what was tried, and what came of it.

A document is text with a table under each heading; a test owns one table of it and leaves the rest.
TENANTPLANE_REGENERATE_GOLDEN=1 writes the table anew.
"""

import difflib
import os
from pathlib import Path

from tests.conftest import REGENERATE

FOLDER = Path(__file__).parents[2] / "docs" / "isolation"


def check(document, heading, columns, rows):
    """Compare a table with the one that stands under a heading of docs/isolation/<document>."""
    path = FOLDER / document
    text = path.read_text()
    lines = [columns, ["---"] * len(columns), *rows]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    before, _, after = text.partition(f"## {heading}\n")
    assert after, f"{document} has no heading {heading!r}"
    section, following, rest = after.partition("\n## ")
    words, _, there = section.partition("\n|")
    there = f"|{there}".rstrip("\n") + "\n"
    if os.environ.get(REGENERATE):
        said = f"{heading}\n{words}".rstrip()
        path.write_text(f"{before}## {said}\n\n{table}{following}{rest}")
        return
    changes = difflib.unified_diff(there.splitlines(), table.splitlines(), n=0, lineterm="")
    assert there == table, f"{path.name}, {heading}; if so meant: {REGENERATE}=1\n" + "\n".join(
        changes
    )
