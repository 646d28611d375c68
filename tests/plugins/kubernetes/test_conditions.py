import pytest

from core.errors import InvalidInputError
from rig.plugins.kubernetes.waiting.conditions import parse


def obj(*conditions, generation=1, **status):
    return {
        "metadata": {"generation": generation},
        "status": {"conditions": list(conditions), **status},
    }


READY = {"type": "Ready", "status": "True"}
NOT_READY = {"type": "Ready", "status": "False", "reason": "NoStore", "message": "no pool x"}


@pytest.mark.parametrize(
    ("annotation", "found", "ready"),
    [
        ("condition=Ready", obj(READY), True),
        ("condition=ready", obj(READY), True),
        ("condition=Ready", obj(NOT_READY), False),
        ("condition=Ready", obj(), False),
        ("condition=Ready", {}, False),
        ("condition=Ready=False", obj(NOT_READY), True),
        ("condition=Ready", obj(READY, generation=2, observedGeneration=1), False),
        ("condition=Ready", obj({**READY, "observedGeneration": 1}, generation=2), False),
        ("condition=Ready", obj({**READY, "observedGeneration": 2}, generation=2), True),
        ("jsonpath={.status.phase}", obj(phase="x"), True),
        ("jsonpath={.status.phase}", obj(), False),
        ("jsonpath={.status.phase}=Bound", obj(phase="Bound"), True),
        ("jsonpath={.status.phase}=Bound", obj(phase="Pending"), False),
        ("jsonpath={.status.count}=3", obj(count=3), True),
        ("jsonpath={.status.ok}=true", obj(ok=True), True),
        ('jsonpath={.status.conditions[?(@.type=="Ready")].status}=True', obj(READY), True),
        ("jsonpath={.status.phase}=x", obj(phase="x", generation=2, observedGeneration=1), False),
        ('["condition=Ready", "jsonpath={.status.phase}=Bound"]', obj(READY, phase="Bound"), True),
        ('["condition=Ready", "jsonpath={.status.phase}=Bound"]', obj(READY), False),
    ],
)
def test_an_annotation_says_when_an_object_is_ready(annotation, found, ready):
    assert parse(annotation)(found).ready is ready


def test_what_is_waited_for_is_told_with_what_there_is():
    verdict = parse("condition=Ready")(obj(NOT_READY))
    assert verdict.message == (
        "Waiting for condition Ready=True, it is Ready=False (NoStore): no pool x"
    )


def test_a_path_to_a_structure_never_equals_a_word():
    assert parse("jsonpath={.status}=x")(obj()).failed


@pytest.mark.parametrize(
    "annotation", ["Ready", "condition=", "jsonpath=.status.phase", "[]", "jsonpath={.a..b}", ""]
)
def test_what_can_not_be_understood_is_refused(annotation):
    with pytest.raises(InvalidInputError):
        parse(annotation)
