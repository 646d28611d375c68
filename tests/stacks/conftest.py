"""Every test here declares a whole stack, on a fake host, into an engine of its own."""

import json

import pulumi
import pytest
from pulumi.runtime.stack import wait_for_rpcs
from pulumi.runtime.sync_await import _sync_await

import stacks
from tests.support.fake_cluster import FakeCluster


@pytest.fixture(autouse=True)
def _engine(mocks):
    yield mocks
    pulumi.runtime.set_all_config({})


@pytest.fixture
def cluster(tmp_path):
    """A host that has all that is needed."""
    fake = FakeCluster(tmp_path)
    yield fake
    fake.stop()


@pytest.fixture
def dev(cluster):
    """The config of a stack of kind dev; a test may change it."""
    return {
        "kind": "dev",
        "domain": "tenants.test",
        "host": {"name": "dev", "adopt": {"kubeconfig": cluster.kubeconfig()}},
        "tenants": [{"name": "acme"}, {"name": "globex"}],
    }


@pytest.fixture
def logged(monkeypatch):
    """What the program warned of."""
    said = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)
    return said


@pytest.fixture
def up():
    """Declare what a config says; returns the stack's outputs."""

    def declare(config):
        texts = {
            f"tenantplane:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in config.items()
        }
        pulumi.runtime.set_all_config(texts)
        outputs = _sync_await(stacks.main())
        _sync_await(wait_for_rpcs())
        return outputs

    return declare
