"""Errors read the same everywhere, and several are said at once."""

import pytest

from core.errors import InvalidInputError, TenantplaneError, list_of


def test_message_says_thing_problem_value_and_remedy():
    error = InvalidInputError("tenant acme", "profile is unknown", "huge", "use small")
    assert str(error) == "tenant acme: profile is unknown, got 'huge'; use small"


def test_value_and_remedy_may_be_left_out_and_none_is_a_value():
    """A missing value and the value None are different things to say."""
    assert str(InvalidInputError("host", "is missing")) == "host: is missing"
    assert str(InvalidInputError("host", "is odd", None)) == "host: is odd, got None"


def test_long_and_unprintable_values_are_cut():
    """A pasted kubeconfig must not fill the screen; repr of huge numbers raises."""
    assert len(str(InvalidInputError("x", "y", "a" * 10_000))) < 100
    assert "got a value" in str(InvalidInputError("x", "y", 10**5000))


def test_a_long_path_keeps_the_name_of_the_file():
    path = "/home/jane/" + "deep/" * 50 + "manifests.yaml"
    shown = str(InvalidInputError("x", "y", path))
    assert shown.startswith("x: y, got '/home/jane/deep/")
    assert shown.endswith("/deep/deep/deep/deep/manifests.yaml'")
    assert "..." in shown
    assert len(shown) == len("x: y, got ") + 79


def test_of_several_lines_the_last_is_never_shown():
    """A kubeconfig ends in a key."""
    shown = str(InvalidInputError("x", "y", "apiVersion: v1\n" + "a" * 100 + "token: abc"))
    assert shown.startswith("x: y, got 'apiVersion: v1\\naaa")
    assert shown.endswith("aaa...")


def test_an_invalid_input_is_a_value_error_and_ours():
    with pytest.raises(ValueError, match="x: y"):
        raise InvalidInputError("x", "y")
    assert issubclass(InvalidInputError, TenantplaneError)


def test_together_lists_several_problems_and_says_one_plainly():
    one, other = InvalidInputError("a", "is bad"), InvalidInputError("b", "is worse")
    assert str(InvalidInputError.together([one])) == "a: is bad"
    both = InvalidInputError.together([one, other])
    assert str(both) == "2 problems:\n  - a: is bad\n  - b: is worse"
    assert both.problems == ("a: is bad", "b: is worse")


def test_together_flattens_what_was_joined_before():
    one = InvalidInputError("a", "is bad")
    assert (
        len(InvalidInputError.together([InvalidInputError.together([one, one]), one]).problems) == 3
    )


def test_a_list_of_one_has_no_title():
    assert list_of("title", ["line"]) == "line"
