"""Hooks are understood as Helm understands them."""

import pytest

from core.operators import hooks
from core.operators.hooks import Hook
from tests.support.operator_objects import hook, obj, workload


def job(name, weight=0):
    return Hook(frozenset({"pre-install"}), weight, workload("Job", name))


def test_what_has_no_annotation_is_no_hook():
    assert hooks.events(obj("ConfigMap")) == hooks.events({"metadata": None}) == set()


def test_one_object_may_be_a_hook_of_several_events():
    assert hooks.events(hook(workload("Job"), " pre-install , pre-upgrade,")) == {
        "pre-install",
        "pre-upgrade",
    }


@pytest.mark.parametrize(
    ("events", "alone"),
    [
        ("test", True),
        ("test-success,test-failure", True),
        ("test,post-install", False),
        ("", False),
    ],
)
def test_a_test_is_what_runs_at_nothing_else(events, alone):
    assert hooks.is_test(hook(obj("Pod"), events)) is alone


@pytest.mark.parametrize(
    ("events", "alone"),
    [
        ("pre-upgrade", True),
        ("post-upgrade,pre-rollback", True),
        ("pre-install,pre-upgrade", False),
        ("post-install,pre-upgrade", False),
        ("pre-delete", False),
        ("", False),
    ],
)
def test_a_hook_for_upgrades_runs_at_no_install(events, alone):
    assert hooks.is_for_upgrades(hook(workload("Job"), events)) is alone


@pytest.mark.parametrize(
    ("weight", "counts"), [("-5", -5), ("+3", 3), (None, 0), ("", 0), ("first", 0), ("1.5", 0)]
)
def test_a_weight_that_is_no_number_counts_as_none(weight, counts):
    """So it does for Helm (pkg/release/v1/util, calculateHookWeight); the rest is right."""
    assert hooks.weight(hook(workload("Job"), "pre-install", weight)) == counts


def test_the_lowest_weight_runs_first_and_then_the_name_counts():
    given = [job("c"), job("b", 1), job("a", 1), job("z", -1)]
    assert [one.job["metadata"]["name"] for one in sorted(given, key=hooks.order)] == [
        "z",
        "c",
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("events", "when"),
    [
        ("pre-install", "before"),
        ("pre-install,pre-upgrade", "before"),
        ("pre-upgrade", "before"),
        ("post-install,post-upgrade", "after"),
        ("post-upgrade", "after"),
        ("pre-install,post-upgrade", "before"),
        ("post-install,pre-upgrade", "after"),
        ("pre-install,post-install", "before"),
        ("pre-delete", None),
        ("pre-rollback", None),
    ],
)
def test_a_job_runs_once_and_when_it_would_at_the_first_time(events, when):
    """Declared twice it would be one resource too many."""
    (known,) = [Hook(frozenset(events.split(",")), 0, workload("Job"))]
    found = [name for name in ("before", "after") if getattr(hooks, name)([known])]
    assert found == ([when] if when else [])


def test_an_object_that_we_put_in_place_is_no_hook_of_a_release():
    metadata = hook(obj("Job", annotations={"mine": "yes"}), "pre-install", 1)["metadata"]
    metadata["annotations"]["helm.sh/hook-delete-policy"] = "hook-succeeded"
    hooks.forget(metadata)
    assert metadata["annotations"] == {"mine": "yes"}
    hooks.forget(bare := hook(obj("Job"), "pre-install")["metadata"])
    assert "annotations" not in bare
