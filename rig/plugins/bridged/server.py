"""server: answers the engine for one package of resource types.

Owns the process (start, port, end) and the translation between the engine's calls and the modules
around it. Calls run in threads: the engine makes many at once, and making keys is native code.
Not here: what a resource type is and does (schema.py, tls/, random/).
"""

import faulthandler
import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty

from core.errors import TenantplaneError
from rig.plugins.bridged import check, plan, state
from rig.plugins.bridged.protocol import plugin_pb2, provider_pb2, provider_pb2_grpc
from rig.plugins.bridged.schema import Package, ResourceType
from rig.plugins.bridged.values import UNKNOWN, read, write

_THREADS = 32
_ORPHAN_CHECK_SECONDS = 2.0

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


def start(package: Package) -> tuple[grpc.Server, int]:
    """Serve a package in threads of this process; return the server and its port on loopback."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=_THREADS),
        options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)],
    )
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(_Servicer(package), server)
    port = int(server.add_insecure_port("127.0.0.1:0"))
    server.start()
    return server, port


def serve(package: Package) -> NoReturn:
    """Serve a package until the engine ends this process, or ends itself."""
    faulthandler.enable()  # the engine shows what a plugin said that died
    parent = os.getppid()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    server, port = start(package)
    print(port, flush=True)  # what the engine waits for
    while server.wait_for_termination(timeout=_ORPHAN_CHECK_SECONDS):
        if os.getppid() != parent:
            print("plugin: ends, as its engine was killed", file=sys.stderr)
            break
    os._exit(0)


def _answer(
    method: Callable[["_Servicer", _Request], _Response],
) -> Callable[["_Servicer", _Request, grpc.ServicerContext], _Response]:
    """Make a gRPC method of a plain one: what it raises is told to the engine."""

    @functools.wraps(method)
    def answered(self: "_Servicer", request: _Request, context: grpc.ServicerContext) -> _Response:
        try:
            return method(self, request)
        except TenantplaneError as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:  # noqa: BLE001  a thread that dies says nothing
            traceback.print_exc()  # the engine shows it
            context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
        raise AssertionError("abort raises")

    return answered


class _Servicer(provider_pb2_grpc.ResourceProviderServicer):
    """The engine's side of a Package; names and shapes of the methods are gRPC's."""

    def __init__(self, package: Package) -> None:
        self._package = package

    @_answer
    def GetPluginInfo(self, _request: Empty) -> plugin_pb2.PluginInfo:  # noqa: N802
        return plugin_pb2.PluginInfo(version=self._package.version)

    @_answer
    def CheckConfig(  # noqa: N802
        self, request: provider_pb2.CheckRequest
    ) -> provider_pb2.CheckResponse:
        """Take no settings: there are none that the types served here would need."""
        name = self._package.name
        return provider_pb2.CheckResponse(
            inputs=request.news,
            failures=[
                provider_pb2.CheckFailure(
                    property=key,
                    reason=f"provider {name}: setting {key} is not offered by this plugin; leave "
                    f"it away, or use the official {name} plugin",
                )
                for key in sorted(read(request.news))
                if key not in {"version", "pluginDownloadURL"}
            ],
        )

    @_answer
    def DiffConfig(self, _request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:  # noqa: N802
        return provider_pb2.DiffResponse()

    @_answer
    def Configure(  # noqa: N802
        self, _request: provider_pb2.ConfigureRequest
    ) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    @_answer
    def GetSchema(self, _request: Any) -> NoReturn:  # noqa: N802, ANN401
        raise TenantplaneError(
            f"plugin {self._package.name}: the offline plugin has no schema; use the official one "
            "for programs in YAML, `pulumi package` and code generation (`pulumi import` works "
            "with --generate-code=false)"
        )

    @_answer
    def Invoke(self, request: provider_pb2.InvokeRequest) -> NoReturn:  # noqa: N802
        raise TenantplaneError(
            f"function {request.tok}: is not offered by the offline {self._package.name} plugin; "
            "use the official one"
        )

    @_answer
    def Check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:  # noqa: N802
        resource, inputs = self._resource(request.urn), read(request.news)
        return provider_pb2.CheckResponse(
            inputs=write(state.mark_secrets(resource, inputs)),
            failures=[
                provider_pb2.CheckFailure(property=name, reason=reason)
                for name, reason in check.failures(resource, inputs)
            ],
        )

    @_answer
    def Diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:  # noqa: N802
        planned = self._plan(request)
        some = provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(
            changes=some if planned.changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=planned.changed,
            replaces=planned.replaces,
        )

    @_answer
    def Create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:  # noqa: N802
        resource = self._resource(request.urn)
        planned = plan.plan(resource, None, read(request.properties)).planned
        if request.preview:
            return provider_pb2.CreateResponse(properties=write(state.keep(resource, planned)))
        made = resource.create(
            {name: value for name, value in planned.items() if value is not UNKNOWN}
        )
        return provider_pb2.CreateResponse(
            id=resource.resource_id(made), properties=write(state.keep(resource, made))
        )

    @_answer
    def Update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:  # noqa: N802
        planned = self._plan(request).planned
        kept = state.keep(self._resource(request.urn), planned)
        return provider_pb2.UpdateResponse(properties=write(kept))

    @_answer
    def Read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:  # noqa: N802
        resource = self._resource(request.urn)
        if request.properties.fields:
            found = resource.refresh(state.load(resource, read(request.properties)))
            inputs = plan.refreshed_inputs(read(request.inputs), found)
        elif resource.find is None:
            raise TenantplaneError(
                f"{resource.token} {request.id}: can't be imported, as it exists nowhere but in "
                "the state; create a new one, or import its values as plain inputs"
            )
        else:
            found = resource.find(request.id)
            inputs = plan.imported_inputs(resource, found)
        return provider_pb2.ReadResponse(
            id=resource.resource_id(found),
            properties=write(state.keep(resource, found)),
            inputs=write(state.mark_secrets(resource, inputs)),
        )

    @_answer
    def Delete(self, _request: provider_pb2.DeleteRequest) -> Empty:  # noqa: N802
        """Do nothing: the resource was nowhere but in the state."""
        return Empty()

    @_answer
    def Cancel(self, _request: Empty) -> Empty:  # noqa: N802
        return Empty()

    def _resource(self, urn: str) -> ResourceType:
        token = urn.split("::")[2].rpartition("$")[2]
        resource = self._package.resources.get(token)
        if resource is None:
            raise TenantplaneError(
                f"resource type {token}: is not offered by the offline {self._package.name} "
                f"plugin; use one of {', '.join(sorted(self._package.resources))}, or the "
                "official plugin"
            )
        return resource

    def _plan(self, request: provider_pb2.DiffRequest | provider_pb2.UpdateRequest) -> plan.Plan:
        resource = self._resource(request.urn)
        prior = state.load(resource, read(request.olds))
        ignored = list(request.ignoreChanges)
        inputs = plan.ignore_changes(prior, read(request.news), ignored)
        return plan.plan(resource, prior, inputs)
