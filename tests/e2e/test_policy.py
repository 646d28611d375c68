"""The policy pack over the dev stack: nothing of ours breaks a rule, and what does is refused."""

import copy

import pytest

from rig.pulumi import ROOT

PACK = ("--policy-pack", str(ROOT / "policy"))


def test_the_dev_stack_breaks_no_rule(stack):
    """With all that providers made of it; it must not be changed by being looked at."""
    said = stack.preview(*PACK).stdout
    assert "✅ tenantplane@" in said
    assert "[mandatory]" not in said
    assert "to create" not in said


@pytest.mark.parametrize(
    ("image", "rule", "says"),
    [
        (
            {"traefik": "docker.io/library/traefik:latest"},
            "pinned-images",
            "container traefik: its image is pinned neither by version nor by digest, got 'docker",
        ),
        (
            {"etcd": "registry.k8s.io/etcd:v3.6.13"},
            "etcd-floor",
            "is an etcd in which one tenant can watch another's keys, got '3.6.13'; use 3.7.1 or",
        ),
    ],
)
def test_what_breaks_a_rule_fails_a_preview_that_says_why(stack, image, rule, says):
    before = copy.deepcopy(stack.config)
    stack.config["images"] = {"overrides": image}
    try:
        refused = stack.preview(*PACK, check=False)
    finally:
        stack.config.clear()
        stack.config.update(before)
        stack.write_config()
    assert refused.returncode != 0
    assert f"[mandatory]  {rule}  (" in refused.stdout
    assert says in refused.stdout
