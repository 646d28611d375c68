"""Every test here declares into an engine of its own."""

import pytest


@pytest.fixture(autouse=True)
def _engine(mocks):
    return mocks
