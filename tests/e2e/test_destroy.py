"""The last tests on the shared stack: what it leaves behind, on the host and on screens."""

import pytest

from tests.support import hook_chart
from tests.support.kubectl import eventually
from tests.support.leaks import first_lines, leaks
from tests.support.pulumi_cli import PulumiCli, Said


@pytest.fixture(scope="module")
def known_keys(stack):
    """A piece of each private key in the state, while it is there."""
    return first_lines(stack.export("--show-secrets"))


@pytest.fixture(scope="module")
def destroyed(stack, pristine, host, known_keys, tmp_path_factory):
    """The stack changed, failed and was destroyed, each time with everything shown.

    With an operator whose removal would need its tenant, which goes in the same run.
    """
    assert host.inventory() != pristine
    assert known_keys
    acme = stack.config["tenants"][0]
    acme["timeoutSeconds"] = 200
    acme["operators"] = [hook_chart.operator(tmp_path_factory.mktemp("operator") / "hooked")]
    stack.config["tenants"].append({"name": "last", "version": "1.37.99", "timeoutSeconds": 10})
    assert stack.up("--diff", check=False).returncode
    stack.run("destroy", "--yes", "--skip-preview", "--diff")


@pytest.mark.usefixtures("destroyed")
def test_destroy_leaves_the_host_as_it_was(host, pristine):
    eventually(lambda: host.inventory() == pristine, "the host as it was")


@pytest.mark.usefixtures("destroyed")
def test_nothing_in_the_hosts_logs_gives_a_key_away(host_logs, known_keys):
    files = [path for path in host_logs.rglob("*") if path.is_file()]
    assert files
    for path in files:
        text = path.read_text(errors="replace")
        assert leaks(text) + [key[:20] for key in known_keys if key in text] == [], path.name


def leaking(transcript, keys=()):
    """The commands whose output gives away a secret, and how it begins."""
    return [
        (run.command, found)
        for run in transcript
        if (found := leaks(run.text) + [key[:20] for key in keys if key in run.text])
    ]


@pytest.mark.usefixtures("destroyed")
def test_nothing_that_pulumi_said_gives_a_key_away(stack, known_keys):
    """All runs of tests on this host, those of other stacks, too."""
    runs = [run for run in PulumiCli.transcript if f"--stack {stack.stack}" in run.command]
    said = {
        "create": "(create)",
        "update": "(update)",
        "fail": "error: update failed",
        "delete": "(delete)",
    }
    for what, mark in said.items():
        shown = [run for run in runs if mark in run.text and "--diff" in run.command]
        assert shown, f"no run was seen to {what} anything"
    assert any("privateKeyPem" in run.text and "[secret]" in run.text for run in runs)
    assert leaking(PulumiCli.transcript, known_keys) == []


def test_a_key_in_it_would_be_found(known_keys):
    """A piece of a key that is really there, without the line that says what it is."""
    harmless = Said("pulumi preview", 0, "Resources:\n    52 unchanged\n")
    careless = Said("pulumi up", 1, f"+ stringData: {max(known_keys)}")
    assert leaking([harmless, careless], known_keys) == [("pulumi up", [max(known_keys)[:20]])]
