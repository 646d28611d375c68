"""Each rule against what it must let pass and what it must refuse: one file of fixtures a rule."""

import re
from pathlib import Path

import pytest
import yaml

from policy import pack
from tests.support.judge import UNKNOWN, Sent, judge, secret

FIXTURES = Path(__file__).parent / "fixtures"
RULES = sorted(pack.RESOURCE_RULES | pack.STACK_RULES)


class _Loader(yaml.SafeLoader):
    """Knows the two marks that the engine puts on values."""


_Loader.add_constructor("!secret", lambda loader, node: secret(loader.construct_scalar(node)))
_Loader.add_constructor("!unknown", lambda loader, node: UNKNOWN)


def load(rule):
    return yaml.load((FIXTURES / f"{rule}.yaml").read_text(), _Loader)  # noqa: S506  it is safe


def stack_of(case):
    return [
        Sent(
            one["type"],
            one.get("name", f"resource-{number}"),
            one.get("urn", f"urn:{number}"),
            one.get("inputs", {}),
            one.get("outputs", {}),
            tuple(one.get("dependencies", ())),
        )
        for number, one in enumerate(case)
    ]


PASSES = [(rule, name) for rule in RULES for name in load(rule)["passes"]]
FAILS = [(rule, name) for rule in RULES for name in load(rule)["fails"]]


@pytest.mark.parametrize(("rule", "name"), PASSES)
def test_what_is_right_breaks_no_rule_at_all(rule, name):
    assert judge(stack_of(load(rule)["passes"][name])) == {}


@pytest.mark.parametrize(("rule", "name"), FAILS)
def test_what_is_wrong_is_said(rule, name):
    case = load(rule)["fails"][name]
    assert judge(stack_of(case["stack"]))[rule] == case["says"]


def test_every_rule_has_fixtures_of_both_kinds_and_is_documented():
    assert sorted(file.stem for file in FIXTURES.iterdir()) == RULES
    assert {rule for rule, _ in PASSES} == {rule for rule, _ in FAILS} == set(RULES)
    page = (Path(__file__).parents[2] / "docs/policy.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == list(
        pack.RESOURCE_RULES | pack.STACK_RULES
    )
