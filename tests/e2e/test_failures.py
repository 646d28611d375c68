"""One bad tenant never stops the others, and every refusal says what is wrong and what to do."""

import copy

import pytest
import yaml

from tests.e2e.conftest import inventory
from tests.support.kubectl import Kubectl
from tests.support.pulumi_cli import PulumiCli, errors

COMMANDS = pytest.mark.parametrize("command", ["preview", "up"])


def refusal(cli, command):
    """The one error that a program ends with before it declares anything, line by line."""
    result = getattr(cli, command)(check=False)
    assert result.returncode
    assert "Traceback" not in result.stdout + result.stderr
    assert "kubernetes:" not in cli.export()
    found = errors(result)
    assert list(found) == [f"tenantplane-{cli.stack}"], result.stdout
    return found[f"tenantplane-{cli.stack}"][0].splitlines()


def test_an_impossible_image_fails_alone_and_by_name(stack):
    """A patch level that no registry has, beside a tenant that can come up."""
    stack.config["tenants"] += [
        {"name": "broken", "version": "1.37.99", "timeoutSeconds": 20},
        {"name": "fine"},
    ]
    try:
        result = stack.up(check=False)
        assert result.returncode
        failed = errors(result)
        assert set(failed) == {"broken-control-plane", "broken-base", "tenantplane-e2e"}, failed
        (reason,) = failed["broken-control-plane"]
        assert "Deployment tenant-broken/control-plane: not ready after 20 s" in reason
        assert "kube-apiserver:v1.37.99" in reason
        fine = Kubectl(stack.kubeconfig("fine"))
        assert fine.out("get", "--raw", "/readyz") == "ok"
    finally:
        stack.config["tenants"] = stack.config["tenants"][:2]
        stack.up()


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
def rejected(tmp_path_factory):
    """A stack of which nothing ever comes."""
    with PulumiCli(tmp_path_factory.mktemp("wrong"), "e2e-wrong", {}) as cli:
        yield cli


@pytest.mark.parametrize("case", REFUSALS, ids=str)
@COMMANDS
def test_wrong_input_is_refused_before_anything_is_created(
    config, host, stack, rejected, case, command
):
    """One line says the key, the value and what to do."""
    assert stack is not None, "its objects are part of what must not change"
    change, expected = REFUSALS[case]
    before = inventory(host)
    rejected.config = copy.deepcopy(config) | change
    lines = refusal(rejected, command)
    assert [line for line in lines if all(part in line for part in expected)], lines
    assert inventory(host) == before


@COMMANDS
def test_a_host_that_does_not_answer_is_named(tmp_path, config, host, command):
    """Nothing listens there: the address and what to do, no Python traceback."""
    document = yaml.safe_load(host.kubeconfig)
    document["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "dead.yaml"
    path.write_text(yaml.safe_dump(document))
    wrong = copy.deepcopy(config)
    wrong["host"]["adopt"] = {"kubeconfig": str(path)}
    before = inventory(host)
    with PulumiCli(tmp_path, "e2e-dead", wrong) as cli:
        (line,) = refusal(cli, command)
    assert line.startswith("host dev: its API server can't be reached at https://127.0.0.1:1")
    assert "make up" in line
    assert inventory(host) == before


@COMMANDS
def test_a_host_without_the_gateway_api_is_refused(tmp_path, config, bare_api_server, command):
    """A real API server with nothing on it: everything that it lacks is said at once."""
    wrong = copy.deepcopy(config)
    wrong["host"]["adopt"] = {"kubeconfig": str(bare_api_server)}
    wrong["tenants"] = [{"name": "acme", "runtimeClass": None}]  # it lacks every sandbox, too
    bare = Kubectl(bare_api_server.read_text())
    kinds = "namespaces,clusterroles,clusterrolebindings,customresourcedefinitions"
    before = bare.names(kinds)
    with PulumiCli(tmp_path, "e2e-bare", wrong) as cli:
        title, *lacks = refusal(cli, command)
    assert title == "host dev lacks what tenants need:"
    gateway, storage = lacks
    assert "the Gateway API of 1.5 or newer is not installed" in gateway
    assert "kubectl apply" in gateway
    assert "there is no default StorageClass" in storage
    assert bare.names(kinds) == before
