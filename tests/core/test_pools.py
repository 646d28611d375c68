"""What of an etcd that runs can't be changed."""

import pytest

from core import pools
from core.running import RunningEtcd, RunningHost, Share
from core.settings import parse

SHARED = "tenantplane-etcd-shared"
HOST = {"kind": "host", "domain": "t.test", "host": {"name": "dev", "adopt": {"kubeconfig": "x"}}}
TENANTS = {"kind": "tenants", "hostStack": "o/p/s"}


def of_pools(running, **etcds):
    there = RunningHost(etcds=running)
    return [str(one) for one in pools.problems(parse(HOST | {"etcd": etcds}), there)]


def of_tenant(running, **etcd):
    acme = {"name": "acme", "datastore": "dedicated", "dedicatedEtcd": etcd}
    there = RunningHost(etcds=running)
    return [str(one) for one in pools.problems(parse(TENANTS | {"tenants": [acme]}), there)]


@pytest.mark.parametrize(("has", "wanted"), [(1, 3), (3, 1)])
def test_members_neither_join_nor_leave(has, wanted):
    (problem,) = of_pools({SHARED: RunningEtcd(has, 4, 2)}, shared={"members": wanted})
    assert problem == (
        f"etcd.shared.members: can't be changed from {has}: the members of an etcd are fixed once "
        f"it exists, got {wanted}; set it back to {has}, and make another pool for new tenants"
    )


@pytest.mark.parametrize(
    "running",
    [
        {},
        {"tenantplane-etcd-other": RunningEtcd(3, 8, 2)},
        {SHARED: RunningEtcd(1, 4, 2)},
        {SHARED: RunningEtcd(0, 4, 2)},
    ],
)
def test_a_new_pool_the_same_number_and_one_that_was_stopped_are_fine(running):
    """Who repairs a volume scales the pool to 0, and `pulumi up` starts it again."""
    assert not of_pools(running, shared={"members": 1})


def test_each_pool_is_said():
    members = {"a": 1, "b": 3, "c": 1}
    running = {f"tenantplane-etcd-{name}": RunningEtcd(of, 4, 2) for name, of in members.items()}
    assert len(of_pools(running, **{name: {"members": 3} for name in members})) == 2


def test_volumes_neither_grow_nor_shrink():
    """The pods would come back on the volumes of before, with a quota that these can't hold."""
    shared = {"members": 1, "quotaGib": 8, "storageGib": 16}
    (problem,) = of_pools({SHARED: RunningEtcd(1, 4, 2)}, shared=shared)
    assert problem == (
        "etcd.shared.storageGib: can't be changed from 4: the volumes of an etcd are fixed once it "
        "exists, got 16; set it back to 4, and make another pool for new tenants"
    )


def test_a_quota_is_not_lowered():
    """What is stored may be more, and one alarm stops the writes of all tenants."""
    (problem,) = of_pools({SHARED: RunningEtcd(1, 4, 2)}, shared={"members": 1, "quotaGib": 1})
    assert problem == (
        "etcd.shared.quotaGib: can't be lowered from 2: an etcd that keeps more than its quota "
        "refuses every write, got 1; set it back to 2, and make another pool for new tenants"
    )
    (problem,) = of_tenant({"tenant-acme": RunningEtcd(1, 4, 2)}, quotaGib=1)
    assert problem.startswith("tenants[0].dedicatedEtcd.quotaGib: can't be lowered from 2: ")


def test_a_quota_is_raised():
    assert not of_pools({SHARED: RunningEtcd(1, 4, 1)}, shared={"members": 1, "quotaGib": 2})


def test_a_tenants_own_etcd_is_held_to_the_same():
    (problem,) = of_tenant({"tenant-acme": RunningEtcd(1, 4, 2)}, members=3)
    assert problem == (
        "tenants[0].dedicatedEtcd.members: can't be changed from 1: the members of an etcd are "
        "fixed once it exists, got 3; set it back to 1, and make another tenant"
    )
    assert not of_tenant({"tenant-acme": RunningEtcd(3, 4, 2)}, members=3)


def test_the_pools_of_another_stack_are_not_compared_with_a_default():
    assert not of_tenant({SHARED: RunningEtcd(3, 16, 2)})


def with_quotas(**quotas_gib):
    etcds = {name: {"quotaGib": gib, "storageGib": 8} for name, gib in quotas_gib.items()}
    return parse(HOST | {"etcd": etcds})


def test_limits_that_could_fill_a_pool_are_said():
    """Each keeps to its own, and all are refused together."""
    shares = {f"t{number}": Share("shared", 256) for number in range(6)}
    running = RunningHost(shares=shares | {"t": Share("other", 8192)})
    (said,) = pools.overcommitted(with_quotas(shared=2), running)
    assert said == (
        "etcd pool shared: the storeLimitMib of its tenants are more than two thirds of its "
        "quotaGib together, which is 1365 MiB, got 1536; raise quotaGib, lower storeLimitMib, or "
        "make another pool for new tenants"
    )
    assert not list(pools.overcommitted(with_quotas(shared=3, empty=1), running))
