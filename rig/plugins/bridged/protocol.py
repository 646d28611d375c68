"""protocol: the messages that Pulumi's engine and a plugin exchange.

They come with Pulumi's SDK, but importing that takes 190 ms, twice what all else here takes, and
the engine starts plugins one after another, for the preview and again for the update. So the
packages around the messages are entered without running their `__init__`.
Not here: what a plugin answers (server.py).
"""

import importlib.util
import sys
from types import ModuleType


def _enter(package: str) -> None:
    """Make a package importable from, without running it."""
    if package in sys.modules:
        return
    parent, _, name = package.rpartition(".")
    if parent:
        _enter(parent)
        folders = [f"{folder}/{name}" for folder in sys.modules[parent].__path__]
    else:
        spec = importlib.util.find_spec(package)
        if spec is None or spec.submodule_search_locations is None:
            raise ModuleNotFoundError(f"{package}: is not installed in {sys.prefix}; run make up")
        folders = list(spec.submodule_search_locations)
    module = ModuleType(package)
    module.__path__ = folders
    sys.modules[package] = module


_enter("pulumi.runtime.proto")

from pulumi.runtime.proto import (  # noqa: E402  the packages are entered above
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
)

__all__ = ["plugin_pb2", "provider_pb2", "provider_pb2_grpc"]
