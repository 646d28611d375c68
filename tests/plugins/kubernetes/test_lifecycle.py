"""Every supported kind on a real API server: create, read, update, replace, delete."""

import pytest

from rig.plugins.kubernetes import kinds
from tests.plugins.kubernetes import objects
from tests.plugins.kubernetes.driver import FailedError
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

TOKENS = sorted(objects.objects("none"))


def test_each_supported_kind_has_a_case():
    """A kind without one would be supported by hope."""
    covered = {f"{o['apiVersion']}/{o['kind']}" for o, _ in objects.objects("none").values()}
    assert covered | {"v1/Namespace"} == set(kinds.table()["kinds"])


@pytest.mark.parametrize("token", TOKENS)
def test_a_kind_lives(plugin, namespace, api, token):
    """Created, unchanged, refreshed without a change, changed in place, refreshed, deleted."""
    first, change = objects.objects(namespace)[token]
    made = plugin.create(f"kubernetes:{token}", "demo", first)
    place = first["metadata"].get("namespace")
    assert made.id == (f"{place}/" if place else "") + first["metadata"]["name"]
    assert made.plain["metadata"]["uid"]
    _assert_unchanged(plugin, made, first)
    refreshed = plugin.read(made)
    _assert_unchanged(plugin, refreshed, first)
    assert refreshed.inputs == made.inputs

    answer = plugin.diff_of(made, change)
    assert answer.changes == answer.DIFF_SOME
    assert not answer.replaces
    changed = plugin.update(made, change)
    _assert_unchanged(plugin, changed, change)
    _assert_unchanged(plugin, plugin.read(changed), change)
    back = plugin.update(changed, first)
    _assert_unchanged(plugin, plugin.read(back), first)

    plugin.delete(back)
    if "skipAwait" in str(first["metadata"]):
        eventually(lambda: plugin.read(back) is None, "gone")
    assert plugin.read(back) is None
    plugin.delete(back)  # what is gone is gone


def _assert_unchanged(plugin, resource, obj):
    answer = plugin.diff_of(resource, obj)
    assert answer.changes == answer.DIFF_NONE, answer


def test_a_namespace_lives(plugin, api):
    made = plugin.create(objects.NAMESPACE_TOKEN, "demo", objects.namespace("lives"))
    assert made.id == "lives"
    plugin.delete(made)
    assert api.get("/api/v1/namespaces/lives").status == 404


def test_a_definition_and_its_objects_live(plugin, namespace):
    crd = objects.definition("Whole")
    made = plugin.create(objects.CRD_TOKEN, "demo", crd)
    conditions = {c["type"]: c["status"] for c in made.plain["status"]["conditions"]}
    assert conditions["Established"] == "True"
    _assert_unchanged(plugin, plugin.read(made), crd)

    # In the foreground its deletion waits for the garbage collector, which learns of new kinds
    # every 30 s.
    gone = {"pulumi.com/deletionPropagationPolicy": "background"}
    more = {"port": "http", "tags": ["a"], "more": {"x": {}}}
    first = objects.custom(namespace, kind="Whole", annotations=gone, size=3, **more)
    custom = plugin.create(objects.custom_token("Whole"), "demo", first)
    assert custom.id == f"{namespace}/demo"
    _assert_unchanged(plugin, plugin.read(custom), first)
    second = objects.custom(namespace, kind="Whole", annotations=gone, size=4)
    _assert_unchanged(plugin, plugin.read(plugin.update(custom, second)), second)

    wider = objects.definition("Whole", required=["size"])
    _assert_unchanged(plugin, plugin.read(plugin.update(made, wider)), wider)
    assert plugin.read(custom)  # replacing the definition as a whole leaves its objects alone
    plugin.delete(custom)
    plugin.delete(made)


def test_a_removed_field_is_removed_from_the_object(plugin, namespace, api):
    """Objects are created on behalf of one manager and updated by another: one has to take over."""
    token, obj = "kubernetes:core/v1:ConfigMap", _config_map(namespace, data={"a": "1", "b": "2"})
    made = plugin.create(token, "demo", obj)
    plugin.update(made, _config_map(namespace, data={"a": "1"}))
    live = api.get(f"/api/v1/namespaces/{namespace}/configmaps/demo").body
    assert live["data"] == {"a": "1"}
    (record,) = live["metadata"]["managedFields"]
    assert record["manager"] == made.plain["__fieldManager"]
    assert record["operation"] == "Apply"


def test_fields_of_others_stay(plugin, namespace, api):
    """A label that a controller sets is none of ours."""
    made = plugin.create("kubernetes:core/v1:ConfigMap", "demo", _config_map(namespace))
    path = f"/api/v1/namespaces/{namespace}/configmaps/demo"
    assert api.merge(path, {"metadata": {"labels": {"theirs": "1"}}}).ok
    changed = plugin.update(made, _config_map(namespace, data={"a": "2"}))
    assert changed.plain["metadata"]["labels"] == {"theirs": "1"}
    _assert_unchanged(plugin, plugin.read(changed), _config_map(namespace, data={"a": "2"}))


