"""What of a chart goes into the tenant when, in pieces that can be stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.operators.phases import LARGEST, Phases, phases, pieces
from tests.support.operator_objects import ADMISSION, RBAC, definition, obj


@pytest.mark.parametrize(
    ("given", "phase"),
    [
        (definition(), "definitions"),
        (obj("Secret"), "secrets"),
        (obj("Namespace", namespace=None), "definitions"),
        (obj("ConfigMap"), "objects"),
        (obj("ServiceAccount"), "objects"),
        (obj("Service"), "objects"),
        (obj("ClusterRole", namespace=None, api_version=RBAC), "objects"),
        (obj("ValidatingWebhookConfiguration", namespace=None, api_version=ADMISSION), "served"),
        (obj("MutatingWebhookConfiguration", namespace=None, api_version=ADMISSION), "served"),
        (obj("APIService", namespace=None, api_version="apiregistration.k8s.io/v1"), "served"),
        (obj("Thing", api_version="demo.test/v1"), "resources"),
        (obj("ServiceMonitor", api_version="monitoring.coreos.com/v1"), "resources"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else value,
)
def test_each_object_is_in_the_phase_in_which_it_can_be_there(given, phase):
    """Kinds before what needs them; webhooks with their pods; what webhooks judge, last."""
    found = phases([given])
    assert {name: getattr(found, name) for name in Phases.__dataclass_fields__} == {
        name: (given,) if name == phase else () for name in Phases.__dataclass_fields__
    }


def test_the_order_within_a_phase_is_the_charts():
    given = [obj("ConfigMap", "b"), definition(), obj("ConfigMap", "a")]
    assert [one["metadata"]["name"] for one in phases(given).objects] == ["b", "a"]


def test_few_objects_are_one_piece_and_none_are_no_piece():
    assert pieces([obj("ConfigMap"), obj("Secret")]) == {0: [obj("ConfigMap"), obj("Secret")]}
    assert pieces([]) == {}


SIZES = st.lists(st.integers(1, LARGEST - 200), max_size=8)


def config_maps(sizes):
    return [obj("ConfigMap", f"c{n}", data={"a": "x" * size}) for n, size in enumerate(sizes)]


@given(SIZES)
def test_no_piece_is_too_large_to_be_stored_and_none_is_lost(sizes):
    found = pieces(config_maps(sizes))
    placed = [one["metadata"]["name"] for piece in found.values() for one in piece]
    assert sorted(placed) == [f"c{n}" for n in range(len(sizes))]
    assert all(found.values())
    for piece in found.values():
        assert sum(len(json.dumps(one)) for one in piece) <= LARGEST


def test_an_object_stays_in_its_piece_whatever_others_come_and_go():
    """One that moved would be away for a moment, and with a kind all objects of it."""
    given = config_maps([LARGEST // 4] * 8)
    assert len(pieces(given)) > 1
    before = {str(one): number for number, piece in pieces(given).items() for one in piece}
    for number, piece in pieces(given[1:]).items():
        assert all(before[str(one)] == number for one in piece)


def test_one_that_is_too_large_alone_is_a_piece_of_its_own():
    """Kubernetes refuses it, and names it; the others are in place."""
    large = obj("ConfigMap", "large", data={"a": "x" * 2 * LARGEST})
    found = pieces([obj("Secret", "a"), large, obj("Secret", "b")])
    assert [large] in found.values()
    assert sum(map(len, found.values())) == 3
