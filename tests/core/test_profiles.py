"""Profiles are consistent in themselves and among each other."""

from dataclasses import astuple
from itertools import pairwise

import pytest

from core.errors import InvalidInputError
from core.profiles import DEFAULT_PROFILE, PROFILES, profile


@pytest.mark.parametrize("one", PROFILES.values(), ids=PROFILES)
def test_go_collects_before_the_kernel_kills(one):
    """A GOMEMLIMIT above four fifths of the limit leaves no room for what isn't Go's heap."""
    for part in ("apiserver", "controller_manager"):
        request = getattr(one, f"{part}_memory_request_mib")
        go_limit = getattr(one, f"{part}_gomemlimit_mib")
        limit = getattr(one, f"{part}_memory_limit_mib")
        assert request < go_limit <= limit * 0.81


def test_each_profile_is_larger_than_the_one_before():
    for smaller, larger in pairwise(PROFILES.values()):
        assert all(b >= a for a, b in zip(astuple(smaller)[1:], astuple(larger)[1:], strict=True))


def test_a_hundred_small_tenants_fit_two_cores():
    """97 tenants filled a 2-core node at 20 millicores each (design.md section 7)."""
    small = PROFILES["small"]
    millicores = (
        small.apiserver_cpu_request_millicores + small.controller_manager_cpu_request_millicores
    )
    assert 100 * millicores <= 1600
    mib = small.apiserver_memory_request_mib + small.controller_manager_memory_request_mib
    assert 100 * mib <= 20 * 1024


def test_an_unknown_profile_is_refused_with_those_there_are():
    with pytest.raises(InvalidInputError, match="got 'huge'; use small, medium or large"):
        profile("huge", "tenants[0].profile")
    assert profile(DEFAULT_PROFILE).name == "small"
