"""Pulumi without an engine: what tests of components and stacks declare into.

Not here: the fixtures that start it (tests/conftest.py).
"""

from base64 import b64encode
from typing import Any

import pulumi
from pulumi.runtime import mocks as pulumi_mocks
from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key
from pulumi.runtime.settings import SETTINGS
from pulumi.runtime.stack import wait_for_rpcs
from pulumi.runtime.sync_await import _sync_await

from tests.support.certificates import key_of, private_key_pem

SIGNATURE = _special_sig_key
SECRET = _special_secret_sig
"""How a secret is marked on its way to the engine."""


def pem(kind: str, name: str) -> str:
    """What stands in for a certificate or a public key; tells in a failure whose it is."""
    return f"-----BEGIN {kind}-----\n{name}\n-----END {kind}-----\n"


class RecordingMocks(pulumi.runtime.Mocks):
    """Echo inputs back as outputs, make up what only a provider knows, remember all."""

    def __init__(self) -> None:
        self.resources: list[pulumi.runtime.MockResourceArgs] = []
        self.stack_outputs: dict[str, Any] = {}
        """What a StackReference finds."""
        self.functions: dict[str, Any] = {}
        """What answers a plugin's function, by its token; any other fails the test."""
        self.secrets: dict[str, dict[str, str]] = {}
        """What Secrets hold that are read, by id, where it isn't what is made up of it."""
        self.previewing = False
        """Nothing is made: neither ids nor what only a provider knows."""

    def new_resource(self, args):
        self.resources.append(args)
        if self.previewing and args.custom and not args.typ.startswith("pulumi:"):
            return "", args.inputs
        is_secret_read = args.typ.endswith(":Secret") and args.resource_id
        made_up = self._held(args.resource_id) if is_secret_read else self._made_up(args)
        outputs = {**args.inputs, **made_up}
        if "metadata" in args.inputs or args.typ.startswith("kubernetes:"):
            outputs["metadata"] = {"name": args.name, **args.inputs.get("metadata", {})}
        return f"{args.name}-id", outputs

    def call(self, args):
        if args.token in self.functions:
            return self.functions[args.token](args.args)
        raise AssertionError(f"{args.token} was invoked: a preview has no cluster to ask")

    def of_type(self, suffix: str) -> list[pulumi.runtime.MockResourceArgs]:
        """Every resource whose type token ends so, in the order of declaration."""
        return [one for one in self.resources if one.typ.endswith(suffix)]

    def named(self, name: str) -> pulumi.runtime.MockResourceArgs:
        """The one resource of that name."""
        (found,) = [one for one in self.resources if one.name == name]
        return found

    def _held(self, secret: str) -> dict[str, Any]:
        files = {file: f"{secret} {file}" for file in ("token", "expires")}
        held = self.secrets.get(secret, files)
        return {"data": {file: b64encode(text.encode()).decode() for file, text in held.items()}}

    def _made_up(self, args) -> dict[str, Any]:
        kind = args.typ.rpartition(":")[2]
        if kind == "Service":
            return {"spec": {"clusterIP": "10.96.0.10", **args.inputs.get("spec", {})}}
        if kind == "Account":
            return {"email": f"{args.inputs['accountId']}@x.iam.gserviceaccount.com"}
        if kind == "StackReference":
            return {"outputs": self.stack_outputs, "secretOutputNames": list(self.stack_outputs)}
        if kind == "RandomPassword":
            return {"result": f"{args.name} PASSWORD"}
        if args.typ.startswith("tls:"):
            return {
                "privateKeyPem": private_key_pem(key_of(args.name)),  # requests are signed with it
                "publicKeyPem": pem("PUBLIC KEY", args.name),
                "certPem": pem("CERTIFICATE", args.name),
                "validityEndTime": "2030-01-01T00:00:00Z",
                **args.inputs,
            }
        if args.inputs.get("addressType") == "INTERNAL":
            kind = "InternalAddress"
        return dict(GCP.get(kind, {}) if "gcp:" in args.typ else {})


GCP = {
    "Address": {"address": "203.0.113.10"},
    "Cluster": {
        "controlPlaneEndpointsConfig": {
            "dnsEndpointConfig": {"endpoint": "gke-0123.europe-west3.gke.goog"}
        },
        "endpoint": "198.51.100.7",
        "masterAuth": {"clusterCaCertificate": "Q0E="},
        "masterVersion": "1.35.4-gke.1",
    },
    "InternalAddress": {"address": "10.0.0.7"},
    "DatabaseInstance": {
        "name": "sql-pg-instance-0a1b2c3",
        "dnsName": "",
        "dnsNames": [
            {
                "name": "0a1b.2c3d.global.sql-psc.goog.",
                "connectionType": "PRIVATE_SERVICE_CONNECT",
                "dnsScope": "CLUSTER",
            },
            {
                "name": "0a1b.2c3d.europe-west3.sql.goog.",
                "connectionType": "PRIVATE_SERVICE_CONNECT",
                "dnsScope": "INSTANCE",
            },
        ],
        "pscServiceAttachmentLink": "projects/t/regions/europe-west3/serviceAttachments/a",
        "serverCaCerts": [{"cert": pem("CERTIFICATE", "Cloud SQL")}],
    },
}
"""What Google makes up."""


class RecordingMonitor(pulumi_mocks.MockMonitor):
    """Also remembers what Mocks don't see: options, dependencies, secrets as they are sent."""

    def __init__(self, mocks: RecordingMocks) -> None:
        super().__init__(mocks)
        self.requests: dict[str, Any] = {}

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine does it: all ancestors but the stack are part of the type."""
        ancestors = parent.split("::")[2] if parent else ""
        if ancestors and ancestors != "pulumi:pulumi:Stack":
            type_ = f"{ancestors}${type_}"
        return f"urn:pulumi:test::tenantplane::{type_}::{name}"

    def RegisterResource(self, request):  # noqa: N802 - gRPC's name
        response = super().RegisterResource(request)
        assert response.urn not in self.requests, f"{response.urn} is declared twice"
        self.requests[response.urn] = request
        return response

    @property
    def urns(self) -> list[str]:
        """Every URN but the stack's, sorted, without the part that is the same for all."""
        return sorted(
            urn.split("::", 2)[2] for urn in self.requests if "pulumi:pulumi:Stack::" not in urn
        )


def declare_into(recording: RecordingMocks, *, preview: bool = False) -> RecordingMocks:
    """Make these mocks the engine of what is declared from here on."""
    recording.previewing = preview
    SETTINGS.outputs.clear()  # what a test before left behind would fail in this one
    pulumi.runtime.set_mocks(
        recording,
        project="tenantplane",
        stack="test",
        preview=preview,
        monitor=RecordingMonitor(recording),
    )
    return recording


def settled(value: Any) -> Any:
    """Wait until all that was declared is registered; return what an output became."""
    result = _sync_await(pulumi.Output.from_input(value).future(with_unknowns=True))
    _sync_await(wait_for_rpcs())
    return result


def is_secret(output: pulumi.Output[Any]) -> bool:
    """Tell whether an output is marked secret."""
    return _sync_await(output.is_secret())


def is_known(output: pulumi.Output[Any]) -> bool:
    """Tell whether an output has a value already."""
    return _sync_await(output.is_known())
