"""engine: messages for the user, told to Pulumi's engine.

Not here: errors that end an operation (server.py).
"""

import threading
from contextlib import suppress
from dataclasses import dataclass, field

import grpc

from rig.plugins.kubernetes.protocol import engine_pb2, engine_pb2_grpc

_TELL_SECONDS = 5.0


@dataclass
class Engine:
    """The engine that started the plugin; the connection is made by the first message."""

    address: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stub: engine_pb2_grpc.EngineStub | None = None

    def status(self, urn: str, message: str) -> None:
        """Show what a resource waits for, until the next one."""
        self._tell(urn, message, engine_pb2.INFO, ephemeral=True)

    def warn(self, urn: str, message: str) -> None:
        """Show a warning that stays."""
        self._tell(urn, message, engine_pb2.WARNING, ephemeral=False)

    def _tell(
        self, urn: str, message: str, severity: engine_pb2.LogSeverity.ValueType, *, ephemeral: bool
    ) -> None:
        if not self.address:
            return
        with self._lock:
            if self._stub is None:
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self.address))
        request = engine_pb2.LogRequest(
            severity=severity, message=message, urn=urn, ephemeral=ephemeral
        )
        with suppress(grpc.RpcError):  # an engine that is gone reads no messages
            self._stub.Log(request, timeout=_TELL_SECONDS)
