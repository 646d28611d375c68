import pytest

from core.manifests import rbac

SUBJECT = rbac.subject("User", "jane")


def test_the_parts_of_a_role_are_bound_as_well_as_the_whole():
    """A new API is usable before the tenant's controller manager has aggregated."""
    bound = rbac.bindings("a:role", [SUBJECT])
    assert [one["roleRef"]["name"] for one in bound] == ["a:role", "a:role:core", "a:role:apis"]
    assert all(one["subjects"] == [SUBJECT] for one in bound)


def test_what_gathers_takes_every_part():
    whole = rbac.gathering("a:role", "a/label")
    (selector,) = whole["aggregationRule"]["clusterRoleSelectors"]
    for part in (rbac.part("p", "a/label", []), {"metadata": rbac.api_role("q", "a/label", [])}):
        assert selector["matchLabels"].items() <= part["metadata"]["labels"].items()
    assert not selector["matchLabels"].items() <= whole["metadata"]["labels"].items()


@pytest.mark.parametrize("verb", ["*", "escalate", "bind", "impersonate", "approve", "sign"])
def test_no_verb_leads_to_more_rights(verb):
    assert verb not in rbac.VERBS
    assert set(rbac.READ) < set(rbac.VERBS)
