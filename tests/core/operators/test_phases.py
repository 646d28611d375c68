"""What of a chart goes into the tenant when, in pieces that can be stored."""

import json
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.operators import objects
from core.operators.phases import LARGEST, Phases, phases, pieces, problems
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


@given(st.lists(st.integers(100, 2000), min_size=2, max_size=30), st.data())
def test_an_object_moves_to_a_later_piece_or_from_one_that_is_gone(sizes, data):
    """What goes first takes it away, a CRD with its data; pieces that are gone go last."""
    everything = [obj("ConfigMap", str(n), data={"a": "x" * size}) for n, size in enumerate(sizes)]
    some = data.draw(st.lists(st.sampled_from(everything), unique_by=objects.label))
    with patch("core.operators.phases.LARGEST", 5000):
        few, all_ = numbers(some), numbers(everything)
    for old, new in ((few, all_), (all_, few)):
        for label in old.keys() & new.keys():
            moved = old[label] != new[label]
            assert not moved or new[label] > old[label] or old[label] not in new.values()


def test_an_object_stays_in_its_piece_when_others_come_and_go():
    """A moved one is applied anew."""
    given = [obj("ConfigMap", str(n), data={"a": "x" * (LARGEST // 10)}) for n in range(30)]
    before, after = numbers(given), numbers(given[4:])
    assert {label: before[label] for label in after} == after


def test_the_same_object_many_times_is_cut_no_further():
    """It has one number, however many there are; of two the agent takes the last."""
    given = [obj("ConfigMap", data={"a": "x" * (LARGEST // 2)})] * 3
    assert list(pieces(given).values()) == [given]


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_what_can_be_stored_is_no_problem(kind):
    given = obj(kind, data={"a": ""})
    given["data"]["a"] = "x" * (LARGEST - size(given))
    assert list(problems([given], "operator demo")) == []


def test_an_object_that_no_piece_can_hold_is_named():
    """The host's API server would refuse it in the middle of an update, without its name."""
    large = definition()
    large["spec"]["versions"] = ["x" * LARGEST]
    (error,) = problems([obj("ConfigMap"), large], "operator demo")
    assert str(error) == (
        "operator demo, CustomResourceDefinition.apiextensions.k8s.io things.demo.test: is larger "
        f"than 921600 bytes, got {size(large)}; make it smaller by the values, or leave it out by "
        "`sides` and apply it in the tenant with kubectl"
    )


def test_secrets_are_as_large_as_one_secret_can_be():
    """They stand in one on their way, and Kubernetes takes no larger one."""
    given = [obj("Secret", str(n), stringData={"a": "x" * (LARGEST // 2)}) for n in range(2)]
    (error,) = problems(given, "operator demo")
    assert str(error).startswith(
        "operator demo, its Secrets: are larger than 921600 bytes together, got "
        f"{sum(map(size, given))}; make "
    )


def numbers(manifests):
    return {
        objects.label(one): number for number, those in pieces(manifests).items() for one in those
    }


def size(manifest):
    return len(json.dumps(manifest))
