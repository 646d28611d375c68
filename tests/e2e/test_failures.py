"""One bad tenant never stops the others, and every refusal says what is wrong and what to do."""

import copy

import pytest
import yaml

from tests.e2e.conftest import inventory
from tests.support.kubectl import Kubectl
from tests.support.pulumi_cli import PulumiCli


def test_an_impossible_image_fails_alone_and_by_name(stack):
    """A patch level that no registry has, beside a tenant that can come up."""
    stack.config["tenants"] += [
        {"name": "broken", "version": "1.37.99", "timeoutSeconds": 20},
        {"name": "fine"},
    ]
    try:
        result = stack.up(check=False)
        text = result.stdout + result.stderr
        assert result.returncode
        assert "broken" in text
        assert "kube-apiserver:v1.37.99" in text
        fine = Kubectl(stack.kubeconfig("fine"))
        assert fine.out("get", "--raw", "/readyz") == "ok"
    finally:
        stack.config["tenants"] = stack.config["tenants"][:2]
        stack.up()


REFUSALS = {
    "duplicate name": (
        {"tenants": [{"name": "twin"}, {"name": "twin"}]},
        ["tenants[1].name", "twin"],
    ),
    "illegal name": ({"tenants": [{"name": "Acme_1"}]}, ["tenants[0].name", "Acme_1", "use"]),
    "unknown key": (
        {"tenants": [{"name": "acme", "replica": 2}]},
        ["tenants[0].replica", "replicas"],
    ),
    "unsupported version": (
        {"tenants": [{"name": "acme", "version": "1.30.0"}]},
        ["tenants[0].version", "1.30.0", "1.37.2"],
    ),
    "unknown profile": (
        {"tenants": [{"name": "acme", "profile": "huge"}]},
        ["tenants[0].profile", "huge", "small"],
    ),
    "two etcd members": ({"etcd": {"shared": {"members": 2}}}, ["etcd.shared.members", "2", "3"]),
    "unreadable kubeconfig": (
        {"host": {"name": "dev", "adopt": {"kubeconfig": "/nowhere/kubeconfig"}}},
        ["host.adopt", "/nowhere/kubeconfig"],
    ),
}


@pytest.mark.parametrize("case", REFUSALS, ids=str)
@pytest.mark.parametrize("command", ["preview", "up"])
def test_wrong_input_is_refused_before_anything_is_created(
    tmp_path, config, host, stack, case, command
):
    assert stack is not None, "its objects are part of what must not change"
    change, expected = REFUSALS[case]
    before = inventory(host)
    with PulumiCli(tmp_path, "e2e-wrong", copy.deepcopy(config) | change) as cli:
        result = getattr(cli, command)(check=False)
        state = cli.export()
    text = result.stdout + result.stderr
    assert result.returncode
    for part in expected:
        assert part in text, text
    assert "Traceback" not in text
    assert "kubernetes:" not in state
    assert inventory(host) == before


def test_a_host_that_does_not_answer_is_named_in_the_preview(tmp_path, config, host):
    """Nothing listens there: the address and what to do, no Python traceback."""
    document = yaml.safe_load(host.kubeconfig)
    document["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    path = tmp_path / "dead.yaml"
    path.write_text(yaml.safe_dump(document))
    wrong = copy.deepcopy(config)
    wrong["host"]["adopt"] = {"kubeconfig": str(path)}
    with PulumiCli(tmp_path, "e2e-dead", wrong) as cli:
        result = cli.preview(check=False)
    text = result.stdout + result.stderr
    assert result.returncode
    assert "https://127.0.0.1:1" in text
    assert "make up" in text
    assert "Traceback" not in text


def test_a_host_without_the_gateway_api_is_refused(tmp_path, config, bare_api_server):
    """A real API server with nothing on it: everything that it lacks is said at once."""
    wrong = copy.deepcopy(config)
    wrong["host"]["adopt"] = {"kubeconfig": str(bare_api_server)}
    with PulumiCli(tmp_path, "e2e-bare", wrong) as cli:
        result = cli.preview(check=False)
    text = result.stdout + result.stderr
    assert result.returncode
    assert "Gateway API" in text
    assert "StorageClass" in text
    assert "kubectl apply" in text
