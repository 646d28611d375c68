"""Drives a kubernetes plugin as Pulumi's engine does: a process, gRPC, one call after another.

Works with the official plugin too: what one wrote is given to the other.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import (
    engine_pb2_grpc,
    provider_pb2,
    provider_pb2_grpc,
    status_pb2,
)

from rig.plugins.kubernetes import values

ROOT = Path(__file__).resolve().parents[3]
OURS = (sys.executable, "-m", "rig.plugins.kubernetes")
_OPTIONS = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_CALL_SECONDS = 60


@dataclass
class Messages(engine_pb2_grpc.EngineServicer):
    """The engine's side: remembers what the plugin says."""

    said: list = field(default_factory=list)

    def Log(self, request, context):  # noqa: N802 -- gRPC's name
        from google.protobuf.empty_pb2 import Empty  # noqa: PLC0415

        self.said.append(request)
        return Empty()

    def texts(self, *, ephemeral=None):
        return [m.message for m in self.said if ephemeral in (None, m.ephemeral)]


class FailedError(Exception):
    """A call that failed, as the engine sees it."""

    def __init__(self, error):
        super().__init__(error.details())
        self.code = error.code()
        self.text = error.details()
        self.partial = None
        metadata = dict(error.trailing_metadata() or ())
        details = metadata.get("grpc-status-details-bin")
        if details:
            for packed in status_pb2.Status.FromString(details).details:
                found = provider_pb2.ErrorResourceInitFailed()
                if packed.Unpack(found):
                    self.partial = found


@dataclass
class Resource:
    """What an engine keeps of a resource."""

    urn: str
    id: str
    inputs: Struct
    state: Struct

    @property
    def outputs(self):
        """The state as JSON, with Pulumi's marks."""
        return MessageToDict(self.state)

    @property
    def plain(self):
        """The state without marks."""
        return values.read(self.state).plain

    @property
    def name(self):
        return self.plain["metadata"]["name"]


def urn(type_token, name):
    return f"urn:pulumi:test::test::{type_token}::{name}"


class Driver:
    """One plugin process."""

    def __init__(self, command=OURS, environment=None):
        self.messages = Messages()
        self._server = grpc.server(ThreadPoolExecutor(8))
        engine_pb2_grpc.add_EngineServicer_to_server(self.messages, self._server)
        address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        self.process = subprocess.Popen(
            [*command, address], cwd=ROOT, stdout=subprocess.PIPE, env=environment
        )
        self.port = int(self.process.stdout.readline())
        self._channel = grpc.insecure_channel(f"127.0.0.1:{self.port}", options=_OPTIONS)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)

    def close(self):
        self._channel.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self._server.stop(0)

    def configure(self, kubeconfig, **settings):
        """Configure as the engine does: everything is text."""
        given = {"kubeconfig": kubeconfig, **settings}
        variables = {f"kubernetes:config:{k}": str(v) for k, v in given.items()}
        request = provider_pb2.ConfigureRequest(variables=variables, acceptSecrets=True)
        self._call(self.stub.Configure, request)
        return self

    def diff_config(self, olds, news):
        request = provider_pb2.DiffRequest(
            id="id",
            urn=urn("pulumi:providers:kubernetes", "host"),
            olds=values.write(olds),
            news=values.write(news),
        )
        return self._call(self.stub.DiffConfig, request)

    def check(self, type_token, name, inputs, old=None, **more):
        """Return the checked inputs as a message."""
        request = provider_pb2.CheckRequest(
            urn=urn(type_token, name),
            olds=old.inputs if old else None,
            news=values.write(inputs),
            **more,
        )
        answer = self._call(self.stub.Check, request)
        assert not answer.failures, answer.failures
        return answer.inputs

    def diff(self, old, inputs, ignore=()):
        request = provider_pb2.DiffRequest(
            id=old.id,
            urn=old.urn,
            olds=old.state,
            news=inputs,
            old_inputs=old.inputs,
            ignoreChanges=ignore,
        )
        return self._call(self.stub.Diff, request)

    def create(self, type_token, name, inputs, *, preview=False, timeout=0, checked=None):
        """Check and create; return the resource."""
        if checked is None:
            checked = self.check(type_token, name, inputs)
        request = provider_pb2.CreateRequest(
            urn=urn(type_token, name), properties=checked, preview=preview, timeout=timeout
        )
        answer = self._call(self.stub.Create, request)
        return Resource(urn(type_token, name), answer.id, checked, answer.properties)

    def update(self, old, inputs, *, preview=False, ignore=(), timeout=0):
        """Check and update; return the resource after it."""
        type_token, name = old.urn.split("::")[2:]
        checked = self.check(type_token, name, inputs, old)
        request = provider_pb2.UpdateRequest(
            id=old.id,
            urn=old.urn,
            olds=old.state,
            news=checked,
            old_inputs=old.inputs,
            preview=preview,
            ignoreChanges=ignore,
            timeout=timeout,
        )
        answer = self._call(self.stub.Update, request)
        return Resource(old.urn, old.id, checked, answer.properties)

    def diff_of(self, old, inputs, ignore=()):
        """Check and diff."""
        type_token, name = old.urn.split("::")[2:]
        return self.diff(old, self.check(type_token, name, inputs, old), ignore)

    def read(self, old):
        """Refresh; return the resource as it is now, None if it is gone."""
        request = provider_pb2.ReadRequest(
            id=old.id, urn=old.urn, properties=old.state, inputs=old.inputs
        )
        answer = self._call(self.stub.Read, request)
        return Resource(old.urn, answer.id, answer.inputs, answer.properties) if answer.id else None

    def get(self, type_token, object_id, name="imported"):
        """Read an object that no state knows, as `.get` and `pulumi import` do."""
        return self.read(Resource(urn(type_token, name), object_id, Struct(), Struct()))

    def delete(self, old, timeout=0):
        request = provider_pb2.DeleteRequest(
            id=old.id, urn=old.urn, properties=old.state, old_inputs=old.inputs, timeout=timeout
        )
        self._call(self.stub.Delete, request)

    def invoke(self, token, **args):
        """Call a function; return what it says, as plain values."""
        request = provider_pb2.InvokeRequest(tok=token, args=values.write(args))
        answer = self._call(self.stub.Invoke, request)
        return values.read(getattr(answer, "return")).plain

    def cancel(self):
        from google.protobuf.empty_pb2 import Empty  # noqa: PLC0415

        self.stub.Cancel(Empty())

    def _call(self, method, request):
        try:
            return method(request, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            raise FailedError(error) from error
