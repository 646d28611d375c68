"""What is refused before anything is declared, by the real CLI with a real API server as host.

Not here: each setting's own rules (test_config.py), stacks that need another (tests/e2e).
"""

import pytest
import yaml

from core import pki
from tests.support import control_plane
from tests.support.kubectl import Kubectl
from tests.support.leaks import leaks
from tests.support.pulumi_cli import PulumiCli, dev_config, errors

pytestmark = pytest.mark.processes

KINDS = "namespaces,clusterroles,clusterrolebindings,customresourcedefinitions"
COMMANDS = pytest.mark.parametrize("command", ["preview", "up"])


def refusal(cli, command):
    """The one error that a program ends with before it declares anything, line by line."""
    result = getattr(cli, command)(check=False)
    assert result.returncode
    assert "Traceback" not in result.stdout + result.stderr
    assert "kubernetes:" not in cli.export(), "nothing of it was begun"
    assert leaks(result.stdout + result.stderr) == []
    found = errors(result)
    assert list(found) == [f"tenantplane-{cli.stack}"], result.stdout
    return found[f"tenantplane-{cli.stack}"][0].splitlines()


REFUSALS = {
    "duplicate name": (
        {"tenants": [{"name": "twin"}, {"name": "twin"}]},
        ["tenants[1].name:", "got 'twin'", "a name of its own"],
    ),
    "illegal name": (
        {"tenants": [{"name": "Acme_1"}]},
        ["tenants[0].name:", "got 'Acme_1'", "use"],
    ),
    "unknown key": (
        {"tenants": [{"name": "acme", "replica": 2}]},
        ["tenants[0].replica:", "did you mean replicas"],
    ),
    "unsupported version": (
        {"tenants": [{"name": "acme", "version": "1.30.0"}]},
        ["tenants[0].version:", "got '1.30.0'", "1.37"],
    ),
    "unknown profile": (
        {"tenants": [{"name": "acme", "profile": "huge"}]},
        ["tenants[0].profile:", "got 'huge'", "use small, medium or large"],
    ),
    "unknown store": (
        {"tenants": [{"name": "acme", "datastore": "archive"}]},
        ["tenants[0].datastore:", "got 'archive'", "use shared"],
    ),
    "two etcd members": (
        {"etcd": {"shared": {"members": 2}}},
        ["etcd.shared.members:", "got 2", "use 1 or 3"],
    ),
    "unreadable kubeconfig": (
        {"host": {"name": "dev", "adopt": {"kubeconfig": "/nowhere/kubeconfig"}}},
        ["host.adopt.kubeconfig:", "got '/nowhere/kubeconfig'", "give the path"],
    ),
}


@pytest.fixture(scope="module")
def bare_kubeconfig(tmp_path_factory):
    """A real API server with nothing on it: path of its kubeconfig."""
    folder = tmp_path_factory.mktemp("bare")
    store = control_plane.Etcd(folder / "etcd")
    plane = control_plane.host(folder / "host", store)
    try:
        plane.wait()
        path = folder / "kubeconfig.yaml"
        path.write_text(plane.kubeconfig("admin", pki.MASTERS))
        yield path
    finally:
        plane.stop()
        store.process.kill()


@pytest.fixture
def unchanged(bare_kubeconfig):
    """What the server holds is the same after the test."""
    kubectl = Kubectl(bare_kubeconfig.read_text())
    before = kubectl.names(KINDS)
    assert before
    yield
    assert kubectl.names(KINDS) == before


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """A stack of which nothing ever comes."""
    with PulumiCli(tmp_path_factory.mktemp("refused"), "e2e-refused", {}) as cli:
        yield cli


@pytest.mark.parametrize("case", REFUSALS, ids=str)
@COMMANDS
@pytest.mark.usefixtures("unchanged")
def test_wrong_input_is_refused_before_anything_is_created(bare_kubeconfig, refused, case, command):
    """One line says the key, the value and what to do."""
    change, expected = REFUSALS[case]
    refused.config = dev_config(bare_kubeconfig) | change
    lines = refusal(refused, command)
    assert [line for line in lines if all(part in line for part in expected)], lines


@COMMANDS
def test_a_host_that_does_not_answer_is_named(tmp_path, bare_kubeconfig, refused, command):
    """Nothing listens there: the address and what to do, no Python traceback."""
    document = yaml.safe_load(bare_kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "dead.yaml"
    path.write_text(yaml.safe_dump(document))
    refused.config = dev_config(path)
    (line,) = refusal(refused, command)
    assert line.startswith("host dev: its API server can't be reached at https://127.0.0.1:1")
    assert "make up" in line


@COMMANDS
@pytest.mark.usefixtures("unchanged")
def test_a_host_without_the_gateway_api_is_refused(bare_kubeconfig, refused, command):
    """Everything that it lacks is said at once."""
    refused.config = dev_config(bare_kubeconfig)
    refused.config["tenants"] = [{"name": "acme", "runtimeClass": None}]  # it has no sandbox, too
    title, *lacks = refusal(refused, command)
    assert title == "host dev lacks what tenants need:"
    gateway, storage = lacks
    assert "the Gateway API of 1.5 or newer is not installed" in gateway
    assert "kubectl apply" in gateway
    assert "there is no default StorageClass" in storage
