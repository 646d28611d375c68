"""YAML means what it means to Kubernetes, whose parser is Go's."""

import pytest

from core import kubernetes_yaml
from core.errors import InvalidInputError


def only(text):
    (document,) = kubernetes_yaml.documents(text, "a file")
    return document.value


# Each was read the same by Helm 3.20.2 and Kubernetes' own decoder (0.35.1), 2026-11-30.
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("y", True),
        ("Off", False),
        ("tRue", "tRue"),
        ('"yes"', "yes"),
        ("2026-11-23", "2026-11-23"),
        ("2001-12-14T21:59:43Z", "2001-12-14T21:59:43Z"),
        ("12:30:45", "12:30:45"),
        ("1e3", 1000),
        ("1.5", 1.5),
        (".5", 0.5),
        ("010", 8),
        ("08", 8),
        ("0o17", 15),
        ("0x1F", 31),
        ("-0b11", -3),
        ("1_000", 1000),
        ("+5", 5),
        ("1.2.3", "1.2.3"),
        (".", "."),
        ("~", None),
        ("", None),
        ("!!str 5", "5"),
        ("!!int 5", 5),
    ],
)
def test_a_scalar_is_what_go_makes_of_it(text, value):
    found = only(f"a: {text}")["a"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_texts():
    assert only("{on: 1, 2: b, 1.5: c}") == {"true": 1, "2": "b", "1.5": "c"}


def test_what_an_alias_repeats_can_be_changed_on_its_own():
    found = only("a: &x {p: 1}\nb: *x\nc: {<<: *x, q: 2}\n")
    assert found == {"a": {"p": 1}, "b": {"p": 1}, "c": {"p": 1, "q": 2}}
    found["a"]["p"] = 3
    assert found["b"] == {"p": 1}


def test_the_last_of_two_equal_keys_counts():
    assert only("a: 1\na: 2") == {"a": 2}


def test_documents_know_their_line():
    found = list(kubernetes_yaml.documents("# one\na: 1\n---\n# nothing\n---\nb: 2\n", "a file"))
    assert [(one.line, one.value) for one in found] == [(2, {"a": 1}), (5, None), (6, {"b": 2})]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: [b", "a file: is not YAML at line 2: did not find expected ',' or '\\]'"),
        ("a:\n\tb: c", "a file: is not YAML at line 2: found character that cannot start"),
        ("a: !secret b", "a file: is not YAML at line 1: could not determine a constructor"),
        ("? [a]\n: b", r"a file: has what JSON can't say: \['a'\] as a key"),
        ("a: !!binary aGk=", "a file: has what JSON can't say: Object of type bytes"),
    ],
)
def test_what_can_not_be_read_is_refused_with_its_line(text, says):
    with pytest.raises(InvalidInputError, match=says):
        list(kubernetes_yaml.documents(text, "a file"))
