"""What a test needs of the machine, where `pytest.mark.processes` doesn't say all."""

import os
import sys

import pytest

ROOT_ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0,
    reason="needs root on Linux: namespaces, low ports, real-time priority",
)
