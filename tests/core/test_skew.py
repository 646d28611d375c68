"""A tenant's version goes up one minor at a time and never down one."""

import pytest

from core import skew
from core.errors import InvalidInputError
from core.running import RunningHost, RunningTenant
from core.settings import TenantSettings


@pytest.mark.parametrize(
    ("running", "wanted"),
    [("1.36.3", "1.37.2"), ("1.37.2", "1.37.2"), ("1.37.2", "1.37.0"), ("1.34.9", "1.35.0")],
)
def test_same_minor_and_the_next_are_safe(running, wanted):
    skew.check_change(running, wanted, "x")


def test_a_lower_minor_is_refused():
    with pytest.raises(InvalidInputError, match=r"^x: can't go down from 1\.37\.2"):
        skew.check_change("1.37.2", "1.36.3", "x")


def test_a_skipped_minor_is_refused_and_the_step_named():
    with pytest.raises(InvalidInputError, match=r"got '1\.37\.2'; set it to 1\.36\.3 and run"):
        skew.check_change("1.35.5", "1.37.2", "x")


def test_only_tenants_that_exist_are_held_to_their_version():
    """A new tenant may start at any version; one without a readable version is left alone."""
    tenants = [
        TenantSettings(name="acme", version="1.35.5"),
        TenantSettings(name="globex", version="1.37.2"),
        TenantSettings(name="odd", version="1.37.2"),
    ]
    versions = {"acme": "1.37.2", "odd": "unknown"}
    running = {name: RunningTenant(version, "shared") for name, version in versions.items()}
    (problem,) = skew.problems(tenants, RunningHost(tenants=running))
    assert str(problem).startswith("tenants[0].version: can't go down from 1.37.2")
