import pytest
from hypothesis import given
from hypothesis import strategies as st

from rig.plugins.kubernetes.quantity import canonical


@pytest.mark.parametrize(
    ("given_amount", "answered"),
    [
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Gi", "512Mi"),
        ("1023Ki", "1023Ki"),
        ("0.1Ki", "102400m"),
        ("1.0005Ki", "1024512m"),
        ("0Gi", "0"),
        ("1000m", "1"),
        ("0.5", "500m"),
        (0.5, "500m"),
        (2, "2"),
        ("1500", "1500"),
        ("1000", "1k"),
        ("0.1", "100m"),
        ("100u", "100u"),
        ("1.5M", "1500k"),
        ("12e6", "12e6"),
        ("1E3", "1e3"),
        ("1E", "1E"),
        ("-2Gi", "-2Gi"),
        ("+1", "1"),
        (".5", "500m"),
    ],
)
def test_amounts_are_spelled_as_the_api_server_spells_them(given_amount, answered):
    assert canonical(given_amount) == answered


@pytest.mark.parametrize("text", ["", "a", "1K", "1kk", "1 Gi", "0x10", "1,5"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="is no quantity"):
        canonical(text)


@given(st.integers(0, 10**12), st.sampled_from(["", "m", "k", "M", "G", "Ki", "Mi", "Gi"]))
def test_the_spelling_of_a_spelling_is_the_same(number, suffix):
    """Else a live object would differ from itself."""
    once = canonical(f"{number}{suffix}")
    assert canonical(once) == once
