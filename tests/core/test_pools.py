"""What of a pool that runs can't be changed."""

import pytest

from core import pools
from core.pools import RunningPool
from core.settings import EtcdSettings


@pytest.mark.parametrize(("has", "wanted"), [(1, 3), (3, 1)])
def test_members_neither_join_nor_leave(has, wanted):
    (problem,) = pools.problems(
        {"shared": EtcdSettings(members=wanted)}, {"shared": RunningPool(has, 4)}
    )
    assert str(problem) == (
        f"etcd.shared.members: can't be changed from {has}: the members of a pool are fixed once "
        f"it exists, got {wanted}; set it back to {has}, and make another pool for new tenants"
    )


@pytest.mark.parametrize(
    "running",
    [
        {},
        {"other": RunningPool(3, 8)},
        {"shared": RunningPool(1, 4)},
        {"shared": RunningPool(0, 4)},
    ],
)
def test_a_new_pool_the_same_number_and_one_that_was_stopped_are_fine(running):
    """Who repairs a volume scales the pool to 0, and `pulumi up` starts it again."""
    assert not list(pools.problems({"shared": EtcdSettings(members=1)}, running))


def test_each_pool_is_said():
    wanted = {name: EtcdSettings(members=3) for name in ("a", "b", "c")}
    assert (
        len(
            list(
                pools.problems(
                    wanted,
                    {name: RunningPool(count, 4) for name, count in (("a", 1), ("b", 3), ("c", 1))},
                )
            )
        )
        == 2
    )


def test_volumes_neither_grow_nor_shrink():
    """The pods would come back on the volumes of before, with a quota that these can't hold."""
    wanted = {"shared": EtcdSettings(quota_gib=8, storage_gib=16)}
    (problem,) = pools.problems(wanted, {"shared": RunningPool(1, 4)})
    assert str(problem) == (
        "etcd.shared.storageGib: can't be changed from 4: the volumes of a pool are fixed once it "
        "exists, got 16; set it back to 4, and make another pool for new tenants"
    )
