"""A tenant's people in a stack: from its config to its outputs."""

import pulumi
import pytest

from tests.support.mocks import is_secret, settled

USERS = [
    {"name": "jane", "role": "admin"},
    {"name": "ci", "role": "editor", "credentials": "token", "validHours": 2},
]


def test_kubeconfigs_are_by_tenant_and_user_and_secret(up, dev):
    dev["tenants"][0]["users"] = USERS
    outputs = up(dev)
    found = outputs["userKubeconfigs"]
    assert is_secret(found["acme"])
    assert (
        set(settled(found["acme"])) == set(settled(outputs["userExpiry"]["acme"])) == {"jane", "ci"}
    )
    assert settled(found["globex"]) == {}


def test_what_is_said_of_a_user_reaches_the_tenant(up, dev, mocks):
    dev["tenants"][0]["users"] = USERS
    up(dev)
    assert mocks.named("acme-user.ci-token").inputs["spec"]["seconds"] == 2 * 3600
    assert mocks.named("acme-user.jane-cert").inputs["validityPeriodHours"] == 168


def test_names_and_parents_are_what_they_always_were(up, dev, monitor, golden):
    dev["tenants"] = [{"name": "acme", "users": USERS}]
    up(dev)
    golden("urns/users.txt", "".join(f"{urn}\n" for urn in monitor.urns if "user." in urn))


def test_a_user_that_can_not_be_is_refused_with_its_path(up, dev, mocks):
    dev["tenants"][1]["users"] = [
        {"name": "jane", "role": "admin"},
        {"group": "x", "role": "admin"},
    ]
    with pytest.raises(pulumi.RunError, match=r"tenants\[1\]\.users\[1\]\.group: is of no issuer"):
        up(dev)
    assert not mocks.of_type(":Namespace")
