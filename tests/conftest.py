"""Fixtures that every test may use: Pulumi mocks that remember, golden files.

Not here: real processes (tests/support/), the running host (tests/e2e/conftest.py).
"""

import os
from pathlib import Path

import pulumi
import pytest

GOLDEN = Path(__file__).parent / "golden"
REGENERATE = "TENANTPLANE_REGENERATE_GOLDEN"


@pytest.fixture
def golden():
    """Compare a text with a golden file; TENANTPLANE_REGENERATE_GOLDEN=1 writes it anew."""

    def compare(name, text):
        path = GOLDEN / name
        if os.environ.get(REGENERATE):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        assert path.exists(), f"no golden file {name}; run once with {REGENERATE}=1"
        assert text == path.read_text(), f"{name} differs; if so meant: {REGENERATE}=1 pytest"

    return compare


class RecordingMocks(pulumi.runtime.Mocks):
    """Echo inputs back as outputs and remember every resource declared."""

    def __init__(self):
        self.resources = []

    def new_resource(self, args):
        self.resources.append(args)
        outputs = dict(args.inputs)
        if isinstance(outputs.get("metadata"), dict) or args.typ.startswith("kubernetes:"):
            outputs["metadata"] = {"name": args.name, **(args.inputs.get("metadata") or {})}
        return f"{args.name}-id", {**_computed(args), **outputs}

    def call(self, args):
        raise AssertionError(f"{args.token} was invoked: a preview has no cluster to ask")


def _computed(args):
    """What the tls plugin works out by itself; the rest of our outputs are echoes."""
    if not args.typ.startswith("tls:"):
        return {}
    return {
        "privateKeyPem": f"{args.name} PRIVATE KEY",
        "publicKeyPem": f"{args.name} public key",
        "certPem": f"{args.name} certificate",
        "certRequestPem": f"{args.name} request",
        "validityEndTime": "2027-01-01T00:00:00Z",
    }


@pytest.fixture
def mocks():
    recording = RecordingMocks()
    pulumi.runtime.set_mocks(recording, project="tenantplane", stack="test")
    return recording
