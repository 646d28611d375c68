"""protocol: the messages and services of Pulumi's engine that this plugin uses.

Not here: how they are imported without running Pulumi's SDK (rig/plugins/bridged/protocol.py).
"""

from rig.plugins.bridged.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc

# isort: split
from google.protobuf.pyext import cpp_message
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, status_pb2

# A message has at most 100 levels by itself, which is 33 of an object: cert-manager's ClusterIssuer
# has 38. Pulumi's SDK lifts that where it is imported (pulumi.runtime.rpc); here it isn't.
cpp_message._message.SetAllowOversizeProtos(True)  # noqa: SLF001  its only name

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "status_pb2",
]
