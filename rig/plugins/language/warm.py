"""warm: keeps a process that has Pulumi's SDK loaded, and forks a program from it at each run.

Loading the SDK with the resource types of Kubernetes takes half a second, twice in each
`pulumi up`. Here it happens while the engine still starts its plugins, and once for both runs.
Not here: what the forked process does (program.py), the engine's calls (server.py).
"""

import contextlib
import functools
import gc
import importlib
import json
import os
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import NoReturn

# What the programs of this checkout use; any other program loads the rest by itself.
_LOADED = (
    "cryptography.x509",
    "pulumi",
    "pulumi_kubernetes.apiextensions.v1",
    "pulumi_kubernetes.apps.v1",
    "pulumi_kubernetes.core.v1",
    "pulumi_kubernetes.discovery.v1",
    "pulumi_kubernetes.networking.v1",
    "pulumi_kubernetes.policy.v1",
    "pulumi_kubernetes.rbac.v1",
    "pulumi_random",
    "pulumi_tls",
)
USER_WAS_TOLD = 32
"""Exit code of a program whose error the engine has shown already."""

_LOAD = b""
_LENGTH = struct.Struct(">I")


class Runner:
    """Runs programs, one at a time, in processes forked from the warm one."""

    def __init__(self, connection: socket.socket, process: int) -> None:
        self._connection = connection
        self._process = process
        self._lock = threading.Lock()
        self._running: int | None = None

    def load(self) -> None:
        """Begin to load the SDK: a program is about to run.

        The CLI starts a host just to ask what Python this is; that one loads nothing.
        """
        with self._lock:
            _send(self._connection, _LOAD)

    def run(self, request: bytes) -> int:
        """Run a program: a RunRequest in, its exit code out; negative: the signal that ended it."""
        with self._lock:
            _send(self._connection, request)
            self._running = int(json.loads(_receive(self._connection)))
            try:
                return int(json.loads(_receive(self._connection)))
            finally:
                self._running = None

    def interrupt(self) -> None:
        """End the program that runs, if one does."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._running, signal.SIGINT)

    def stop(self) -> None:
        """End the warm process; programs still running end with it."""
        self.interrupt()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process, signal.SIGTERM)


def start(engine: str) -> Runner:
    """Start the warm process.

    Args:
        engine: Address of the engine, for the programs' messages.
    """
    ours, theirs = socket.socketpair()
    process = os.fork()
    if process == 0:
        ours.close()
        _serve(theirs, engine)
    theirs.close()
    return Runner(ours, process)


def _serve(connection: socket.socket, engine: str) -> NoReturn:
    """Fork a program per request, until the host closes the connection."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    with contextlib.suppress(EOFError):
        while True:
            request = _receive(connection)
            _load()
            if request == _LOAD:
                continue
            process = _fork(functools.partial(_run, connection, request, engine))
            _send(connection, json.dumps(process).encode())
            _, status = os.waitpid(process, 0)
            _send(connection, json.dumps(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _load() -> None:
    """Load what programs use, for good: the collector looks at none of it, then or later."""
    gc.disable()
    for name in _LOADED:
        with contextlib.suppress(ImportError):  # the program says it better
            importlib.import_module(name)
    gc.freeze()
    gc.enable()


def _run(connection: socket.socket, request: bytes, engine: str) -> int:
    connection.close()
    from rig.plugins.language import program  # noqa: PLC0415  it loads the SDK

    return program.run(request, engine)


def _fork(action: Callable[[], int]) -> int:
    process = os.fork()
    if process:
        return process
    code = 1
    try:
        code = action()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  it must never return into the warm process
        import traceback  # noqa: PLC0415

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _send(connection: socket.socket, message: bytes) -> None:
    connection.sendall(_LENGTH.pack(len(message)) + message)


def _receive(connection: socket.socket) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
    return _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError("the other process has ended")
        data += part
    return bytes(data)
