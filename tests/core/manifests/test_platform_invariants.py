"""A tenant's own mutating policy runs on the platform's requests; the result is judged after it."""

import pytest

from core.manifests import base_rbac, platform_invariants
from tests.support.kubectl import eventually

RBAC = "/apis/rbac.authorization.k8s.io/v1"
FLOW_CONTROL = "/apis/flowcontrol.apiserver.k8s.io/v1"
PRIORITY_LEVELS = "prioritylevelconfigurations"
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_GROUP = "rbac.authorization.k8s.io"


def mutate(plane, name, resources, patch, only):
    """What a tenant's administrator may legally set up: change every write of some kind."""
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["*"],
                        "apiVersions": ["*"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": resources,
                    }
                ]
            },
            "matchConditions": [{"name": "only", "expression": only}],
            "failurePolicy": "Ignore",
            "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name},
    }
    for kind, body in (("policies", policy), ("policybindings", binding)):
        created = plane.admin.create(f"{ADMISSION}/mutatingadmission{kind}", body)
        assert created.ok, created


def unmutate(plane, name):
    for kind in ("policybindings", "policies"):
        plane.admin.delete(f"{ADMISSION}/mutatingadmission{kind}/{name}")


def touch(plane, path):
    """Write an object as the platform, and take it back; why that was refused, or nothing."""
    answer = plane.masters.merge(path, {"metadata": {"annotations": {"touched": "yes"}}})
    plane.masters.merge(path, {"metadata": {"annotations": {"touched": None}}})
    return "" if answer.ok else answer.message


def verbs_of(plane, role):
    rules = plane.masters.get(f"{RBAC}/clusterroles/{role}").body.get("rules") or []
    return {verb for rule in rules for verb in rule["verbs"]}


ADD_ESCALATE = (
    '[JSONPatch{op: "add", path: "/rules/-", value: {"apiGroups":'
    ' ["rbac.authorization.k8s.io"], "resources": ["clusterroles"], "verbs": ["escalate"]}}]'
)
TO_AN_OWN_SERVER = (
    '[JSONPatch{op: "add", path: "/spec/service", value: {"name": "mine", "namespace": "default"}}]'
)


@pytest.mark.processes
@pytest.mark.parametrize(("where", "escalates"), [("files", False), ("none", True)])
def test_a_controllers_write_can_not_be_made_to_grant_escalate(planes, where, escalates):
    """The aggregation controller may escalate; what is added to its write, it would grant.

    Without the rule it does: the attack is real.
    """
    plane = planes[where]
    only = f"object.metadata.name == '{base_rbac.ADMIN}'"
    mutate(plane, "more", ["clusterroles"], ADD_ESCALATE, only)
    try:
        extra = {
            "apiVersion": f"{_GROUP}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "extra", "labels": {base_rbac.AGGREGATION_LABEL: "true"}},
            "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}],
        }

        def tried():
            """Each write of a part makes the controller write the whole."""
            extra["rules"][0]["resources"].append(f"r{len(extra['rules'][0]['resources'])}")
            assert plane.masters.apply(f"{RBAC}/clusterroles/extra", extra).ok
            if escalates:
                return "escalate" in verbs_of(plane, base_rbac.ADMIN)
            log = plane.plane.controllers.text()
            return "verb that leads to more rights" in log

        eventually(tried, "the controller's write was mutated")
        assert ("escalate" in verbs_of(plane, base_rbac.ADMIN)) is escalates
    finally:
        unmutate(plane, "more")
        plane.masters.delete(f"{RBAC}/clusterroles/extra")


@pytest.mark.processes
def test_the_platforms_write_can_not_be_turned_into_a_binding_of_cluster_admin(planes):
    plane = planes["files"]
    patch = '[JSONPatch{op: "replace", path: "/roleRef/name", value: "cluster-admin"}]'
    mutate(plane, "root", ["clusterrolebindings"], patch, "object.metadata.name == 'harmless'")
    binding = {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "harmless"},
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": "view"},
        "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": "bob"}],
    }

    def refused():
        answer = plane.masters.create(f"{RBAC}/clusterrolebindings", binding)
        if answer.ok:  # the mutation is not in force yet
            plane.masters.delete(f"{RBAC}/clusterrolebindings/harmless")
            assert answer.body["roleRef"]["name"] == "view"
        return answer.message

    try:
        message = eventually(refused, "the platform's write was mutated")
        assert "powerful-bindings" in message
    finally:
        unmutate(plane, "root")


