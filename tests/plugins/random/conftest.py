"""The random plugin."""

import pytest

from rig.plugins.random.package import PACKAGE
from tests.support.plugin import Plugin

PASSWORD = "random:index/randomPassword:RandomPassword"
ID = "random:index/randomId:RandomId"
BYTES = "random:index/randomBytes:RandomBytes"


@pytest.fixture(scope="session")
def plugin():
    running = Plugin(PACKAGE)
    yield running
    running.close()
