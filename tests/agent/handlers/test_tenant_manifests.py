"""TenantManifests, as the running agent treats it, in a real tenant."""

import socket

import pytest

from core import names
from core.manifests import base_rbac, crds
from core.users import UserSettings
from tests.support.certificates import Authority
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

CORE = "/api/v1/namespaces"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def config_map(name, namespace="default", **data):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def definition(group, kind="Thing"):
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Cluster",
            "names": {"plural": plural, "kind": kind, "singular": kind.lower()},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": schema},
                }
            ],
        },
    }


@pytest.fixture
def manifests(world, acme):
    """Apply a TenantManifests of acme; all are removed after the test."""
    made = []

    def apply(name, objects, **spec):
        made.append(name)
        return world.objects.manifests("acme", acme.server, objects, name, **spec)

    yield apply
    for name in made:
        world.objects.delete("TenantManifests", "acme", name)
        world.objects.wait_gone("TenantManifests", "acme", name)


def status(world, name):
    return world.objects.get("TenantManifests", "acme", name).body.get("status", {})


def data(acme, name):
    return acme.masters.get(f"{CORE}/default/configmaps/{name}").body.get("data")


def test_objects_are_there_when_it_is_ready(world, acme, manifests):
    manifests("there", [config_map("there-a", k="v"), config_map("there-b")])
    condition = world.objects.wait("TenantManifests", "acme", "there")
    assert condition["message"] == "2 objects are in place"
    assert data(acme, "there-a") == {"k": "v"}
    found = status(world, "there")
    assert found["applied"] == 2
    assert [entry["name"] for entry in found["inventory"]] == ["there-a", "there-b"]
    assert "lastError" not in found


def test_what_left_the_list_is_removed_and_nothing_else(world, acme, manifests):
    acme.masters.create(f"{CORE}/default/configmaps", config_map("prune-theirs"))
    manifests("prune", [config_map("prune-a"), config_map("prune-b")])
    world.objects.wait("TenantManifests", "acme", "prune")
    manifests("prune", [config_map("prune-b", k="new")])
    eventually(lambda: status(world, "prune").get("applied") == 1, "the list is shorter")
    assert acme.masters.get(f"{CORE}/default/configmaps/prune-a").status == 404
    assert data(acme, "prune-b") == {"k": "new"}
    assert acme.masters.get(f"{CORE}/default/configmaps/prune-theirs").ok


def test_drift_is_repaired_and_what_others_own_is_left(world, acme, manifests):
    manifests("drift", [config_map("drift", k="v")])
    world.objects.wait("TenantManifests", "acme", "drift")
    path = f"{CORE}/default/configmaps/drift"
    acme.masters.merge(path, {"data": {"k": "other", "mine": "too"}})
    eventually(lambda: data(acme, "drift")["k"] == "v", "the field is ours again")
    assert data(acme, "drift")["mine"] == "too"
    acme.masters.delete(path)
    eventually(lambda: data(acme, "drift") == {"k": "v"}, "the object is back")


def test_removing_it_removes_its_objects(world, acme):
    world.objects.manifests("acme", acme.server, [config_map("removed")], "removed")
    world.objects.wait("TenantManifests", "acme", "removed")
    world.objects.delete("TenantManifests", "acme", "removed")
    world.objects.wait_gone("TenantManifests", "acme", "removed")
    assert acme.masters.get(f"{CORE}/default/configmaps/removed").status == 404


def test_orphans_stay_and_nothing_holds_the_object_up(world, acme):
    world.objects.manifests(
        "acme", acme.server, [config_map("orphan")], "orphan", deletionPolicy="Orphan"
    )
    world.objects.wait("TenantManifests", "acme", "orphan")
    found = world.objects.get("TenantManifests", "acme", "orphan").body
    assert crds.TENANT_MANIFESTS_FINALIZER not in found["metadata"].get("finalizers", [])
    world.objects.delete("TenantManifests", "acme", "orphan")
    world.objects.wait_gone("TenantManifests", "acme", "orphan")
    assert acme.masters.get(f"{CORE}/default/configmaps/orphan").ok


