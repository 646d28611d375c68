"""What of a chart goes into the tenant when, in pieces that can be stored."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.operators import objects
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


@given(st.lists(st.integers(1, LARGEST // 4), max_size=8))
def test_many_are_pieces_of_which_none_is_empty_and_nothing_is_lost(sizes):
    given = [obj("ConfigMap", str(n), data={"a": "x" * size}) for n, size in enumerate(sizes)]
    found = pieces(given)
    assert all(found.values())
    together = [one for piece in found.values() for one in piece]
    assert sorted(together, key=objects.label) == sorted(given, key=objects.label)
    assert (list(found) in ([], [0])) == (sum(map(size, given)) <= LARGEST)


def test_a_large_chart_is_cut_so_that_each_piece_can_be_stored():
    """The largest have some MiB of definitions."""
    given = [definition(f"Kind{number}") for number in range(200)]
    for one in given:
        one["spec"]["versions"] = ["x" * 20_000]
    found = pieces(given)
    assert len(found) > 4
    assert all(sum(map(size, piece)) <= LARGEST for piece in found.values())


def test_an_object_stays_in_its_piece_whatever_others_there_are():
    """One that moved would be deleted by one piece and made by another, a CRD with its data."""
    given = [obj("ConfigMap", str(n), data={"a": "x" * (LARGEST // 10)}) for n in range(30)]

    def numbers(manifests):
        found = pieces(manifests)
        return {objects.label(one): number for number, those in found.items() for one in those}

    before, after = numbers(given), numbers(given[15:])
    assert {label: before[label] for label in after} == after


def size(manifest):
    return len(json.dumps(manifest))
