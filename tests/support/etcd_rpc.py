"""Any call of etcd's gRPC API, by name and with a dict as the request, as any client might make it.

etcdctl checks what it is given and hides what it is told; this does neither. The messages are those
of the etcd that runs: a small Go program prints their descriptors from the same go.mod.
Not here: what is tried with it (tests/isolation/).
"""

import functools
import subprocess
from pathlib import Path

import grpc
from google.protobuf import descriptor_database, descriptor_pb2, descriptor_pool
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass

from rig import build

_PROGRAM = Path(__file__).parent / "etcd_descriptors.go"
_MODULE = Path(build.__file__).parent / "toolchain" / "etcd"
SERVICES = ("etcdserverpb", "v3lockpb", "v3electionpb")
"""Packages of the services that etcd registers on its client port."""


@functools.cache
def _files():
    command = ["go", "run", str(_PROGRAM)]
    environment = build.go_environment()
    done = subprocess.run(command, cwd=_MODULE, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    files = descriptor_pb2.FileDescriptorSet.FromString(done.stdout).file
    for file in files:  # etcd names each by its last part, and others by all of it
        parts = (one.rpartition("/") for one in file.dependency)
        file.dependency[:] = [
            name if folder.startswith("etcd/") else f"{folder}{slash}{name}"
            for folder, slash, name in parts
        ]
    return files


@functools.cache
def _pool():
    database = descriptor_database.DescriptorDatabase()
    for file in _files():
        database.Add(file)
    return descriptor_pool.DescriptorPool(database)


def methods():
    """Every call that there is, such as `KV/Range`."""
    return {
        f"{service.name}/{method.name}"
        for file in _files()
        if file.package in SERVICES
        for service in file.service
        for method in service.method
    }


@functools.cache
def _method(name):
    service, _, method = name.partition("/")
    (package,) = (
        file.package
        for file in _files()
        if file.package in SERVICES and service in {one.name for one in file.service}
    )
    return _pool().FindServiceByName(f"{package}.{service}").FindMethodByName(method)


class Client:
    """One channel to one etcd with one certificate."""

    def __init__(self, url, ca_pem, certificate_pem=None, key_pem=None):
        encoded = [one and one.encode() for one in (ca_pem, key_pem, certificate_pem)]
        credentials = grpc.ssl_channel_credentials(*encoded)
        self._channel = grpc.secure_channel(url.removeprefix("https://"), credentials)

    def close(self):
        self._channel.close()

    def call(self, method, request, *, metadata=(), seconds=10):
        """Yield the answers of one call; a call that answers once yields one.

        Args:
            method: Such as `KV/Range`.
            request: Its fields, bytes in base64.
            metadata: Headers.
            seconds: When it is given up.

        Raises:
            grpc.RpcError: It was refused, or given up.
        """
        described = _method(method)
        message = ParseDict(request, GetMessageClass(described.input_type)())
        invoke = {
            (False, False): self._channel.unary_unary,
            (False, True): self._channel.unary_stream,
            (True, True): self._channel.stream_stream,
        }[described.client_streaming, described.server_streaming](
            f"/{described.containing_service.full_name}/{described.name}",
            type(message).SerializeToString,
            GetMessageClass(described.output_type).FromString,
        )
        sent = iter((message,)) if described.client_streaming else message
        answer = invoke(sent, timeout=seconds, metadata=metadata)
        if not described.server_streaming:
            yield answer
            return
        try:
            yield from answer
        finally:
            answer.cancel()

    def ask(self, method, request=None, **options):
        """Return the first answer."""
        return next(self.call(method, request or {}, **options))


def corrupt(etcd):
    """Raise the alarm that a leader raises which finds its members to differ."""
    (member,) = etcd.json("member", "list")["members"]
    client = Client(etcd.url, *(etcd.root[file] for file in ("ca.crt", "tls.crt", "tls.key")))
    asked = {"action": "ACTIVATE", "memberID": str(member["ID"]), "alarm": "CORRUPT"}
    client.ask("Maintenance/Alarm", asked)
    client.close()
