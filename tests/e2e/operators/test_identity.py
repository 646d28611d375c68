"""An operator's token: good at its own tenant and nowhere else, short-lived, renewed by itself.

Not here: keys that are rotated, tokens that have expired (tests/core/manifests has real API servers
with tokens of its own making).
"""

import time
from datetime import datetime

import pytest

from tests.e2e.operators.conftest import (
    OLDER,
    OPS,
    TOKEN_SECONDS,
    claims,
    mounted,
    pod_of_operator,
    token_of,
    with_token,
)
from tests.support.kubectl import eventually

ACCOUNT = "kubedebug.kubedebug"
AUDIENCE = f"--audience=https://{OPS}.tenants.test"


@pytest.fixture
def token(host, operated):
    return token_of(host, OPS, ACCOUNT, AUDIENCE)


def test_it_works_at_its_tenant(ops, token):
    user = with_token(ops.kubeconfig, token)
    assert "system:serviceaccount:kubedebug:kubedebug" in user.out("auth", "whoami")
    assert "namespace/default" in user.out("get", "namespaces", "-o", "name")


def test_it_opens_no_other_tenant_and_not_the_host(host, older, token):
    for elsewhere in (older, host):
        assert "Unauthorized" in with_token(elsewhere.kubeconfig, token).refused(
            "get", "namespaces"
        )


def test_a_token_for_somebody_else_does_not_open_the_tenant(host, ops):
    for options in ([], ["--audience=https://older.tenants.test"]):
        other = token_of(host, OPS, ACCOUNT, *options)
        assert "Unauthorized" in with_token(ops.kubeconfig, other).refused("get", "namespaces")


def test_nobody_of_another_namespace_gets_in(host, ops):
    """The same name and the right audience, of a pod of another tenant."""
    other = token_of(host, OLDER, ACCOUNT, AUDIENCE)
    assert "Unauthorized" in with_token(ops.kubeconfig, other).refused("get", "namespaces")


def test_no_account_of_the_platform_can_be_named(host, ops):
    """Whoever could make ServiceAccounts there; kube-system's have all rights in a tenant."""
    account = "kube-system.clusterrole-aggregation-controller"
    host.run("create", "serviceaccount", account, "-n", f"tenant-{OPS}")
    try:
        forged = token_of(host, OPS, account, AUDIENCE)
        assert "Unauthorized" in with_token(ops.kubeconfig, forged).refused("get", "namespaces")
    finally:
        host.run("delete", "serviceaccount", account, "-n", f"tenant-{OPS}")


def test_on_the_host_the_account_may_do_nothing(host, operated):
    as_it = f"--as=system:serviceaccount:tenant-{OPS}:{ACCOUNT}"
    for what in (("get", "secrets"), ("list", "pods"), ("create", "pods")):
        assert not host.can_i(*what, "-n", f"tenant-{OPS}", as_it)


def test_it_is_renewed_before_it_expires_and_the_pod_goes_on(host, first_token, debug):
    """Late in the package: by then most of the time has passed."""
    left = first_token["iat"] + TOKEN_SECONDS - time.time() + 60
    renewed = eventually(
        lambda: (now := claims(mounted(host)))["exp"] > first_token["exp"] and now,
        "renewed",
        seconds=max(5, left),
    )
    assert renewed["aud"] == first_token["aud"]
    assert renewed["kubernetes.io"]["pod"] == first_token["kubernetes.io"]["pod"]
    assert "system:serviceaccount:kubedebug:kubedebug" in debug(OPS, "auth", "whoami")


def test_a_program_outlives_the_token_that_it_started_with(host, operated, debug):
    """The proxy that runs in the pod since then is asked, not a new program."""
    status = pod_of_operator(host, OPS, "kubedebug")["status"]
    (container,) = status["containerStatuses"]
    assert container["restartCount"] == 0
    started = datetime.fromisoformat(container["state"]["running"]["startedAt"]).timestamp()
    over = started + TOKEN_SECONDS + 60  # an API server may be that lenient
    eventually(lambda: time.time() > over, "expired", seconds=max(5, over - time.time() + 5))
    said = debug(OPS, "--server=http://127.0.0.1:8001", "auth", "whoami")
    assert "system:serviceaccount:kubedebug:kubedebug" in said
