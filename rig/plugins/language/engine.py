"""engine: a program's two connections to Pulumi's engine, cheaper than the SDK's own.

The SDK sends four debug messages per resource from the thread that runs the program, and waits for
the answer to each: a third of a program's time, for what only `pulumi up --debug` shows. Here a
thread of its own sends them, in their order. And it records for each resource the whole call stack,
half of it the language host's and Python's, which was a tenth of every write of the state.
Not here: what is sent (the SDK), the program (program.py).
"""

import contextlib
import queue
import threading
from pathlib import Path
from typing import Any

import grpc
import pulumi
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import (
    engine_pb2,
    engine_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
    source_pb2,
)

_RUNTIME = Path(pulumi.runtime.__file__).parent.as_uri() + "/"


class Engine(engine_pb2_grpc.EngineStub):
    """The engine, for messages."""

    def __init__(self, address: str) -> None:
        super().__init__(_channel(address))
        self._log, self.Log = self.Log, self._send
        self._waiting: queue.SimpleQueue[engine_pb2.LogRequest | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_waiting, daemon=True)
        self._sender.start()

    def flush(self) -> None:
        """Wait until everything is sent. Nothing can be sent after it."""
        self._waiting.put(None)
        self._sender.join()

    def _send(self, request: engine_pb2.LogRequest) -> None:
        """Send a message; what people read is with the engine when this returns."""
        if request.severity == engine_pb2.DEBUG:
            self._waiting.put(request)
        else:
            self._log(request)

    def _send_waiting(self) -> None:
        while (request := self._waiting.get()) is not None:
            with contextlib.suppress(grpc.RpcError):  # the engine went away; the program sees it
                self._log(request)


class Monitor(resource_pb2_grpc.ResourceMonitorStub):
    """The engine, for resources."""

    def __init__(self, address: str) -> None:
        super().__init__(_channel(address))
        self._register, self.RegisterResource = self.RegisterResource, self._register_resource

    def _register_resource(
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        del request.stackTrace.frames[program_frames(request.stackTrace.frames) :]
        response: resource_pb2.RegisterResourceResponse = self._register(request)
        return response


def program_frames(frames: Any) -> int:  # noqa: ANN401 - a repeated field of source_pb2.StackFrame
    """How many of these frames, innermost first, are the program's: those that the SDK called."""
    runtime = (index for index, frame in enumerate(frames) if _is_runtime(frame))
    return next(runtime, len(frames))


def _is_runtime(frame: source_pb2.StackFrame) -> bool:
    return frame.pc.uri.startswith(_RUNTIME)


def _channel(address: str) -> grpc.Channel:
    return grpc.insecure_channel(address, options=_GRPC_CHANNEL_OPTIONS)
