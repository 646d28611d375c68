"""The pack under the real engine, which alone says what is secret."""

import pytest

from rig.pulumi import ROOT
from tests.support.workspace import Workspace

pytestmark = pytest.mark.processes

KUBECONFIG = """
import pulumi
text = "apiVersion: v1\\nkind: Config\\ncurrent-context: a\\nusers: [{user: {token: hunter2}}]\\n"
pulumi.export("kubeconfigs", {"acme": %s})
"""


@pytest.fixture
def preview(tmp_path):
    """Preview a program under the pack; returns what the CLI says, and whether it passed."""

    def run(program, *options):
        project = Workspace(tmp_path, program)
        pack = ("--policy-pack", str(ROOT / "policy"))
        done = project.run("preview", *pack, *options, check=False)
        project.remove()
        return done.stdout + done.stderr, done.returncode == 0

    return run


def test_a_kubeconfig_given_out_in_clear_fails_a_preview(preview):
    said, passed = preview(KUBECONFIG % "text")
    assert not passed
    assert "[mandatory]  secret-key-outputs" in said
    assert "kubeconfigs.acme: a kubeconfig that lets its bearer in stands in the state" in said


def test_a_secret_kubeconfig_passes(preview):
    """The SDK of policy packs alone would show it like any other text."""
    said, passed = preview(KUBECONFIG % "pulumi.Output.secret(text)")
    assert passed, said
    assert "✅ tenantplane@" in said


def test_a_rule_can_be_made_a_warning(preview, tmp_path):
    config = tmp_path / "rules.json"
    config.write_text('{"secret-key-outputs": "advisory"}')
    said, passed = preview(KUBECONFIG % "text", "--policy-pack-config", str(config))
    assert passed, said
    assert "[advisory]  secret-key-outputs" in said
