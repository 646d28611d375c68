import dataclasses

import pytest

from rig.plugins.bridged import plan
from rig.plugins.bridged.values import UNKNOWN

STATE = {"name": "n", "size": 3.0, "kept": "k", "fresh": "f", "id": "thing-1"}


def test_a_new_resource_has_defaults_and_unknown_outputs(thing):
    assert plan.plan(thing, None, {"name": "n", "big": False}).planned == {
        "name": "n",
        "size": 3,
        "big": False,
        "kept": UNKNOWN,
        "fresh": UNKNOWN,
        "id": UNKNOWN,
    }


def test_the_same_inputs_change_nothing(thing):
    """Numbers come back from a state as floats."""
    same = plan.plan(thing, STATE, {"name": "n"})
    assert (same.changed, same.replaces, same.planned) == ([], [], STATE)


def test_a_change_in_place_forgets_what_is_not_kept(thing):
    changed = plan.plan(thing, STATE, {"name": "n", "size": 4.0})
    assert changed.changed == ["fresh", "size"]
    assert changed.replaces == []
    assert changed.planned == STATE | {"size": 4, "fresh": UNKNOWN}


@pytest.mark.parametrize("name", ["m", UNKNOWN])
def test_a_change_that_needs_a_new_one_says_which(thing, name):
    """An unknown value may differ, so the preview must show the replacement."""
    assert plan.plan(thing, STATE, {"name": name}).replaces == ["name"]


def test_an_input_taken_away_is_a_change(thing):
    state = STATE | {"tags": {"a": "b"}}
    assert plan.plan(thing, state, {"name": "n"}).changed == ["fresh", "tags"]


def test_an_unknown_block_is_an_object_of_unknowns(thing):
    planned = plan.plan(thing, None, {"name": "n", "block": UNKNOWN}).planned
    assert planned["block"] == {"a": UNKNOWN, "b": UNKNOWN}


def test_a_resource_type_may_force_a_new_one(thing):
    """What renews certificates."""

    def due(_prior, _config, planned):
        planned["kept"] = UNKNOWN
        return ["kept"]

    renewing = dataclasses.replace(thing, adjust=due)
    assert plan.plan(renewing, STATE, {"name": "n"}).replaces == ["kept"]
    assert plan.plan(renewing, None, {"name": "n"}).replaces == []


@pytest.mark.parametrize(
    ("path", "inputs"),
    [
        ("name", {"name": "n"}),
        ("big", {"name": "m"}),
        ("block.a", {"name": "m", "big": True, "block": {"b": "2"}}),
    ],
)
def test_ignored_changes_keep_what_the_state_has(path, inputs):
    asked = {"name": "m", "big": True, "block": {"a": "1", "b": "2"}}
    kept = plan.ignore_changes(STATE, asked, [path])
    assert {name: kept[name] for name in inputs} == inputs
    assert ("big" in kept) == (path != "big")


def test_a_refresh_finds_the_inputs_that_there_were():
    old = {"words": ["a", "b"], "block": {"a": "1", "gone": "2"}, "gone": "3", "n": 1.0}
    now = {"words": ["c"], "block": {"a": "4", "new": "5"}, "n": 2.0, "output": "6"}
    assert plan.refreshed_inputs(old, now) == {"words": ["c"], "block": {"a": "4"}, "n": 2.0}


def test_an_import_finds_the_inputs_that_say_something(thing):
    found = {"name": "n", "size": 0, "big": False, "tags": {}, "kept": "output"}
    assert plan.imported_inputs(thing, found) == {"name": "n"}
