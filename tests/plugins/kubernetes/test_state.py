from google.protobuf.json_format import MessageToDict

from rig.plugins.kubernetes import values
from rig.plugins.kubernetes.state import State, checkpoint, pruned, with_secrets
from rig.plugins.kubernetes.values import Properties, Secret


def test_a_secret_of_kubernetes_is_secret_whatever_was_given():
    """A program in YAML gives its data in clear; the state must not have it so."""
    obj = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "YQ=="}, "stringData": {"b": "b"}}
    marked = with_secrets(obj, Properties(obj))
    assert marked["data"] == Secret({"a": "YQ=="})
    assert marked["stringData"] == Secret({"b": "b"})


def test_a_value_is_secret_where_it_was_given_as_one():
    obj = {"spec": {"a": 1, "b": {"c": 2}, "list": [1]}}
    given = Properties(obj, {"spec": {"a": True, "b": {"c": True}, "list": True}})
    assert with_secrets(obj, given) == {
        "spec": {"a": Secret(1), "b": {"c": Secret(2)}, "list": Secret([1])}
    }


def test_a_state_has_the_official_layout_and_is_read_again():
    live = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}, "x": "server"}
    inputs = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1"}}
    message = checkpoint(
        live, inputs, Properties(inputs), api_version="v1", field_manager="manager"
    )
    assert MessageToDict(message) == {
        **live,
        "__inputs": inputs,
        "__initialApiVersion": "v1",
        "__fieldManager": "manager",
    }
    state = State(message)
    assert (state.live, state.inputs) == (live, inputs)
    assert (state.api_version, state.field_manager) == ("v1", "manager")


def test_secret_data_is_secret_in_both_halves_of_a_state():
    live = {"apiVersion": "v1", "kind": "Secret", "data": {"a": "MQ=="}}
    message = checkpoint(live, live, Properties(live), api_version="v1", field_manager="m")
    shown = MessageToDict(message)
    assert values.SIGNATURE in shown["data"]
    assert values.SIGNATURE in shown["__inputs"]["data"]


def test_pruning_keeps_what_the_inputs_name():
    live = {"a": 1, "b": {"c": 2, "d": 3}, "list": [{"x": 1, "y": 2}, {"x": 3}], "more": 1}
    shape = {"a": 0, "b": {"c": 0}, "list": [{"x": 0}], "missing": 1}
    assert pruned(live, shape) == {"a": 1, "b": {"c": 2}, "list": [{"x": 1}]}