def test_an_object_without_a_name_is_named_and_keeps_its_name(plugin, namespace):
    obj = _config_map(namespace, name=None)
    made = plugin.create("kubernetes:core/v1:ConfigMap", "demo", obj)
    assert made.name.startswith("demo-")
    assert made.plain["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    changed = plugin.update(made, {**obj, "data": {"b": "1"}})
    assert changed.name == made.name


def test_an_object_without_a_namespace_goes_to_the_providers(drive, namespace):
    plugin = drive(namespace=namespace)
    obj = _config_map(None)
    made = plugin.create("kubernetes:core/v1:ConfigMap", "demo", obj)
    assert made.id == f"{namespace}/demo"
    _assert_unchanged(plugin, plugin.read(made), obj)
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "no-namespace"},
    }
    assert plugin.create("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", "r", role).id == (
        "no-namespace"
    )


def test_a_replacement_with_the_same_name_works_after_the_deletion(plugin, namespace):
    token = "kubernetes:apps/v1:Deployment"
    first, _ = objects.objects(namespace)["apps/v1:Deployment"]
    made = plugin.create(token, "demo", first)
    labels = {"app": "other"}
    template = {**first["spec"]["template"], "metadata": {"labels": labels}}
    spec = {**first["spec"], "selector": {"matchLabels": labels}, "template": template}
    answer = plugin.diff_of(made, {**first, "spec": spec})
    assert "spec.selector.matchLabels.app" in answer.replaces
    assert answer.deleteBeforeReplace
    plugin.delete(made)
    again = plugin.create(token, "demo", {**first, "spec": spec})
    assert again.plain["metadata"]["uid"] != made.plain["metadata"]["uid"]


def test_ignored_fields_keep_what_they_have_now(plugin, namespace, api):
    """An autoscaler sets the replicas; a change of the template must not reset them."""
    first, _ = objects.objects(namespace)["apps/v1:Deployment"]
    made = plugin.create("kubernetes:apps/v1:Deployment", "demo", first)
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/demo"
    scaled = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "demo"},
        "spec": {"replicas": 0, "revisionHistoryLimit": 7},
    }
    assert api.apply(path, scaled).ok
    change = {**first, "spec": {**first["spec"], "revisionHistoryLimit": 3, "minReadySeconds": 1}}
    changed = plugin.update(made, change, ignore=["spec.revisionHistoryLimit"])
    assert changed.plain["spec"]["revisionHistoryLimit"] == 7
    assert changed.plain["spec"]["minReadySeconds"] == 1


def test_a_new_field_manager_takes_the_place_of_the_old(plugin, namespace):
    made = plugin.create("kubernetes:core/v1:ConfigMap", "demo", _config_map(namespace))
    made = plugin.update(made, _config_map(namespace, data={"a": "2"}))
    annotations = {"pulumi.com/patchFieldManager": "chosen"}
    obj = _config_map(namespace, annotations=annotations, data={"a": "2"})
    changed = plugin.update(made, obj)
    assert changed.plain["__fieldManager"] == "chosen"
    managers = {m["manager"] for m in plugin.read(changed).plain["metadata"]["managedFields"]}
    assert managers == {"chosen"}


@pytest.mark.parametrize(
    ("policy", "pods_left"), [("orphan", True), ("background", False), (None, False)]
)
def test_what_an_object_owns_goes_as_its_user_says(plugin, namespace, api, policy, pods_left):
    annotations = {"pulumi.com/deletionPropagationPolicy": policy} if policy else {}
    first, _ = objects.objects(namespace)["apps/v1:Deployment"]
    obj = {**first, "metadata": {**first["metadata"], "annotations": annotations}}
    made = plugin.create("kubernetes:apps/v1:Deployment", "demo", obj)
    plugin.delete(made)
    sets = api.get(f"/apis/apps/v1/namespaces/{namespace}/replicasets").body["items"]
    assert bool(sets) is pods_left or policy == "background"


def test_a_name_that_kubernetes_generates_is_refused(plugin, namespace):
    obj = _config_map(namespace, name=None)
    obj["metadata"]["generateName"] = "demo-"
    with pytest.raises(FailedError, match="generateName does not go with server-side apply"):
        plugin.create("kubernetes:core/v1:ConfigMap", "demo", obj)


def test_unknown_fields_are_left_out_and_named(plugin, namespace):
    first, _ = objects.objects(namespace)["apps/v1:Deployment"]
    made = plugin.create(
        "kubernetes:apps/v1:Deployment", "demo", {**first, "spec": {**first["spec"], "replica": 3}}
    )
    assert "replica" not in made.plain["spec"]
    (warning,) = plugin.messages.texts(ephemeral=False)
    assert warning == "Kubernetes knows no such fields, left out: spec.replica"


def _config_map(namespace, name="demo", annotations=None, data=None):
    found = {"name": name, "namespace": namespace, "annotations": annotations}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {key: value for key, value in found.items() if value},
        "data": data or {"a": "1"},
    }
