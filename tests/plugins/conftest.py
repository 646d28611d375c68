"""Fixtures for plugins under the real CLI."""

import pytest

from tests.support.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    """Make a project from a program's text."""
    made = []

    def make(program, **more):
        made.append(Workspace(tmp_path, program, **more))
        return made[-1]

    yield make
    for project in made:
        project.remove()
