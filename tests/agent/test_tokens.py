"""A token is judged by what it says of itself, and sent nowhere."""

import base64
import json

import pytest

from agent import tokens

SPEC = {"namespace": "default", "serviceAccount": "ci", "seconds": 600}


def part(document):
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def token(issued=1000, seconds=600, uid="u-1", key="k-1", **more):
    """As an API server writes it; the signature says nothing here."""
    payload = {
        "iat": issued,
        "exp": issued + seconds,
        "kubernetes.io": {"namespace": "default", "serviceaccount": {"name": "ci", "uid": uid}},
    }
    return f"{part({'alg': 'ES256', 'kid': key})}.{part(payload | more)}.signature"


def test_a_token_says_whose_it_is_and_when_it_ends():
    found = tokens.claims(token(issued=0))
    assert (found.account_uid, found.key) == ("u-1", "k-1")
    assert found.end == "1970-01-01T00:10:00Z"


@pytest.mark.parametrize("length", range(4))
def test_a_token_is_read_whatever_its_length(length):
    """JWT leaves out the padding of base64."""
    assert tokens.claims(token(aud="x" * length)).expires == 1600


@pytest.mark.parametrize(
    ("now", "good"), [(1000, True), (1479, True), (1480, False), (1700, False)]
)
def test_after_four_fifths_of_its_life_it_is_not_good_any_more(now, good):
    assert tokens.claims(token()).are_good(now, "u-1", ["k-1"]) is good


@pytest.mark.parametrize(("uid", "keys"), [("u-2", ["k-1"]), ("u-1", ["k-2"]), ("u-1", [])])
def test_a_token_of_another_account_or_of_a_key_that_is_gone_is_not_good(uid, keys):
    assert not tokens.claims(token()).are_good(1000, uid, keys)


def test_while_keys_are_replaced_one_of_the_old_key_is_good():
    assert tokens.claims(token()).are_good(1000, "u-1", ["k-2", "k-1"])


@pytest.mark.parametrize(
    "change",
    [{"seconds": 601}, {"namespace": "other"}, {"serviceAccount": "cd"}, {"audiences": ["x"]}],
    ids=str,
)
def test_another_wish_is_another_mark(change):
    assert tokens.mark("t", SPEC | change) != tokens.mark("t", SPEC)


def test_another_token_is_another_mark_which_tells_nothing_of_it():
    assert tokens.mark("t", SPEC) != tokens.mark("u", SPEC)
    assert len(tokens.mark("t" * 1000, SPEC)) == 16


def test_no_audience_is_the_same_as_none():
    assert tokens.mark("t", SPEC | {"audiences": []}) == tokens.mark("t", SPEC)
