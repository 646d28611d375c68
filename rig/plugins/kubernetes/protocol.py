"""protocol: the messages and services of Pulumi's engine that this plugin uses.

Not here: how they are imported without running Pulumi's SDK (rig/plugins/bridged/protocol.py).
"""

from core import deep_messages
from rig.plugins.bridged.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc

# isort: split
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, status_pb2

deep_messages.allow()

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
