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
        (obj("Namespace", namespace=None), "objects"),
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
    assert pieces([obj("ConfigMap"), obj("Secret")]) == [[obj("ConfigMap"), obj("Secret")]]
    assert pieces([]) == []


@given(st.lists(st.integers(1, LARGEST - 200), max_size=8))
def test_no_piece_is_too_large_to_be_stored_and_none_is_lost(sizes):
    given = [obj("ConfigMap", str(n), data={"a": "x" * size}) for n, size in enumerate(sizes)]
    found = pieces(given)
    assert [one for piece in found for one in piece] == given
    assert all(piece for piece in found)
    assert all(sum(len(json.dumps(one)) for one in piece) <= LARGEST for piece in found)


def test_one_that_is_too_large_alone_is_a_piece_of_its_own():
    """Kubernetes refuses it, and names it; the others are in place."""
    large = obj("ConfigMap", data={"a": "x" * 2 * LARGEST})
    assert pieces([obj("Secret"), large, obj("Secret")]) == [
        [obj("Secret")],
        [large],
        [obj("Secret")],
    ]
