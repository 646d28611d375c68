"""What editors and viewers may do, as a table, and who is one; then the same on an API server."""

import pytest

from core import names
from core.manifests import base_rbac, user_rbac
from core.pki import TENANT_ADMINS
from core.users import UserSettings
from tests.support.kubectl import eventually

CORE = "/api/v1/namespaces"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "brought.example.com"
_FORBIDDEN = 403

ADA = UserSettings(name="ada", role="admin")
EVE = UserSettings(name="eve", role="editor")
VIC = UserSettings(name="vic", role="viewer")
BOT = UserSettings(name="bot", role="viewer", credentials="token")
DEVS = UserSettings(group="corp:devs", role="editor")
PEOPLE = (ADA, EVE, VIC, BOT, DEVS)


def objects(kind, *people):
    return [one for one in user_rbac.objects(people) if one["kind"] == kind]


def bound(*people):
    """Subjects by the role that they are bound to."""
    return {
        one["roleRef"]["name"]: one["subjects"]
        for one in base_rbac.base_objects("1.37.2", people)
        if one["kind"] == "ClusterRoleBinding"
    }


def test_roles_are_there_for_whomever_they_are_handed_to():
    """An administrator may bind them in one namespace."""
    roles = {one["metadata"]["name"] for one in objects("ClusterRole")}
    assert {user_rbac.EDITORS, user_rbac.VIEWERS} <= roles
    assert objects("ClusterRoleBinding") == objects("Namespace") == []


def test_each_is_bound_to_the_role_that_stands_there():
    found = bound(*PEOPLE)
    named = {role: [one["name"] for one in subjects] for role, subjects in found.items()}
    assert named["tenantplane:tenant-admin"] == [TENANT_ADMINS, "ada"]
    assert named["tenantplane:tenant-editor"] == ["corp:devs", "eve"]
    assert named["tenantplane:tenant-viewer"] == ["bot", "vic"]
    assert named["tenantplane:tenant-viewer:apis"] == ["bot", "vic"]


@pytest.mark.parametrize(
    ("user", "subject"),
    [
        (EVE, {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "eve"}),
        (DEVS, {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "corp:devs"}),
        (
            UserSettings(user="corp:jane", role="editor"),
            {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "corp:jane"},
        ),
        (BOT, {"kind": "ServiceAccount", "name": "bot", "namespace": names.USERS_NAMESPACE}),
    ],
    ids=["certificate", "group", "issuer's", "token"],
)
def test_a_user_is_what_its_credentials_make_of_it(user, subject):
    assert user_rbac.subjects([user], user.role) == [subject]


def test_the_order_of_the_settings_is_no_change():
    assert user_rbac.objects([DEVS, EVE]) == user_rbac.objects([EVE, DEVS])


def test_a_token_is_of_an_account_in_a_namespace_of_the_platform():
    """In kube-system it would be the platform itself; elsewhere anybody could have its tokens."""
    (namespace,) = objects("Namespace", *PEOPLE)
    assert namespace["metadata"]["labels"][names.LABEL_PLATFORM] == "true"
    (account,) = objects("ServiceAccount", *PEOPLE)
    assert account["metadata"]["namespace"] == namespace["metadata"]["name"]
    assert account["automountServiceAccountToken"] is False


TABLE = [  # group, resource, who may read, who may write
    ("", "configmaps", "ada eve vic", "ada eve"),
    ("", "secrets", "ada eve", "ada eve"),
    ("", "events", "ada eve vic", "ada"),
    ("", "namespaces", "ada eve vic", "ada"),
    (GROUP, "gadgets", "ada eve vic", "ada eve"),
    ("", "services", "ada", "ada"),
    ("", "serviceaccounts", "ada", "ada"),
    ("", "serviceaccounts/token", "ada", "ada"),
    ("apps", "deployments", "ada", "ada"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "ada", "ada"),
    ("rbac.authorization.k8s.io", "clusterroles", "ada", "ada"),
    ("rbac.authorization.k8s.io", "rolebindings", "ada", "ada"),
    ("admissionregistration.k8s.io", "validatingwebhookconfigurations", "ada", "ada"),
    ("admissionregistration.k8s.io", "validatingadmissionpolicies", "ada", "ada"),
    ("apiregistration.k8s.io", "apiservices", "ada", "ada"),
    ("certificates.k8s.io", "certificatesigningrequests", "ada", "ada"),
    ("flowcontrol.apiserver.k8s.io", "flowschemas", "ada", "ada"),
    ("", "pods", "ada", "ada"),  # which nobody can make: there are none to see
    ("", "pods/exec", "", ""),
    ("", "nodes", "", ""),
    ("", "nodes/proxy", "", ""),
    ("", "users", "", ""),
]


