"""On which side a kind belongs, and that none of those that give rights can be on the host."""

import pytest

from core.operators import sides
from core.operators.sides import Side

RBAC, ADMISSION = "rbac.authorization.k8s.io", "admissionregistration.k8s.io"


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", ("", "Pod")), ("apps/v1", ("apps", "Pod")), ("a.b/v1beta1", ("a.b", "Pod"))],
)
def test_a_kind_is_known_by_its_group_whatever_its_version(api_version, kind):
    assert sides.kind({"apiVersion": api_version, "kind": "Pod"}) == kind


@pytest.mark.parametrize("kind", sides.BY_KIND, ids=str)
def test_nothing_of_rbac_and_admission_is_for_the_host(kind):
    group, name = kind
    gives_rights = group in {RBAC, ADMISSION} or name in {"ServiceAccount", "Namespace"}
    assert not (gives_rights and kind in sides.ON_HOST)


def test_every_kind_with_pods_is_for_the_host_alone():
    assert all(sides.BY_KIND[kind] is Side.HOST for kind in sides.TEMPLATES)


def test_no_kind_is_for_the_host_that_is_on_every_node():
    """A DaemonSet is a platform's, not a tenant's: one pod on each node of all tenants."""
    assert ("apps", "DaemonSet") not in sides.ON_HOST | sides.BY_KIND.keys()


def test_what_goes_nowhere_has_a_reason():
    nowhere = {kind[1] for kind, side in sides.BY_KIND.items() if side is Side.NOWHERE}
    assert nowhere == set(sides.WHY_NOWHERE)


def test_a_user_cannot_say_that_something_is_on_both_sides():
    """One of them would have to be made up: only a Service has a twin."""
    assert set(Side) - set(sides.SAID) == {Side.BOTH}