def test_a_definition_and_its_objects_come_in_one_list(world, acme, manifests):
    """In any order: a kind takes a moment to be served after its definition is there."""
    thing = {"apiVersion": "one.example.com/v1", "kind": "Thing", "metadata": {"name": "t"}}
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "one"}}
    objects = [thing, config_map("in-one", "one"), definition("one.example.com"), namespace]
    manifests("one", objects)
    world.objects.wait("TenantManifests", "acme", "one")
    assert acme.masters.get("/apis/one.example.com/v1/things/t").ok
    manifests("one", [definition("one.example.com")])
    eventually(lambda: status(world, "one").get("applied") == 1, "three objects left")
    assert acme.masters.get("/apis/one.example.com/v1/things/t").status == 404


def test_a_refused_object_is_named_and_the_others_are_applied(world, acme, manifests):
    bad = config_map("bad") | {"data": {"not a key!": "v"}}
    unknown = {"apiVersion": "none.example.com/v1", "kind": "None", "metadata": {"name": "n"}}
    manifests("half", [bad, unknown, config_map("good", k="v")])
    condition = world.objects.wait("TenantManifests", "acme", "half", status="False")
    assert condition["reason"] == "ApplyFailed"
    assert "ConfigMap default/bad: " in condition["message"]
    assert (
        "None n: None: the tenant serves no such kind in none.example.com/v1"
        in (condition["message"])
    )
    assert data(acme, "good") == {"k": "v"}
    assert status(world, "half")["applied"] == 1
    manifests("half", [config_map("good", k="v")])
    world.objects.wait("TenantManifests", "acme", "half")
    assert "lastError" not in status(world, "half")


def test_a_secrets_value_is_in_no_message(world, acme, manifests):
    """The API server quotes what it refuses."""
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "default"},
        "stringData": {"pin": 271828},  # not a string: `expected string, got ...Value:271828`
    }
    path = f"{CORE}/default/secrets/s"
    assert "271828" in acme.masters.apply(path, secret).message
    manifests("secretive", [secret])
    world.objects.wait("TenantManifests", "acme", "secretive", status="False")
    assert "271828" not in str(status(world, "secretive"))
    assert "271828" not in world.agent.process.text()


def test_a_tenant_that_does_not_answer_is_unreachable_until_it_does(world, acme, manifests):
    manifests("away", [config_map("away")])
    world.objects.wait("TenantManifests", "acme", "away")
    acme.process.kill()
    world.objects.wait("TenantManifests", "acme", "away", status="False", reason="Unreachable")
    acme.process.start()
    acme.wait()
    world.objects.wait("TenantManifests", "acme", "away")


