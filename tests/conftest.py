"""Fixtures that every test may use: an engine to declare into, golden files.

Not here: the engine itself (tests/support/mocks.py), real processes (tests/support/), the running
host (tests/e2e/conftest.py).
"""

import os
from pathlib import Path

import hypothesis
import pulumi
import pytest

from tests.support.mocks import RecordingMocks, declare_into

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = "TENANTPLANE_REGENERATE_GOLDEN"

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine fails no test
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def golden():
    """Compare a text with a golden file; TENANTPLANE_REGENERATE_GOLDEN=1 writes it anew."""

    def compare(name, text):
        path = GOLDEN / name
        if os.environ.get(REGENERATE):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"no golden file {name}; run once with {REGENERATE}=1"
        assert text == path.read_text(), f"{name} differs; if so meant: {REGENERATE}=1 pytest"

    return compare


@pytest.fixture
def mocks():
    """A fresh engine that updates an empty stack."""
    return declare_into(RecordingMocks())


@pytest.fixture
def monitor(mocks):
    """What the engine was sent."""
    return pulumi.runtime.settings.get_monitor()


@pytest.fixture
def first_preview(mocks):
    """The same engine previewing an empty stack: what only a provider knows is unknown."""
    return declare_into(mocks, preview=True)
