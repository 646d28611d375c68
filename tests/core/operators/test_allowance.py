"""What operators may have of their host, while they come, change and go."""

from core.operators import allowance
from core.operators.allowance import Allowance
from core.operators.budget import Budget

SMALL = Allowance(Budget(memory_mib=100, pods=9), ("ghcr.io", "quay.io"))
LARGE = Allowance(Budget(memory_mib=400, pods=2, storage_gib=1), ("xpkg.crossplane.io", "ghcr.io"))


def test_it_is_written_and_read():
    assert allowance.read(allowance.written(LARGE)) == LARGE


def test_one_that_is_new_has_what_is_wanted():
    assert allowance.with_running({"a": SMALL}, {}) == [SMALL]


def test_one_that_goes_keeps_what_it_has():
    assert allowance.with_running({"a": SMALL}, {"b": LARGE}) == [SMALL, LARGE]


def test_one_that_changes_has_room_for_old_and_new():
    (found,) = allowance.with_running({"a": SMALL}, {"a": LARGE})
    assert found.budget == Budget(memory_mib=400, pods=9, storage_gib=1)
    assert found.registries == ("ghcr.io", "quay.io", "xpkg.crossplane.io")