def test_ones_that_never_answer_hold_up_no_other(world, acme, manifests):
    """Each look at one of them takes 3 s: one after the other, all would take a minute."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as mute:
        nowhere = f"https://127.0.0.1:{mute.getsockname()[1]}"
        for number in range(20):
            world.objects.manifests(
                "acme", nowhere, [config_map("x")], f"bad-{number}", deletionPolicy="Orphan"
            )
        manifests("good", [config_map("good-one")])
        world.objects.wait("TenantManifests", "acme", "good")
        for number in range(20):
            world.objects.delete("TenantManifests", "acme", f"bad-{number}")


def test_renewed_credentials_are_picked_up(world, acme, manifests):
    """The Secret is all that changes."""
    good = world.objects.agent_credentials(acme)
    stranger = Authority("stranger")
    certificate, key = stranger.issue("host-agent", organization="system:masters")
    world.objects.credentials("acme", good | {"tls.crt": certificate, "tls.key": key})
    try:
        manifests("renewed", [config_map("renewed")])
        condition = world.objects.wait("TenantManifests", "acme", "renewed", status="False")
        assert condition["reason"] in {"Refused", "Unreachable", "ApplyFailed"}
    finally:
        world.objects.credentials("acme", good)
    world.objects.wait("TenantManifests", "acme", "renewed")


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"ca.crt": "x"}, "tls.crt, tls.key missing"),
        ({"ca.crt": "x", "tls.crt": "x", "tls.key": "x"}, "unusable"),
    ],
    ids=["incomplete", "nonsense"],
)
def test_unusable_credentials_say_what_is_needed(world, acme, manifests, files, says):
    objects = world.objects
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "host-agent"}}
    objects.api.delete(f"{CORE}/tenant-acme/secrets/host-agent")
    try:
        objects.credentials("acme", files)
        manifests("unusable", [config_map("x")])
        condition = objects.wait("TenantManifests", "acme", "unusable", status="False")
        assert condition["reason"] == "NoCredentials"
        assert says in condition["message"]
    finally:
        objects.api.create(f"{CORE}/tenant-acme/secrets", body)
        objects.credentials("acme", objects.agent_credentials(acme))
    objects.wait("TenantManifests", "acme", "unusable")


@pytest.mark.usefixtures("without_operators")
def test_the_agent_reads_no_other_secret(world, acme, manifests):
    """Its right is to one name, in tenants' namespaces."""
    manifests("nosy", [config_map("x")], credentialsSecret="other")
    condition = world.objects.wait("TenantManifests", "acme", "nosy", status="False")
    assert condition["reason"] == "NoCredentials"
    assert "Forbidden" in condition["message"]
    assert "create it, and the RoleBinding" in condition["message"]


def test_lets_go_where_there_is_no_way_in_any_more(world, acme):
    """A namespace goes as a whole: its Secret may be gone before this object is."""
    world.objects.manifests(
        "acme", acme.server, [config_map("left")], "left", credentialsSecret="gone"
    )
    world.objects.wait("TenantManifests", "acme", "left", status="False")
    world.objects.delete("TenantManifests", "acme", "left")
    world.objects.wait_gone("TenantManifests", "acme", "left")