@pytest.fixture(scope="module")
def plane(planes):
    plane = planes["files"]
    plane.give("1.37.2", *PEOPLE)
    assert plane.masters.create(DEFINITIONS, definition()).ok
    gadgets = f"/apis/{GROUP}/v1/namespaces/default/gadgets"
    eventually(lambda: plane.masters.get(gadgets).ok, "the kind is served")
    plane.follow_groups()
    eventually(lambda: plane.user("vic").get(gadgets).ok, "roles are in force")
    yield plane
    plane.masters.delete(f"{DEFINITIONS}/gadgets.{GROUP}")
    plane.follow_groups()


@pytest.mark.processes
class TestOnAnApiServer:
    def may(self, plane, user, verb, group, resource):
        resource, _, subresource = resource.partition("/")
        asked = {"verb": verb, "group": group, "resource": resource, "subresource": subresource}
        spec = {"user": user, "groups": ["system:authenticated"], "resourceAttributes": asked}
        return plane.masters.create(REVIEWS, {"spec": spec}).body["status"]["allowed"]

    @pytest.mark.parametrize("user", ["ada", "eve", "vic"])
    @pytest.mark.parametrize(("group", "resource", "readers", "writers"), TABLE)
    def test_each_may_do_what_its_role_says(self, plane, user, group, resource, readers, writers):
        for verb in ("get", "list", "watch"):
            assert self.may(plane, user, verb, group, resource) == (user in readers.split())
        for verb in ("create", "update", "patch", "delete", "deletecollection"):
            assert self.may(plane, user, verb, group, resource) == (user in writers.split())

    @pytest.mark.parametrize("user", ["ada", "eve", "vic"])
    @pytest.mark.parametrize("verb", ["escalate", "bind", "impersonate", "approve", "sign", "*"])
    def test_none_gets_more_rights_by_a_verb(self, plane, user, verb):
        for group, resource, *_ in TABLE:
            assert not self.may(plane, user, verb, group, resource)

    @pytest.mark.parametrize("user", ["eve", "vic"])
    def test_nodes_and_pods_are_forbidden(self, plane, user):
        for path in ("/api/v1/nodes", "/api/v1/pods"):
            assert plane.user(user).get(path).status == _FORBIDDEN

    def test_a_token_has_the_role_of_its_user(self, plane):
        bot = self.bot(plane)
        assert bot.get(f"{CORE}/default/configmaps").ok
        assert bot.get(f"{CORE}/default/secrets").status == _FORBIDDEN
        assert bot.get("/api/v1/nodes").status == _FORBIDDEN

    def bot(self, plane):
        account = f"{CORE}/{names.USERS_NAMESPACE}/serviceaccounts/bot"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = plane.masters.create(f"{account}/token", asked).body["status"]["token"]
        return plane.plane.token_api(token)

    def test_not_even_an_administrator_gets_a_token_of_a_user(self, plane):
        """It would be that user, in the audit log too."""
        account = f"{CORE}/{names.USERS_NAMESPACE}/serviceaccounts/bot"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        refused = plane.user("ada").create(f"{account}/token", asked)
        assert "ServiceAccounts of this namespace are the platform's" in refused.message
        assert not plane.user("ada").delete(account).ok

    @pytest.mark.parametrize("role", ["editor", "viewer"])
    def test_an_administrator_hands_a_role_on_in_one_namespace(self, plane, role):
        name = f"guest-{role}"
        binding = {
            "metadata": {"name": name},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": f"tenantplane:tenant-{role}",
            },
            "subjects": [{"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"}],
        }
        made = plane.admin.create(f"{RBAC}/namespaces/default/rolebindings", binding)
        assert made.ok, made
        guest = plane.user(name)
        for path in (f"{CORE}/default/configmaps", f"/apis/{GROUP}/v1/namespaces/default/gadgets"):
            eventually(lambda path=path: guest.get(path).ok, f"{name} reads {path}")
        assert guest.get(f"{CORE}/kube-system/configmaps").status == _FORBIDDEN

    def test_an_administrator_lets_editors_do_more(self, plane):
        """By a role with the label, of rights that the administrator has."""
        role = {
            "metadata": {"name": "editors-services", "labels": {user_rbac.EDITOR_LABEL: "true"}},
            "rules": [{"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list"]}],
        }
        assert plane.admin.create(f"{RBAC}/clusterroles", role).ok
        eve = plane.user("eve")
        eventually(lambda: eve.get(f"{CORE}/default/services").ok, "editors see Services")
        assert plane.admin.delete(f"{RBAC}/clusterroles/editors-services").ok
        eventually(
            lambda: eve.get(f"{CORE}/default/services").status == _FORBIDDEN, "and don't any more"
        )

    def test_of_kubernetes_own_groups_every_one_is_left_out(self, plane):
        """A new version may serve another: it must not come to editors by itself."""
        (rule,) = plane.masters.get(f"{RBAC}/clusterroles/{user_rbac.EDITORS}:apis").body["rules"]
        assert [one for one in rule["apiGroups"] if one.endswith("k8s.io") or "." not in one] == []


def definition():
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True}
    return {
        "metadata": {"name": f"gadgets.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"plural": "gadgets", "kind": "Gadget"},
            "versions": [version | {"schema": {"openAPIV3Schema": schema}}],
        },
    }
