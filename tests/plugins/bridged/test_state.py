import pytest

from core.errors import TenantplaneError
from rig.plugins.bridged import state
from rig.plugins.bridged.values import UNKNOWN, Secret

NULL = Secret({"replace": {"raw": None}})


def test_a_state_carries_the_marks_of_the_bridge(thing):
    """Compared with what pulumi-terraform-bridge 3.137 writes for the same shapes."""
    kept = state.keep(thing, {"name": "n", "key": "k", "tags": {}, "words": [], "id": "1"})
    assert kept["key"] == Secret("k")
    assert kept["__meta"] == '{"schema_version":"2"}'
    assert kept["__pulumi_raw_state_delta"] == {
        "obj": {
            "ps": {
                "size": NULL,
                "big": NULL,
                "tags": {"map": {}},
                "words": {"arr": {}},
                "keyWo": NULL,
                "block": Secret({"replace": {"raw": []}}),
                "kept": NULL,
                "fresh": NULL,
            },
            "renamed": {"words": "word"},
        }
    }


def test_a_block_is_a_list_of_one_in_terraform(thing):
    kept = state.keep(thing, {"name": "n", "block": {"a": "1"}})
    delta = kept["__pulumi_raw_state_delta"]["obj"]["ps"]["block"]
    assert delta == {"plu": {"i": {"obj": {"ps": {"b": NULL}}}}}


def test_a_planned_state_has_no_marks(thing):
    """It is never kept; the bridge marks only what is whole."""
    kept = state.keep(thing, {"name": "n", "key": UNKNOWN, "block": {"a": UNKNOWN}})
    assert kept == {"name": "n", "key": UNKNOWN, "block": {"a": UNKNOWN}}


def test_a_state_is_loaded_without_marks(thing):
    kept = {"name": "n", "__meta": '{"schema_version":"1"}', "__pulumi_raw_state_delta": {}}
    assert state.load(thing, kept) == {"name": "n"}


def test_a_state_of_a_newer_plugin_is_refused(thing):
    """Its attributes may mean something else."""
    with pytest.raises(TenantplaneError, match="got schema version 3, know 2"):
        state.load(thing, {"__meta": '{"schema_version":"3"}'})
