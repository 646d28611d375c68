"""server: answers the engine's calls to a language host.

Owns which runtime options of Pulumi.yaml are understood.
Not here: running a program (warm.py, program.py) or a policy pack (packs.py).
"""

import faulthandler
import importlib.metadata
import os
import platform
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf.empty_pb2 import Empty

from rig.plugins.bridged.protocol import plugin_pb2
from rig.plugins.bridged.values import read
from rig.plugins.language import packages
from rig.plugins.language.packs import Packs
from rig.plugins.language.warm import USER_WAS_TOLD, Runner

# isort: split
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

_ORPHAN_CHECK_SECONDS = 2.0
_THREADS = 8


def serve(runner: Runner) -> NoReturn:
    """Serve programs until the engine ends this process, or ends itself."""
    faulthandler.enable()  # the engine shows what a plugin said that died
    parent = os.getppid()
    server = grpc.server(
        ThreadPoolExecutor(max_workers=_THREADS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)],
    )
    packs = Packs()
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(_Servicer(runner, packs), server)
    port = server.add_insecure_port("127.0.0.1:0")

    def end(*_: object) -> None:
        runner.stop()
        packs.stop()
        os._exit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    server.start()
    print(port, flush=True)  # what the engine waits for
    while server.wait_for_termination(timeout=_ORPHAN_CHECK_SECONDS):
        if os.getppid() != parent:
            print("language host: ends, as its engine was killed", file=sys.stderr)
            break
    end()
    raise AssertionError("end ends")


def wrong_option(options: dict[str, Any], root: Path) -> str | None:
    """Tell which runtime option of a Pulumi.yaml can't be followed here."""
    for name, value in sorted(options.items()):
        if name == "virtualenv":
            wanted = Path(root, str(value)).resolve()
            if wanted != Path(sys.prefix).resolve():
                return (
                    f"runtime option virtualenv: is not the one that this toolchain runs in, got "
                    f"{value}; use {sys.prefix}"
                )
        elif name == "toolchain" and value == "pip":
            continue
        else:
            return (
                f"runtime option {name}: is not offered by the offline language host, got "
                f"{value!r}; leave it away, or use an installed Pulumi"
            )
    return None


class _Servicer(language_pb2_grpc.LanguageRuntimeServicer):
    """The engine's side; names and shapes of the methods are gRPC's."""

    def __init__(self, runner: Runner, packs: Packs) -> None:
        self._runner = runner
        self._packs = packs

    def Handshake(  # noqa: N802
        self, _request: language_pb2.LanguageHandshakeRequest, _context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(  # noqa: N802
        self, _request: Empty, _context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def About(  # noqa: N802
        self, _request: language_pb2.AboutRequest, _context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        return language_pb2.AboutResponse(
            executable=sys.executable, version=platform.python_version()
        )

    def GetRequiredPackages(  # noqa: N802
        self, _request: language_pb2.GetRequiredPackagesRequest, _context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        self._runner.load()
        return language_pb2.GetRequiredPackagesResponse(
            packages=[
                plugin_pb2.PackageDependency(name=name, kind="resource", version=version)
                for name, version in packages.required().items()
            ]
        )

    def GetProgramDependencies(  # noqa: N802
        self, _request: language_pb2.GetProgramDependenciesRequest, _context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=item.name, version=item.version)
                for item in importlib.metadata.distributions()
            ]
        )

    def InstallDependencies(  # noqa: N802
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        _refuse_wrong_option(request.info, context)
        pins = Path(request.info.program_directory, "requirements.txt")
        if not pins.exists():
            return
        pip = subprocess.Popen(
            [sys.executable, "-m", "pip", "install", "--requirement", str(pins)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for line in pip.stdout or ():
            yield language_pb2.InstallDependenciesResponse(stdout=line)
        if pip.wait() != 0:
            context.abort(grpc.StatusCode.UNKNOWN, f"{pins}: pip could not install it; see above")

    def Run(  # noqa: N802
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        _refuse_wrong_option(request.info, context)
        if request.attach_debugger:
            return language_pb2.RunResponse(
                error="--attach-debugger: is not offered by the offline language host; use an "
                "installed Pulumi"
            )
        answered = threading.Event()

        def interrupt() -> None:
            if not answered.is_set():  # else it would hit the next run
                self._runner.interrupt()

        context.add_callback(interrupt)
        code = self._runner.run(request.SerializeToString())
        answered.set()
        if code == USER_WAS_TOLD:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=_end(code))

    def Cancel(self, _request: Empty, _context: grpc.ServicerContext) -> Empty:  # noqa: N802
        self._runner.interrupt()
        return Empty()

    def RunPlugin(  # noqa: N802
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        _refuse_wrong_option(request.info, context)
        if request.kind != "analyzer" or request.attach_debugger:
            _abort(
                context,
                f"plugin {request.info.program_directory}: of plugins in Python the offline "
                "language host runs policy packs alone, and no debugger; use an installed Pulumi",
            )
        yield from self._packs.run(request, context)


def _end(code: int) -> str:
    if code < 0:
        return f"program: was ended by {signal.Signals(-code).name}; see its output above"
    return f"program: ended with exit code {code}; see its output above" if code else ""


def _refuse_wrong_option(info: language_pb2.ProgramInfo, context: grpc.ServicerContext) -> None:
    wrong = wrong_option(read(info.options), Path(info.root_directory))
    if wrong:
        _abort(context, wrong)


def _abort(context: grpc.ServicerContext, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNKNOWN, message)
    raise AssertionError("abort raises")
