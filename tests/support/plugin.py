"""Drives a bridged plugin (tls, random) as Pulumi's engine does, over gRPC.

In threads of this process for ours, as a process for an official one.
"""

import subprocess

import grpc
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from rig.plugins.bridged import server

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_CALL_SECONDS = 30


class RefusedError(Exception):
    """A call that failed, with the text that a user sees."""


class Plugin:
    """One plugin; arguments and results are what JSON can say, with the engine's marks."""

    def __init__(self, package=None, command=None):
        self._server = self._process = None
        if command:
            self._process = subprocess.Popen(
                [*command, "127.0.0.1:1"], stdout=subprocess.PIPE, text=True
            )
            port = int(self._process.stdout.readline())
        else:
            self._server, port = server.start(package)
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.stub = provider_pb2_grpc.ResourceProviderStub(self._channel)
        request = provider_pb2.ConfigureRequest(acceptSecrets=True, args=Struct())
        self.configured = self._call(self.stub.Configure, request)

    def close(self):
        self._channel.close()
        if self._server:
            self._server.stop(None).wait()
        else:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()

    def check(self, token, inputs):
        """Return the checked inputs and the failures by property."""
        request = provider_pb2.CheckRequest(
            urn=_urn(token), olds=Struct(), news=_struct(inputs), randomSeed=b"1" * 32
        )
        answer = self._call(self.stub.Check, request)
        return answer.get("inputs", {}), {
            failure.get("property", ""): failure["reason"] for failure in answer.get("failures", [])
        }

    def create(self, token, inputs, *, preview=False):
        """Return id and outputs."""
        request = provider_pb2.CreateRequest(
            urn=_urn(token), properties=_struct(inputs), preview=preview
        )
        answer = self._call(self.stub.Create, request)
        return answer.get("id", ""), answer["properties"]

    def diff(self, token, state, inputs, ignore=()):
        """Return (changed attributes, those that need a new resource)."""
        request = provider_pb2.DiffRequest(
            urn=_urn(token), olds=_struct(state), news=_struct(inputs), ignoreChanges=ignore
        )
        answer = self._call(self.stub.Diff, request)
        assert (answer["changes"] == "DIFF_SOME") == bool(answer.get("diffs"))
        return answer.get("diffs", []), answer.get("replaces", [])

    def update(self, token, state, inputs, *, preview=False):
        request = provider_pb2.UpdateRequest(
            urn=_urn(token), olds=_struct(state), news=_struct(inputs), preview=preview
        )
        return self._call(self.stub.Update, request)["properties"]

    def read(self, token, identifier, state=None, inputs=None):
        """Return (id, outputs, inputs): of a refresh with a state, of an import without."""
        request = provider_pb2.ReadRequest(
            urn=_urn(token),
            id=identifier,
            properties=_struct(state or {}),
            inputs=_struct(inputs or {}),
        )
        answer = self._call(self.stub.Read, request)
        return answer["id"], answer["properties"], answer["inputs"]

    def delete(self, token, identifier, state):
        request = provider_pb2.DeleteRequest(
            urn=_urn(token), id=identifier, properties=_struct(state)
        )
        self._call(self.stub.Delete, request)

    def _call(self, method, request):
        try:
            answer = method(request, timeout=_CALL_SECONDS)
        except grpc.RpcError as error:
            raise RefusedError(error.details()) from error
        return MessageToDict(answer, preserving_proto_field_name=True)


def plain(outputs):
    """Outputs without the marks of secrets, and without what the bridge adds."""
    return {
        name: value["value"] if _is_secret(value) else value
        for name, value in outputs.items()
        if not name.startswith("__")
    }


def secret_names(outputs):
    """Names of the outputs that the engine encrypts."""
    return {name for name, value in outputs.items() if _is_secret(value)}


def _is_secret(value):
    return isinstance(value, dict) and _SIGNATURE in value


def _urn(token):
    return f"urn:pulumi:test::test::{token}::thing"


def _struct(values):
    return ParseDict(values, Struct())