@pytest.mark.processes
def test_the_api_servers_own_entry_can_not_be_turned_into_a_proxy(planes):
    """The authorizer reads roles through the same front door."""
    plane = planes["files"]
    name = "v1.rbac.authorization.k8s.io"
    mutate(plane, "proxy", ["apiservices"], TO_AN_OWN_SERVER, f"object.metadata.name == '{name}'")
    path = f"/apis/apiregistration.k8s.io/v1/apiservices/{name}"

    try:
        message = eventually(lambda: touch(plane, path), "the API server's write was mutated")
        assert "built-in-apis" in message
        assert "service" not in plane.masters.get(path).body["spec"]
    finally:
        unmutate(plane, "proxy")


@pytest.mark.processes
def test_a_flow_schema_of_kubernetes_own_can_not_be_turned_past_the_limits(planes):
    """The API server writes them anew where they are not as they were made."""
    plane, path = planes["files"], f"{FLOW_CONTROL}/flowschemas/global-default"
    patch = (
        '[JSONPatch{op: "replace", path: "/spec/priorityLevelConfiguration/name", value: "exempt"}]'
    )
    mutate(plane, "past", ["flowschemas"], patch, "object.metadata.name == 'global-default'")

    try:
        message = eventually(lambda: touch(plane, path), "the platform's write was mutated")
        assert "flow-schemas" in message
    finally:
        unmutate(plane, "past")


@pytest.mark.processes
@pytest.mark.parametrize("where", ["files", "none"])
def test_a_priority_level_of_kubernetes_own_can_not_be_renamed(planes, where):
    """The API server makes those anew that are missing: under other names, one after another.

    Without the rule there is one level more: the attack is real.
    """
    plane, levels = planes[where], f"{FLOW_CONTROL}/{PRIORITY_LEVELS}"
    own = plane.masters.get(f"{levels}/node-high").body
    own["metadata"] = {key: own["metadata"][key] for key in ("name", "annotations")}
    patch = '[JSONPatch{op: "replace", path: "/metadata/name", value: "one-more"}]'
    mutate(plane, "rename", [PRIORITY_LEVELS], patch, "object.metadata.name == 'node-high'")

    def made_anew():
        """What came of it once the mutation is in force."""
        plane.masters.delete(f"{levels}/node-high")
        answer = plane.masters.create(levels, own)
        return None if answer.ok and answer.body["metadata"]["name"] == "node-high" else answer

    try:
        answer = eventually(made_anew, "the platform's write was mutated")
        more = plane.masters.get(f"{levels}/one-more").ok
        assert more is answer.ok is (where == "none")
        assert answer.ok or "priority-level-names" in answer.message
    finally:
        unmutate(plane, "rename")
        # Else the API server misses node-high and makes it, a hundred times a second from now on.
        eventually(lambda: made_anew() is None, "node-high has its own name again")
        plane.masters.delete(f"{levels}/one-more")


@pytest.mark.processes
@pytest.mark.parametrize("where", ["files", "objects"])
def test_what_a_platform_needs_is_left_alone(planes, where):
    """Roles with such verbs for its own operators, `edit` in one namespace, an API of one's own."""
    masters = planes[where].masters
    operator = {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "operator"},
        "rules": [
            {"apiGroups": [_GROUP], "resources": ["clusterroles"], "verbs": ["escalate", "bind"]}
        ],
    }
    assert masters.apply(f"{RBAC}/clusterroles/operator", operator).ok
    binding = {
        "apiVersion": f"{_GROUP}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "editors"},
        "roleRef": {"apiGroup": _GROUP, "kind": "ClusterRole", "name": "edit"},
        "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": "carol"}],
    }
    assert masters.apply(f"{RBAC}/namespaces/default/rolebindings/editors", binding).ok


@pytest.mark.processes
def test_every_group_that_kubernetes_serves_is_protected(planes):
    """A group that a new version brings has to be added to the list."""
    listed = planes["files"].masters.get("/apis/apiregistration.k8s.io/v1/apiservices").body
    served = {item["spec"].get("group", "") for item in listed["items"]}
    (policy,) = [
        p for p in platform_invariants.policies() if p["metadata"]["name"] == "built-in-apis"
    ]
    condition = policy["spec"]["matchConditions"][0]["expression"]
    assert not [group for group in served if f"'{group}'" not in condition]
