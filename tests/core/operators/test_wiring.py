"""Names that an operator's objects have on the host: of two different ones, never the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import names
from core.operators import wiring

NAMESPACE = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
NAME = st.from_regex(r"[a-z0-9]([-.a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize("called", [wiring.on_host, wiring.token_secret])
@given(NAMESPACE, NAME, NAMESPACE, NAME)
def test_two_different_ones_have_different_names(called, namespace, name, other, other_name):
    same = (namespace, name) == (other, other_name)
    assert (called(namespace, name) == called(other, other_name)) is same


@given(NAMESPACE, NAME)
def test_none_has_the_name_of_an_object_of_the_platform(namespace, name):
    """None of those has a dot in its name; the host's own kube-root-ca.crt is nobody's secret."""
    assert "." in wiring.on_host(namespace, name)
    assert wiring.on_host(namespace, name).partition(".")[0] == namespace


@given(NAMESPACE, NAME)
def test_no_copy_of_a_secret_has_the_name_of_a_token(namespace, name):
    """Copies are called after namespaces that operators have pods in: none of the platform's."""
    taken, _, _ = wiring.token_secret(namespace, name).partition(".")
    assert taken.startswith(wiring.PLATFORM_NAMESPACES)


def test_a_pod_of_an_operator_has_no_label_that_the_platforms_pods_are_chosen_by():
    assert wiring.pod_label("demo") == {names.LABEL_OPERATOR: "demo"}
    assert set(wiring.host_labels("acme", "demo")) == {names.LABEL_TENANT, names.LABEL_OPERATOR}
