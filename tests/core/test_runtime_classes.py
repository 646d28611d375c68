"""A sandbox that a host doesn't have is an error before anything is created."""

import pytest

from core import runtime_classes
from core.running import RunningHost
from core.settings import TenantSettings

TENANTS = [
    TenantSettings(name="acme"),
    TenantSettings(name="globex", runtime_class="gvisor"),
]


def problems(tenants, *there):
    return list(runtime_classes.problems(tenants, RunningHost(runtime_classes=frozenset(there))))


def test_who_asks_for_none_needs_none():
    assert not problems(TENANTS[:1])


def test_a_class_of_the_host_is_fine():
    assert not problems(TENANTS, "gvisor", "kata")


@pytest.mark.parametrize(
    ("there", "remedy"),
    [((), "leave it out, or install one there"), (("kata",), "use kata, or leave it out")],
)
def test_another_is_refused_with_what_there_is(there, remedy):
    (problem,) = problems(TENANTS, *there)
    assert str(problem) == (
        "tenants[1].runtimeClass: the host of tenant globex has no such RuntimeClass, "
        f"got 'gvisor'; {remedy}"
    )
