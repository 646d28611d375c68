"""An operator that goes: its part of the host, what it put in the tenant, its access; not its data.

The last file of the package by its order in conftest.py: it takes away from the stack of all.
"""

import copy

import pytest

from tests.e2e.operators.conftest import OLDER, OPS, token_of, with_token
from tests.support import hook_chart, prometheus

ACCOUNT = f"{hook_chart.NAMESPACE}.hooks"
"""It may read ConfigMaps, as long as its operator is there."""

GONE = [(OLDER, "prometheus"), (OLDER, "hooked"), (OPS, "crossplane")]


@pytest.fixture(scope="module")
def removed(host, operated, older, packages):
    """The stack without the webhook and the hooks of `older`, and without Crossplane in `ops`.

    Returns a token that was issued before.
    """
    older.apply(prometheus.rule("up == 0", "kept"))
    older.run("create", "configmap", "mine", "-n", prometheus.NAMESPACE)
    token = token_of(host, OLDER, ACCOUNT, f"--audience=https://{OLDER}.tenants.test")
    with_token(older.kubeconfig, token).run("get", "configmap", "hook-first", "-n", "default")
    changed = copy.deepcopy(operated.config["tenants"])
    assert hook_chart.ran(older) == list(hook_chart.NAMES[:3])
    for tenant in changed[-2:]:
        gone = {operator for name, operator in GONE if name == tenant["name"]}
        tenant["operators"] = [one for one in tenant["operators"] if one["name"] not in gone]
    operated.config["tenants"] = changed
    operated.up()
    return token


@pytest.mark.parametrize(("tenant", "operator"), GONE)
def test_nothing_of_it_is_left_on_the_host(host, removed, tenant, operator):
    """Neither what was declared nor what the agent made of it, and of what it had installed."""
    kinds = "deploy,jobs,svc,cm,secret,sa,netpol,rolebinding,role,pvc,"
    kinds += "tenantmanifests,runtimemirrors,removalhooks,tenanttokens"
    label = f"tenantplane.dev/operator={operator}"
    assert host.names(kinds, "-n", f"tenant-{tenant}", "-l", label) == []


def test_what_it_put_into_the_tenant_is_gone(older, removed):
    assert older.names("validatingwebhookconfigurations") == []
    there = older.names("services,serviceaccounts", "-n", prometheus.NAMESPACE)
    assert prometheus.SERVICE not in there


def test_its_namespace_stays_with_what_others_put_there(older, removed):
    assert "mine" in older.names("configmaps", "-n", prometheus.NAMESPACE)


def test_its_kinds_stay_with_their_data(older, removed):
    """Nobody judges them any more; without the kinds, all objects would be gone."""
    assert "kept" in older.names("prometheusrules", "-n", "default")


def test_hooks_ran_in_order_and_those_of_its_removal_at_the_end(older, removed):
    """The first three with the operator's coming (asserted before it went), the others now."""
    assert hook_chart.ran(older) == list(hook_chart.NAMES[:5])


def test_its_token_opens_nothing_any_more(older, removed):
    """Its account is gone with its rights; until it expires the API server still knows the name."""
    user = with_token(older.kubeconfig, removed)
    assert "system:serviceaccount:hooked:hooks" in user.out("auth", "whoami")
    assert "Forbidden" in user.refused("get", "configmap", "hook-first", "-n", "default")
