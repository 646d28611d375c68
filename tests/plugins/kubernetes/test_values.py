import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.struct_pb2 import Struct
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInputError
from rig.plugins.kubernetes import values
from rig.plugins.kubernetes.values import SECRET, SIGNATURE, Secret

_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
)


def message(tree):
    return ParseDict(tree, Struct())


def secret(value):
    return {SIGNATURE: SECRET, "value": value}


@given(st.dictionaries(st.text(max_size=5), _DATA, max_size=4))
def test_what_is_written_is_read_again(tree):
    assert values.read(values.write(tree)).plain == tree


def test_numbers_without_a_fraction_are_whole():
    """The API server refuses `replicas: 3.0`."""
    plain = values.read(message({"a": 3, "b": 0.5, "c": [1]})).plain
    assert plain == {"a": 3, "b": 0.5, "c": [1]}
    assert isinstance(plain["a"], int)


def test_secrets_are_told_apart_from_where_they_stand():
    found = values.read(
        message({"a": secret("x"), "b": {"c": secret({"d": 1}), "e": 2}, "f": [1, secret(2)]})
    )
    assert found.plain == {"a": "x", "b": {"c": {"d": 1}, "e": 2}, "f": [1, 2]}
    assert found.secrets == {"a": True, "b": {"c": True}, "f": True}


@pytest.mark.parametrize("mark", ["04da6b54-80e4-46f7-96ec-b56ff0331ba9", values._UNKNOWN_MARKS[4]])
def test_unknowns_are_seen_and_written_back_as_they_came(mark):
    given_message = message({"a": [{"b": mark}]})
    found = values.read(given_message)
    assert found.has_unknowns
    assert values.has_unknowns(found.plain)
    assert values.write(found.plain) == given_message


def test_what_nobody_looks_at_is_not_read():
    skip = {"status": {}, "metadata": {"managedFields": {}}}
    tree = {"status": {"a": 1}, "metadata": {"managedFields": [1], "name": "n"}}
    assert values.read(message(tree), skip=skip).plain == {"metadata": {"name": "n"}}


def test_names_of_sdks_become_those_of_kubernetes_and_back():
    tree = {"spec": [{"x_kubernetes_list_type": "set"}], "x_kubernetes_other": 1}
    plain = values.read(message(tree)).plain
    assert plain == {"spec": [{"x-kubernetes-list-type": "set"}], "x_kubernetes_other": 1}
    assert MessageToDict(values.write(plain, underscored=True)) == tree
    assert MessageToDict(values.write(plain))["spec"] == plain["spec"]


def test_secrets_are_wrapped_for_the_engine():
    assert MessageToDict(values.write({"a": Secret({"b": []})})) == {"a": secret({"b": []})}


def test_assets_are_refused():
    asset = {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "text": "x"}
    with pytest.raises(InvalidInputError, match="an asset, an archive or a resource"):
        values.read(message({"a": asset}))
