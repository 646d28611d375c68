"""What a tenant's administrators may do, and what is not theirs."""

import pytest

from tests.e2e.test_isolation import WIDGETS
from tests.support.kubectl import eventually

CRD = {
    **WIDGETS,
    "metadata": {"name": "gadgets.users.example.com"},
    "spec": {
        **WIDGETS["spec"],
        "group": "users.example.com",
        "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget"},
    },
}


def test_they_make_namespaces_crds_and_rbac(tenants):
    acme = tenants["acme"]
    try:
        acme.run("create", "namespace", "team")
        acme.apply(CRD)
        acme.run(
            "create", "role", "reader", "--verb=get,list", "--resource=configmaps", "-n", "team"
        )
        acme.run("create", "rolebinding", "reader", "--role=reader", "--user=jane", "-n", "team")
        acme.run("create", "clusterrole", "lister", "--verb=list", "--resource=namespaces")
        assert acme.can_i("list", "configmaps", "-n", "team", "--as=jane") is False, (
            "administrators can't impersonate"
        )
    finally:
        acme.run("delete", "clusterrole", "lister", check=False)
        acme.run("delete", "crd", CRD["metadata"]["name"], check=False)
        acme.run("delete", "namespace", "team", check=False)


def test_a_new_crd_is_theirs_within_seconds(tenants):
    """Their role names API groups one by one; the host agent adds the new one."""
    acme = tenants["acme"]
    gadget = {
        "apiVersion": "users.example.com/v1",
        "kind": "Gadget",
        "metadata": {"name": "first", "namespace": "default"},
    }
    try:
        acme.apply(CRD)
        eventually(lambda: acme.apply(gadget, check=False).returncode == 0, "a gadget")
        assert acme.names("gadgets") == ["first"]
    finally:
        acme.run("delete", "crd", CRD["metadata"]["name"], check=False)


@pytest.mark.parametrize("verb", ["get", "list", "watch", "create", "delete"])
def test_nodes_are_not_theirs(tenants, verb):
    assert not tenants["acme"].can_i(verb, "nodes")


def test_listing_nodes_is_forbidden(tenants):
    assert "forbidden" in tenants["acme"].refused("get", "nodes")


def test_they_are_not_system_masters(tenants):
    groups = tenants["acme"].json("auth", "whoami")["status"]["userInfo"]["groups"]
    assert "tenant-admins" in groups
    assert "system:masters" not in groups


@pytest.mark.parametrize("verb", ["escalate", "bind"])
def test_they_cannot_grant_more_than_they_have(tenants, verb):
    acme = tenants["acme"]
    assert not acme.can_i(verb, "clusterroles.rbac.authorization.k8s.io")
    message = acme.refused(
        "create", "clusterrolebinding", "up", "--clusterrole=cluster-admin", "--user=jane"
    )
    assert "forbidden" in message


def test_they_cannot_borrow_the_controllers_accounts(tenants):
    """The controllers' ServiceAccounts in kube-system may read and change nearly everything."""
    acme = tenants["acme"]
    message = acme.refused("create", "token", "generic-garbage-collector", "-n", "kube-system")
    assert "denied" in message or "forbidden" in message


def test_platform_objects_are_not_theirs_to_change(tenants, break_glass):
    acme = tenants["acme"]
    platform = (
        break_glass["acme"]
        .out(
            "get",
            "clusterroles,clusterrolebindings",
            "-l",
            "tenantplane.dev/platform=true",
            "-o",
            "name",
        )
        .split()
    )
    assert platform
    for name in platform:
        for words in (("delete", name), ("annotate", name, "by=tenant")):
            message = acme.refused(*words)
            assert "denied request" in message or "forbidden" in message, message


def test_break_glass_is_above_rbac(break_glass):
    acme = break_glass["acme"]
    assert acme.can_i("*", "*")
    assert acme.names("nodes") == []
    assert "system:masters" in acme.json("auth", "whoami")["status"]["userInfo"]["groups"]


def test_api_resources_answer(tenants):
    """The line that README shows first."""
    listed = tenants["acme"].out("api-resources")
    assert "namespaces" in listed
    assert "customresourcedefinitions" in listed
