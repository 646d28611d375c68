import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from rig.plugins.kubernetes.property_path import contains, parse, render

_STEPS = st.text(st.characters(exclude_characters="\\*", categories=["L", "P"]), min_size=1)


@given(st.lists(_STEPS | st.integers(0, 9), min_size=1, max_size=5))
def test_what_is_rendered_is_parsed_again(steps):
    path = ("first", *steps)
    assert parse(render(path)) == path


def test_names_with_dots_are_quoted():
    path = ("metadata", "annotations", "a.test/b")
    assert render(path) == 'metadata.annotations["a.test/b"]'


@pytest.mark.parametrize(
    ("outer", "inner", "inside"),
    [
        ("spec", "spec.replicas", True),
        ("spec.replicas", "spec.replicas", True),
        ("spec.replicas", "spec", False),
        ("spec.ports[*].port", "spec.ports[3].port", True),
        ("spec.ports[1]", "spec.ports[3].port", False),
    ],
)
def test_a_path_contains_what_is_below_it(outer, inner, inside):
    assert contains(parse(outer), parse(inner)) is inside


def test_what_is_no_path_is_refused():
    with pytest.raises(InvalidInputError, match="ignoreChanges: is not a property path"):
        parse('a["b')
