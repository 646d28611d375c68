import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import TenantplaneError
from rig.plugins.bridged import values
from rig.plugins.bridged.values import UNKNOWN, Secret, has_unknown, read, write

SCALARS = st.booleans() | st.floats(allow_nan=False) | st.text() | st.just(UNKNOWN)
PLAIN = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.text(), PLAIN))
def test_what_is_written_is_read_back(tree):
    """Empty lists and dicts, unknowns and every text survive."""
    assert read(write(tree)) == tree


@settings(deadline=None)  # the machine may be busy
@given(st.dictionaries(st.text(min_size=1), PLAIN))
def test_secrets_are_taken_out_on_the_way_in(tree):
    """The bridge tells the engine that it wants none, but must not break on one."""
    marked = {name: Secret(value) for name, value in tree.items()}
    assert read(write(marked)) == tree


@pytest.mark.parametrize("mark", sorted(values._UNKNOWNS))
def test_every_mark_of_an_unknown_is_known(mark):
    """The engine has one per kind of value."""
    assert read(write({"a": mark}))["a"] is UNKNOWN


def test_unknowns_are_found_at_any_depth():
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert not has_unknown({"a": [{"b": "c"}], "d": None})


def test_null_says_the_same_as_absence():
    assert read(write({"a": None})) == {}


def test_an_asset_is_refused():
    """Only the signature of a secret may stand for a plain value."""
    asset = {values._SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    with pytest.raises(TenantplaneError, match="an asset"):
        read(write({"a": asset}))


def test_what_json_can_not_say_is_an_error():
    with pytest.raises(AttributeError):
        write({"a": object()})
