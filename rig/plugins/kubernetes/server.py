"""server: the gRPC service that Pulumi's engine talks to.

Owns: which call goes to which operation, errors in the engine's terms, the life of the process.
Not here: the operations themselves (check.py, diff.py, create.py, read.py, update.py, delete.py).
"""

import os
import signal
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NoReturn, TypeVar

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import Message

from core.errors import InvalidInputError, TenantplaneError
from rig.plugins.kubernetes import config, values
from rig.plugins.kubernetes.api import ApiError
from rig.plugins.kubernetes.check import check
from rig.plugins.kubernetes.create import create
from rig.plugins.kubernetes.delete import delete
from rig.plugins.kubernetes.diff import diff
from rig.plugins.kubernetes.failures import NotInitializedError
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import plugin_pb2, provider_pb2, status_pb2
from rig.plugins.kubernetes.read import read
from rig.plugins.kubernetes.update import update

VERSION = "4.34.2"
"""Of the official plugin that this one stands in for."""

_SERVICE = "pulumirpc.ResourceProvider"
_THREADS = 512  # most of them wait for a resource to become ready
_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),
]
_ORPHAN_CHECK_SECONDS = 2.0
_OFFICIAL = "use the official kubernetes plugin"

_Request = TypeVar("_Request", bound=Message)


def serve(engine_address: str) -> NoReturn:
    """Serve until the engine ends this process, or ends itself; it waits for the port."""
    parent = os.getppid()
    # The plugin has a process group of its own: a user's Ctrl-C reaches the engine alone, which
    # then says Cancel. The engine ends its plugins by SIGINT and waits 5 s for each that goes on.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    plugin = Plugin()
    plugin.engine.address = engine_address
    server = grpc.server(ThreadPoolExecutor(_THREADS), options=_OPTIONS)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(_SERVICE, _handlers(plugin)),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    while server.wait_for_termination(timeout=_ORPHAN_CHECK_SECONDS):
        if os.getppid() != parent:
            break
    os._exit(0)


def _handlers(plugin: Plugin) -> dict[str, grpc.RpcMethodHandler]:
    """Return the calls that are answered; gRPC answers any other with UNIMPLEMENTED."""
    messages = provider_pb2
    return {
        "Attach": _handler(partial(_attach, plugin), plugin_pb2.PluginAttach),
        "Cancel": _handler(partial(_cancel, plugin), Empty),
        "Check": _handler(partial(check, plugin), messages.CheckRequest),
        "CheckConfig": _handler(_check_config, messages.CheckRequest),
        "Configure": _handler(partial(_configure, plugin), messages.ConfigureRequest),
        "Construct": _handler(_construct, messages.ConstructRequest),
        "Create": _handler(partial(create, plugin), messages.CreateRequest),
        "Delete": _handler(partial(_delete, plugin), messages.DeleteRequest),
        "Diff": _handler(partial(diff, plugin), messages.DiffRequest),
        "DiffConfig": _handler(_diff_config, messages.DiffRequest),
        "GetPluginInfo": _handler(_plugin_info, Empty),
        "GetSchema": _handler(_schema, messages.GetSchemaRequest),
        "Handshake": _handler(partial(_handshake, plugin), messages.ProviderHandshakeRequest),
        "Invoke": _handler(partial(_invoke, plugin), messages.InvokeRequest),
        "Read": _handler(partial(read, plugin), messages.ReadRequest),
        "Update": _handler(partial(update, plugin), messages.UpdateRequest),
    }


def _handler(
    operation: Callable[[_Request], Message], request_type: type[_Request]
) -> grpc.RpcMethodHandler:
    """Return the handler of a call: what its operation raises is told in the engine's terms.

    UNKNOWN and INTERNAL tell the engine that the state of the resource isn't known, anything else
    that it is as it was before.
    """

    def answer(request: _Request, context: grpc.ServicerContext) -> Message:
        try:
            return operation(request)
        except NotInitializedError as error:
            _abort_partially(context, error)
        except InvalidInputError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except (TenantplaneError, ApiError) as error:
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except Exception as error:  # noqa: BLE001  a thread that dies says nothing
            traceback.print_exc()  # the engine shows it
            context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
        raise AssertionError("abort raises")

    return grpc.unary_unary_rpc_method_handler(
        answer,
        request_deserializer=request_type.FromString,
        response_serializer=lambda message: message.SerializeToString(),
    )


def _abort_partially(context: grpc.ServicerContext, error: NotInitializedError) -> None:
    """Give the engine what it shall keep of an object that isn't ready."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.object_id, properties=error.state, reasons=error.reasons, inputs=error.inputs
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _handshake(
    plugin: Plugin, request: provider_pb2.ProviderHandshakeRequest
) -> provider_pb2.ProviderHandshakeResponse:
    plugin.engine.address = request.engine_address or plugin.engine.address
    return provider_pb2.ProviderHandshakeResponse(
        accept_secrets=True, supports_autonaming_configuration=True
    )


def _attach(plugin: Plugin, request: plugin_pb2.PluginAttach) -> Empty:
    plugin.engine.address = request.address
    return Empty()


def _plugin_info(_: Empty) -> plugin_pb2.PluginInfo:
    return plugin_pb2.PluginInfo(version=VERSION)


def _check_config(request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
    failures = config.check(values.read(request.news).plain, request.urn)
    return provider_pb2.CheckResponse(inputs=request.news, failures=failures)


def _diff_config(request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
    return config.diff(values.read(request.olds).plain, values.read(request.news).plain)


def _configure(
    plugin: Plugin, request: provider_pb2.ConfigureRequest
) -> provider_pb2.ConfigureResponse:
    plugin.configure(dict(request.variables))
    return provider_pb2.ConfigureResponse(
        acceptSecrets=True, supportsPreview=True, supports_autonaming_configuration=True
    )


def _delete(plugin: Plugin, request: provider_pb2.DeleteRequest) -> Empty:
    delete(plugin, request)
    return Empty()


def _cancel(plugin: Plugin, _: Empty) -> Empty:
    plugin.cancel()
    return Empty()


def _construct(request: provider_pb2.ConstructRequest) -> NoReturn:
    problem = "components are not offered by the offline kubernetes plugin"
    remedy = f"declare the objects one by one, or {_OFFICIAL}"
    raise InvalidInputError(f"resource type {request.type}", problem, remedy=remedy)


def _invoke(plugin: Plugin, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
    from rig.plugins.kubernetes import charts  # noqa: PLC0415  most runs don't pay for YAML

    if request.tok == charts.TOKEN:
        return charts.template(plugin, request)
    problem = f"is not offered by the offline kubernetes plugin, which has {charts.TOKEN} alone"
    remedy = f"do it in the program, or {_OFFICIAL}"
    raise InvalidInputError(f"function {request.tok}", problem, remedy=remedy)


def _schema(_: provider_pb2.GetSchemaRequest) -> NoReturn:
    problem = "the offline kubernetes plugin has none"
    remedy = (
        f"{_OFFICIAL} for programs in YAML, `pulumi package` and code generation "
        "(`pulumi import` works with --generate-code=false)"
    )
    raise InvalidInputError("schema", problem, remedy=remedy)
