"""Keys are replaced in steps in which nobody is locked out, and in no others."""

import itertools

import pytest

from core import generations
from core.generations import InUse
from core.running import RunningEtcd, RunningHost, RunningTenant
from core.settings import parse

HOST = {"kind": "dev", "domain": "t.test", "host": {"name": "dev", "adopt": {"kubeconfig": "x"}}}
LISTS = [(1,), (1, 2), (2, 1), (2,), (2, 3), (3,)]
STEPS = {
    ((1,), (1, 2)),
    ((1, 2), (2, 1)),
    ((1, 2), (1,)),
    ((2, 1), (1, 2)),
    ((2, 1), (2,)),
    ((2,), (2, 3)),
    ((2, 3), (2,)),
    ((3,), (3, 4)),
}


@pytest.mark.parametrize(("running", "wanted"), list(itertools.product(LISTS, LISTS)))
def test_only_steps_that_keep_what_signs_trusted_are_taken(running, wanted):
    """Whoever has the list of before and whoever has the new one understand each other."""
    problems = list(generations.step("keys", running, wanted))
    assert bool(problems) == (running != wanted and (running, wanted) not in STEPS)
    if not problems:
        assert running[0] in wanted
        assert wanted[0] in running


def test_the_error_says_the_next_step():
    (problem,) = generations.step("tenants[0].keys", (1,), (2,))
    assert str(problem) == (
        "tenants[0].keys: can't go from [1] in one step: what still has the old keys would be "
        "locked out, got [2]; set it to [1, 2] and run `pulumi up` first"
    )


@pytest.mark.parametrize("keys", [[], [1, 1], [1, 2, 3]])
@pytest.mark.parametrize("where", ["etcd.shared.keys", "tenants[0].keys"])
def test_a_list_is_one_or_two_numbers(keys, where):
    config = {
        "etcd.shared.keys": {"etcd": {"shared": {"keys": keys}}},
        "tenants[0].keys": {"tenants": [{"name": "acme", "keys": keys}]},
    }[where]
    with pytest.raises(ValueError, match="is not one or two different numbers") as error:
        parse(HOST | config)
    assert str(error.value).startswith(where)


def tenants(**keys):
    listed = [{"name": name, "keys": list(of)} for name, of in keys.items()]
    return parse(HOST | {"tenants": listed}).tenants


def pods(keys, **more):
    """A tenant whose pods have these keys."""
    return RunningTenant("1.37.2", "shared", keys=keys, **more)


def host(etcds=None, **running):
    """A host with these tenants, and etcds in these namespaces with these keys."""
    there = {namespace: RunningEtcd(1, 4, 2, keys) for namespace, keys in (etcds or {}).items()}
    return RunningHost(tenants=running, etcds=there)


def test_a_new_tenant_starts_with_any():
    assert not list(generations.tenant_problems(tenants(acme=[7]), host()))


def test_what_still_encrypts_is_not_dropped():
    wanted = tenants(acme=[2], globex=[2])
    running = host(acme=pods(InUse((2, 1))), globex=pods(InUse((2, 1)), rewritten=(2, 1)))
    (problem,) = generations.tenant_problems(wanted, running)
    assert str(problem) == (
        "tenants[0].keys: can't drop 1 yet: objects in tenant acme's store may still be encrypted "
        "with it, got [2]; set it to [2, 1] and run `pulumi up`, which waits until the host agent "
        "has written them anew (`kubectl get reencryptions -n tenant-acme`)"
    )


def test_what_was_written_for_another_list_says_nothing_of_this_one():
    """The rollout of [2, 1] failed, and the objects are all as [1, 2] wrote them."""
    running = host(acme=pods(InUse((2, 1)), rewritten=(1, 2)))
    (problem,) = generations.tenant_problems(tenants(acme=[2]), running)
    assert str(problem).startswith("tenants[0].keys: can't drop 1 yet: ")


def test_a_rollout_is_over_before_the_next_step():
    """A pod of before neither trusts nor decrypts what the next list signs and encrypts."""
    own = {"tenant-acme": InUse((1, 2), everywhere=False)}
    running = host(own, acme=pods(InUse((1, 2))))
    (problem,) = generations.tenant_problems(tenants(acme=[2, 1]), running)
    assert str(problem) == (
        "tenants[0].keys: can't leave [1, 2] yet: not every pod of tenant acme has these keys, got "
        "[2, 1]; set it back to [1, 2] and run `pulumi up`, which waits for the pods"
    )
    assert not list(generations.tenant_problems(tenants(acme=[1, 2]), running))


def test_pods_and_own_etcd_are_each_a_step_away():
    """One of the two failed before the other one was reached."""
    running = host({"tenant-acme": InUse((1, 2))}, acme=pods(InUse((1,))))
    (problem,) = generations.tenant_problems(tenants(acme=[2, 1]), running)
    assert "can't go from [1] in one step" in str(problem)
    assert not list(generations.tenant_problems(tenants(acme=[1, 2]), running))


def pools(keys):
    return parse(HOST | {"etcd": {"shared": {"keys": keys}}})


def pool(keys, **followers):
    """A host with a pool that has these keys, and tenants that were brought up to others."""
    there = {name: pods(InUse(), store_keys=has) for name, has in followers.items()}
    return host({"tenantplane-etcd-shared": keys}, **there)


@pytest.mark.parametrize("has", [InUse((1,)), InUse((1, 2), everywhere=False)])
def test_a_pool_waits_for_its_tenants(has):
    running = pool(InUse((1, 2)), acme=InUse((1, 2)), globex=has)
    (problem,) = generations.pool_problems(pools([2, 1]), running)
    assert str(problem) == (
        "etcd.shared.keys: can't leave [1, 2] yet: globex would be locked out, got [2, 1]; set it "
        "back to [1, 2] and run `pulumi up` in the stacks of these tenants"
    )
    assert not list(generations.pool_problems(pools([1, 2]), running))
    running = pool(InUse((1, 2)), acme=InUse((1, 2)), globex=InUse((1, 2)))
    assert not list(generations.pool_problems(pools([2, 1]), running))


def test_a_pool_waits_for_its_members():
    running = pool(InUse((1, 2), everywhere=False))
    (problem,) = generations.pool_problems(pools([2, 1]), running)
    assert str(problem).startswith(
        "etcd.shared.keys: can't leave [1, 2] yet: not every pod of etcd pool shared has these keys"
    )


def test_the_pools_of_another_stack_are_not_compared_with_a_default():
    settings = parse({"kind": "tenants", "hostStack": "o/p/s"})
    assert not list(generations.pool_problems(settings, pool(InUse((2, 3)))))


def test_annotations_are_read_as_they_were_written():
    for keys in LISTS:
        assert generations.parse(generations.text(keys)) == keys
    assert generations.parse(None) == (1,)
