"""Plain values become frozen dataclasses; everything wrong is said at once with its path."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import schema
from core.errors import InvalidInputError
from core.schema import setting


def shout(value, path):
    if value == "quiet":
        raise InvalidInputError(path, "is quiet", value, "be loud")
    return value.upper()


@dataclass(frozen=True, kw_only=True)
class Inner:
    size_gib: int = setting(default=2, minimum=1, maximum=8)
    colour: str = setting(default="red", choices=("red", "blue"))


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str = setting(example="acme", check=shout)
    on: bool = setting(default=False)
    note: str | None = setting(default=None)
    secret: str | None = setting(default=None, secret=True)
    inner: Inner = setting(default=Inner(size_gib=5))
    by_name: Mapping[str, Inner] = setting(factory=dict, key_check=shout)
    texts: Mapping[str, str] = setting(factory=dict)
    all_of: tuple[Inner, ...] = setting(default=())


def problems(value):
    with pytest.raises(InvalidInputError) as error:
        schema.read(Outer, value)
    return list(error.value.problems)


def test_defaults_fill_what_is_left_out():
    assert schema.read(Outer, {"name": "x"}) == Outer(name="X")


def test_null_is_the_same_as_left_out():
    """`gateway:` with nothing below it is null in YAML."""
    assert schema.read(Outer, {"name": "x", "inner": None, "on": None}) == Outer(name="X")


def test_an_entry_of_a_mapping_may_have_only_defaults():
    """`shared:` with nothing below it is a pool all the same."""
    assert schema.read(Outer, {"name": "x", "byName": {"a": None}}).by_name == {"A": Inner()}


def test_nested_values_are_read_by_camel_case_keys():
    found = schema.read(
        Outer,
        {
            "name": "x",
            "byName": {"a": {"sizeGib": 3}},
            "allOf": [{"colour": "blue"}, {}],
            "texts": {"k": "v"},
        },
    )
    assert found.by_name["A"].size_gib == 3
    assert [one.colour for one in found.all_of] == ["blue", "red"]
    assert found.texts == {"k": "v"}


def test_a_section_given_in_part_keeps_the_rest_of_its_own_default():
    """The gVisor pool has no nodes by default: naming its machine type must not add some."""
    assert schema.read(Outer, {"name": "x", "inner": {"colour": "blue"}}).inner == Inner(
        size_gib=5, colour="blue"
    )


def test_json_has_one_kind_of_number():
    assert schema.read(Inner, {"sizeGib": 3.0}).size_gib == 3


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({}, "name: is missing; write it like acme"),
        ({"name": 3}, "name: is not a text, got 3; put it in quotes"),
        ({"name": ""}, "name: is empty; write it like acme"),
        ({"name": "quiet"}, "name: is quiet, got 'quiet'; be loud"),
        ({"name": "x", "on": 1}, "on: is not true or false, got 1"),
        ({"name": "x", "nam": 1}, "nam: is not a key that is known here; did you mean name?"),
        (
            {"name": "x", "by_name": {}},
            "by_name: is not a key that is known here; did you mean byName?",
        ),
        (
            {"name": "x", "inner": 3},
            "inner: is not a mapping, got 3; write keys below it: sizeGib, ",
        ),
        (
            {"name": "x", "inner": {"sizeGib": True}},
            "inner.sizeGib: is not a whole number, got True",
        ),
        ({"name": "x", "inner": {"sizeGib": "3"}}, "inner.sizeGib: is not a whole number, got '3'"),
        ({"name": "x", "inner": {"sizeGib": 2.5}}, "inner.sizeGib: is not a whole number, got 2.5"),
        ({"name": "x", "inner": {"sizeGib": 0}}, "inner.sizeGib: is too small, got 0; use 1 to 8"),
        ({"name": "x", "inner": {"sizeGib": 9}}, "inner.sizeGib: is too large, got 9; use 1 to 8"),
        ({"name": "x", "inner": {"colour": "x"}}, "inner.colour: is not one of the values it can"),
        ({"name": "x", "byName": []}, "byName: is not a mapping, got []"),
        ({"name": "x", "byName": {3: {}}}, "byName.3: is not a text, got 3"),
        ({"name": "x", "byName": {"quiet": {}}}, "byName.quiet: is quiet"),
        ({"name": "x", "allOf": {}}, "allOf: is not a list, got {}"),
        ({"name": "x", "allOf": [{}, {"sizeGib": 9}]}, "allOf[1].sizeGib: is too large"),
        ({"name": "x", "allOf": [None]}, "allOf[0]: is not a mapping, got None"),
        ({"name": "x", "texts": {"k": 3}}, "texts.k: is not a text, got 3"),
    ],
)
def test_each_mistake_is_said_with_its_path(value, problem):
    (found,) = problems(value)
    assert found.startswith(problem)


def test_what_is_no_mapping_at_all_is_refused():
    assert problems([1])[0].startswith("config: is not a mapping, got [1]")


def test_all_mistakes_are_said_at_once():
    wrong = {"on": 1, "inner": {"sizeGib": 0, "colour": "x"}, "allOf": [3]}
    assert [one.partition(":")[0] for one in problems(wrong)] == [
        "name",
        "on",
        "inner.sizeGib",
        "inner.colour",
        "allOf[0]",
    ]


def test_a_secret_value_is_never_shown():
    (found,) = problems({"name": "x", "secret": 12345})
    assert "12345" not in found


def test_plain_values_leave_defaults_out():
    found = Outer(name="X", by_name={"A": Inner(size_gib=3)}, all_of=(Inner(),))
    assert schema.plain(found) == {"name": "X", "byName": {"A": {"sizeGib": 3}}, "allOf": [{}]}


def test_keys_describe_themselves():
    """The reference of the settings is made from this."""
    key = schema.keys(Outer)["byName"]
    assert (key.name, key.optional, key.default) == ("by_name", False, {})
    assert schema.keys(Outer)["name"].default is MISSING
    assert schema.keys(Outer)["note"].optional


INNERS = st.builds(Inner, size_gib=st.integers(1, 8), colour=st.sampled_from(["red", "blue"]))
OUTERS = st.builds(
    Outer,
    name=st.text("ABC", min_size=1),
    on=st.booleans(),
    note=st.none() | st.text(min_size=1),
    inner=INNERS,
    by_name=st.dictionaries(st.text("ABC", min_size=1), INNERS),
    texts=st.dictionaries(st.text(min_size=1), st.text(min_size=1)),
    all_of=st.lists(INNERS).map(tuple),
)


@given(OUTERS)
def test_what_is_written_is_read_back(settings):
    assert schema.read(Outer, schema.plain(settings)) == settings


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(ANYTHING)
def test_whatever_is_given_is_read_or_refused(value):
    try:
        schema.read(Outer, value)
    except InvalidInputError as error:
        found = error.problems
    else:
        found = ("read",)
    assert found
