import bcrypt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rig.plugins.random import password

SETS = {
    "upper": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "lower": "abcdefghijklmnopqrstuvwxyz",
    "numeric": "0123456789",
    "special": "!@#$%&*()-_=+[]{}<>:?",
}
ALL = dict.fromkeys(SETS, True)
NO_LEAST = {password.least(name): 0 for name in SETS}


@settings(deadline=None)  # the machine may be busy
@given(st.data())
def test_a_password_has_what_was_asked(data):
    """Length, allowed sets, and the least number of each set, for every combination."""
    allowed = data.draw(st.sets(st.sampled_from(sorted(SETS)), min_size=1))
    least = {name: data.draw(st.integers(0, 4)) if name in allowed else 0 for name in SETS}
    length = data.draw(st.integers(max(1, sum(least.values())), 40))
    planned = {name: name in allowed for name in SETS} | {"length": length}
    result = password.generate(planned | {password.least(n): c for n, c in least.items()})
    assert len(result) == length
    assert set(result) <= set("".join(SETS[name] for name in allowed))
    for name, count in least.items():
        assert sum(character in SETS[name] for character in result) >= count


def test_own_special_characters_replace_the_usual_ones():
    planned = ALL | NO_LEAST | {"length": 40, "overrideSpecial": "_", "minSpecial": 20}
    result = password.generate(planned)
    assert result.count("_") >= 20
    assert not set(result) & set("!@#$%&*")


def test_passwords_are_not_repeated():
    planned = ALL | NO_LEAST | {"length": 16}
    assert len({password.generate(planned) for _ in range(200)}) == 200


def test_every_place_sees_every_kind():
    """The characters that must be there are not always the first ones."""
    planned = ALL | NO_LEAST | {"length": 4, "minNumeric": 1}
    first = {password.generate(planned)[0].isdigit() for _ in range(200)}
    assert first == {True, False}


def test_the_hash_is_the_password_s():
    """Of the first 72 bytes, as bcrypt reads no more."""
    for text in ("hunter2", "x" * 100, "ü" * 50):
        hashed = password.bcrypt_hash(text)
        assert hashed.startswith("$2a$10$")
        assert bcrypt.checkpw(text.encode()[:72], hashed.encode())


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"length": 3, "minUpper": 2, "minLower": 2}, "length"),
        ({"length": 3, "number": True, "numeric": False}, "number"),
        (
            {"length": 3, "upper": False, "lower": False, "special": False, "numeric": False},
            "numeric",
        ),
        (
            {"length": 3, "upper": False, "lower": False, "special": False, "number": False},
            "numeric",
        ),
    ],
)
def test_inputs_that_contradict_each_other_are_refused(config, name):
    assert [wrong for wrong, _ in password.validate(config)] == [name]


def test_inputs_that_agree_are_taken():
    assert password.validate({"length": 4, "minUpper": 2, "minLower": 2}) == []
    assert password.validate({"length": 3, "special": False, "upper": False}) == []
