"""A debug pod in each tenant: two worlds on one host, neither of which has nodes or pods."""

from core.operators.wiring import token_secret
from tests.e2e.operators.conftest import OLDER, OPS, TOKEN_SECONDS


def test_each_sees_its_own_world(operated, ops, debug):
    ops.run("create", "namespace", "only-here")
    mine, theirs = (
        debug(tenant, "get", "namespaces", "-o", "name").split() for tenant in (OPS, OLDER)
    )
    assert "namespace/only-here" in mine
    assert "namespace/only-here" not in theirs
    assert "compositions.apiextensions.crossplane.io" in debug(OPS, "get", "crd")
    assert "crossplane" not in debug(OLDER, "get", "crd")


def test_neither_has_nodes_or_pods(operated, debug):
    for tenant in (OPS, OLDER):
        assert debug(tenant, "get", "nodes", "-o", "name") == ""
        assert debug(tenant, "get", "pods", "-A", "-o", "name") == ""


def test_it_is_the_charts_own_account_in_the_tenant(operated, debug):
    """So that a chart's RBAC is right as it is."""
    who = debug(OPS, "auth", "whoami")
    assert "system:serviceaccount:kubedebug:kubedebug" in who
    assert "system:serviceaccounts:kubedebug" in who


def test_its_token_is_the_shortest_that_kubernetes_gives(first_token):
    """The first one: test_identity.py sees it renewed, by then without a wait."""
    assert first_token["exp"] - first_token["iat"] == TOKEN_SECONDS


def test_a_token_of_the_tenant_is_as_good(operated, debug, host):
    """`older` issues it itself, and the agent keeps it in a Secret that the pod mounts."""
    assert "system:serviceaccount:kubedebug:kubedebug" in debug(OLDER, "auth", "whoami")
    name = token_secret("kubedebug", "kubedebug")
    token = host.json("get", "tenanttoken", name, "-n", f"tenant-{OLDER}")
    assert token["spec"]["serviceAccount"] == "kubedebug"
    volumes = host.json("get", "deploy", "kubedebug", "-n", f"tenant-{OLDER}")["spec"]["template"]
    assert "serviceAccountToken" not in str(volumes["spec"]["volumes"])


def test_a_second_run_changes_nothing(operated):
    operated.run("preview", "--expect-no-changes")


def test_what_it_is_made_of_is_an_output(operated):
    made = operated.outputs()["operators"][OPS]["kubedebug"]
    assert made["host"] == ["Deployment.apps kubedebug"]
    assert "ClusterRoleBinding.rbac.authorization.k8s.io kubedebug" in made["tenant"]
