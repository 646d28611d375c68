import pytest

from rig.plugins.bridged import check
from rig.plugins.bridged.values import UNKNOWN


@pytest.mark.parametrize(
    ("inputs", "name", "says"),
    [
        ({}, "name", "name: is missing; give a string"),
        ({"name": ["x"]}, "name", "name: must be a string, got ['x']"),
        ({"name": "n", "size": "big"}, "size", "size: must be a whole number, got 'big'"),
        ({"name": "n", "size": 1.5}, "size", "size: must be a whole number, got 1.5"),
        ({"name": "n", "size": True}, "size", "size: must be a whole number, got True"),
        ({"name": "n", "size": 10.0}, "size", "size: must be below 10, got 10"),
        ({"name": "n", "big": "true"}, "big", "big: must be true or false, got 'true'"),
        ({"name": "n", "words": "a"}, "words", "words: must be a list of strings, got 'a'"),
        ({"name": "n", "tags": ["a"]}, "tags", "tags: must be a map of strings, got ['a']"),
        ({"name": "n", "block": "x"}, "block", "block: must be an object, got 'x'"),
        ({"name": "n", "block": {"c": "d"}}, "block.c", "block: has no input c; it has a, b"),
        ({"name": "n", "block": {"a": []}}, "block.a", "block.a: must be a string, got []"),
        ({"name": "n", "keyWo": "x"}, "keyWo", "keyWo: is not offered by this plugin; use key"),
    ],
)
def test_wrong_input_is_named_with_its_path(thing, inputs, name, says):
    """Everything is said before a resource is touched."""
    assert check.failures(thing, inputs) == [(name, says)]


def test_an_input_that_does_not_exist_is_refused(thing):
    """The official plugin ignores it; a typo would go unseen."""
    ((name, says),) = check.failures(thing, {"name": "n", "nmae": "x", "kept": "output"})[:1]
    assert name == "kept"
    assert says.startswith("Thing: has no input kept; it has big, block,")


def test_a_secret_is_never_shown(thing):
    ((_, says),) = check.failures(thing, {"name": "n", "key": ["hunter2"]})
    assert "hunter2" not in says


def test_unknown_values_are_right_until_they_are_known(thing):
    unknown = dict.fromkeys(("name", "size", "big", "tags", "words", "key", "block"), UNKNOWN)
    assert check.failures(thing, unknown) == []
    assert check.failures(thing, {"name": "n", "words": [UNKNOWN], "block": {"a": UNKNOWN}}) == []


def test_scalars_become_what_terraform_makes_of_them(thing):
    """SDKs of other languages send 3.0 for 3; people write `1` where a string belongs."""
    inputs = {"name": 7.0, "size": "4", "words": [True, 1.5], "tags": {"a": 2.0}}
    assert check.failures(thing, inputs) == []
    assert check.integers(thing, inputs) == {
        "name": "7",
        "size": 4,
        "words": ["true", "1.5"],
        "tags": {"a": "2"},
    }