class TestTheRolesForApiGroups:
    """`apiRoles`: in step with what the tenant serves."""

    ROLE = "tenantplane:tenant-admin:apis"
    EDITORS = "tenantplane:tenant-editor:apis"
    VIEWERS = "tenantplane:tenant-viewer:apis"

    @pytest.fixture
    def base(self, world, manifests):
        manifests("base", base_rbac.base_objects("1.37.2"), apiRoles=base_rbac.API_ROLES)
        world.objects.wait("TenantManifests", "acme", "base")

    @pytest.fixture
    def admin(self, acme, base):
        return acme.api("bob", "tenant-admins")

    def groups(self, acme, role=ROLE):
        rules = acme.masters.get(f"{RBAC}/clusterroles/{role}").body["rules"] or []
        return [group for rule in rules for group in rule["apiGroups"]]

    def test_covers_every_group_but_core_and_those_left_out(self, acme, admin):
        assert "apps" in self.groups(acme)
        assert "apiregistration.k8s.io" in self.groups(acme)
        assert not {"", "*", "admissionregistration.k8s.io"} & set(self.groups(acme))
        assert admin.get("/api/v1/nodes").status == 403

    def test_lets_the_administrator_use_an_own_kind_at_once(self, acme, admin):
        """After 0.1 s on an idle machine (docs/agent.md)."""
        assert admin.create(DEFINITIONS, definition("fresh.example.com", "Toy")).ok
        toys = "/apis/fresh.example.com/v1/toys"
        eventually(lambda: admin.get(toys).ok, "the kind is usable")
        toy = {"apiVersion": "fresh.example.com/v1", "kind": "Toy", "metadata": {"name": "t"}}
        assert admin.create(toys, toy).ok

    def test_takes_in_many_groups_at_once(self, acme, admin):
        """Operators install their definitions by the dozen."""
        for number in range(12):
            assert admin.create(DEFINITIONS, definition(f"g{number}.example.com")).ok
        eventually(
            lambda: {f"g{number}.example.com" for number in range(12)} <= set(self.groups(acme)),
            "twelve groups are in the role",
        )

    def test_leaves_a_group_out_again_when_it_is_gone(self, acme, admin):
        assert admin.create(DEFINITIONS, definition("gone.example.com")).ok
        eventually(lambda: "gone.example.com" in self.groups(acme), "the group is in the role")
        assert admin.delete(f"{DEFINITIONS}/things.gone.example.com").ok
        eventually(lambda: "gone.example.com" not in self.groups(acme), "the group left the role")

    def test_is_followed_again_after_the_api_server_was_away(self, world, acme, admin):
        acme.restart()
        assert admin.create(DEFINITIONS, definition("after.example.com")).ok
        eventually(lambda: "after.example.com" in self.groups(acme), "the watch is back")

    def test_an_own_group_is_in_all_of_them_and_kubernetes_own_in_the_administrators(
        self, acme, admin
    ):
        assert admin.create(DEFINITIONS, definition("all.example.com")).ok
        for role in (self.ROLE, self.EDITORS, self.VIEWERS):
            eventually(lambda role=role: "all.example.com" in self.groups(acme, role), role)
        assert "apps" in self.groups(acme)
        for role in (self.EDITORS, self.VIEWERS):
            assert not [group for group in self.groups(acme, role) if "example.com" not in group]

    def test_goes_with_the_wish_for_it(self, world, acme, manifests, base):
        manifests("base", base_rbac.base_objects("1.37.2"), apiRoles=base_rbac.API_ROLES[:1])
        path = f"{RBAC}/clusterroles/{self.EDITORS}"
        eventually(lambda: acme.masters.get(path).status == 404, "the role is gone")
        assert acme.masters.get(f"{RBAC}/clusterroles/{self.ROLE}").ok


class TestPeople:
    """A tenant's users come with its base objects, and go when they left the list."""

    EVE = UserSettings(name="eve", role="editor")
    BOT = UserSettings(name="bot", role="viewer", credentials="token")
    ACCOUNT = f"{CORE}/{names.USERS_NAMESPACE}/serviceaccounts/bot"
    MAPS = f"{CORE}/default/configmaps"

    @pytest.fixture
    def give(self, world, manifests):
        def apply(*people):
            objects = base_rbac.base_objects("1.37.2", people)
            manifests("people", objects, apiRoles=base_rbac.API_ROLES)
            eventually(lambda: self.is_done(world), "the agent has seen the change")
            world.objects.wait("TenantManifests", "acme", "people")

        return apply

    def is_done(self, world):
        found = world.objects.get("TenantManifests", "acme", "people").body
        return found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]

    def bot(self, acme):
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        token = acme.masters.create(f"{self.ACCOUNT}/token", asked).body["status"]["token"]
        return acme.token_api(token)

    def test_have_their_rights_at_once_and_lose_them_with_their_entry(self, acme, give):
        give(self.EVE, self.BOT)
        eve, bot = acme.api("eve"), self.bot(acme)
        assert eve.get(self.MAPS).ok
        assert bot.get(self.MAPS).ok
        give()
        eventually(lambda: eve.get(self.MAPS).status == 403, "eve has no rights", seconds=5)
        eventually(lambda: bot.get(self.MAPS).status == 401, "bot is not let in", seconds=15)
        assert acme.masters.get(self.ACCOUNT).status == 404

    def test_come_back_while_the_namespace_of_their_accounts_is_going(self, acme, give):
        give(self.BOT)
        give()
        give(self.BOT)
        eventually(lambda: acme.masters.get(self.ACCOUNT).ok, "the account is back")
        assert self.bot(acme).get(self.MAPS).ok
