"""deep_messages: messages of Pulumi's engine that are as deep as CustomResourceDefinitions.

protobuf's parser stops at 100 levels, which is 33 levels of an object: cert-manager's ClusterIssuer
has 38, Argo CD's ApplicationSet 35, and whoever is sent one fails with `DecodeError: Error parsing
message` (protobuf 6.33, 2026-11-30). Pulumi's SDK means to lift the limit (its runtime/rpc.py), by
names that this protobuf no longer has. The engine's parser, Go's, stops at 10000.
Not here: what is in the messages.
"""

import importlib
from contextlib import suppress


def allow() -> None:
    """Let this process parse messages of any depth; doing it again is harmless."""
    with suppress(ImportError, AttributeError):  # a protobuf without upb, which has no wheel
        importlib.import_module("google._upb._message").SetAllowOversizeProtos(True)
