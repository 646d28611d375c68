"""What goes wrong is said in words that help, and leaves the state as it is."""

import threading

import grpc
import pytest

from core import kubeconfig as core_kubeconfig
from tests.plugins.kubernetes import objects
from tests.plugins.kubernetes.driver import FailedError
from tests.support.certificates import Authority
from tests.support.kubectl import eventually
from tests.support.processes import free_port

pytestmark = pytest.mark.processes

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def config_map(namespace, data=None, annotations=None, name="demo"):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "annotations": annotations or {}},
        "data": data or {"a": "1"},
    }


@pytest.fixture
def nowhere(kubeconfig, cluster):
    """A kubeconfig of a cluster that doesn't answer."""
    return kubeconfig.replace(cluster.server, f"https://127.0.0.1:{free_port()}")


def test_an_unreachable_cluster_is_named_by_each_operation(drive, plugin, namespace, nowhere):
    made = plugin.create(CONFIG_MAP, "demo", config_map(namespace))
    dead = drive(nowhere)
    said = "no answer from https://127.0.0.1:.*Connection refused.*start the cluster"
    with pytest.raises(FailedError, match=f"cluster is unreachable: .*{said}"):
        dead.create(CONFIG_MAP, "demo", config_map(namespace))
    for operation in (dead.read, dead.delete):
        with pytest.raises(FailedError, match=f"(?s){said}.*PULUMI_K8S_DELETE_UNREACHABLE=true"):
            operation(made)
    with pytest.raises(FailedError, match=said):
        dead.update(made, config_map(namespace, {"a": "2"}))


def test_a_preview_without_a_cluster_shows_the_inputs(drive, namespace, nowhere):
    """A first preview of a cluster and of what goes on it."""
    dead = drive(nowhere)
    checked = dead.check(CONFIG_MAP, "demo", config_map(namespace))
    seen = dead.create(CONFIG_MAP, "demo", None, checked=checked, preview=True)
    assert seen.state == checked


def test_what_was_on_a_cluster_that_is_gone_can_be_dropped(drive, plugin, namespace, nowhere):
    made = plugin.create(CONFIG_MAP, "demo", config_map(namespace))
    dead = drive(nowhere, deleteUnreachable="true")
    assert dead.read(made) is None
    dead.delete(made)


def test_what_is_on_a_cluster_that_is_away_can_be_left_alone(drive, plugin, namespace, nowhere):
    made = plugin.create(CONFIG_MAP, "demo", config_map(namespace))
    dead = drive(nowhere, skipUpdateUnreachable="true")
    assert dead.read(made).state == made.state
    assert dead.check(CONFIG_MAP, "demo", config_map(namespace, {"a": "2"}), made) == made.inputs


def test_a_stranger_is_told_apart_from_a_dead_cluster(drive, namespace, cluster):
    pair = Authority("stranger").issue("x", organization="system:masters")
    text = core_kubeconfig.build(cluster.server, cluster.authority.pem, *pair, "test")
    with pytest.raises(FailedError, match="Unauthorized"):
        drive(text).create(CONFIG_MAP, "demo", config_map(namespace))
    other = core_kubeconfig.build(cluster.server, Authority("other").pem, *pair, "test")
    with pytest.raises(FailedError, match=r"unable to get local issuer certificate|self.signed"):
        drive(other).create(CONFIG_MAP, "demo", config_map(namespace))


def test_a_broken_kubeconfig_is_named(drive, namespace):
    with pytest.raises(FailedError, match="kubeconfig: is not YAML at line 3"):
        drive("a: b\nc: [").create(CONFIG_MAP, "demo", config_map(namespace))


def test_what_exists_is_not_taken_over_unless_the_user_says_so(drive, plugin, namespace, api):
    """It may belong to somebody else."""
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    assert api.create(path, config_map(namespace, {"theirs": "1"})).ok
    with pytest.raises(FailedError, match="it exists already") as raised:
        plugin.create(CONFIG_MAP, "demo", config_map(namespace))
    assert raised.value.code == grpc.StatusCode.INVALID_ARGUMENT  # nothing has happened
    for remedy in ("alias", "pulumi import", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS=true"):
        assert remedy in raised.value.text

    upserting = drive(upsertExistingObjects="true")
    made = upserting.create(CONFIG_MAP, "demo", config_map(namespace))
    assert made.plain["data"] == {"theirs": "1", "a": "1"}
    managers = {m["manager"] for m in made.plain["metadata"]["managedFields"]}
    assert made.plain["__fieldManager"] in managers
    again = upserting.update(made, config_map(namespace, {"a": "2"}))
    assert again.plain["data"] == {"theirs": "1", "a": "2"}


def taken(plugin, namespace, api):
    """A ConfigMap of which somebody else manages `data.a` now."""
    made = plugin.create(CONFIG_MAP, "demo", config_map(namespace))
    made = plugin.update(made, config_map(namespace, {"a": "2"}))
    path = f"/api/v1/namespaces/{namespace}/configmaps/demo"
    theirs = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "demo"},
        "data": {"a": "theirs"},
    }
    assert api.apply(path, theirs).ok  # by force
    return made


def test_a_conflict_names_the_field_and_who_manages_it(plugin, namespace, api):
    made = taken(plugin, namespace, api)
    for preview in (True, False):
        with pytest.raises(FailedError) as raised:
            plugin.update(made, config_map(namespace, {"a": "3"}), preview=preview)
        assert "fields are managed by somebody else (test), got '.data.a'" in raised.value.text
        assert "pulumi.com/patchForce" in raised.value.text
        assert raised.value.partial is None  # the state stays as it was


def test_a_conflict_is_won_by_force(drive, plugin, namespace, api):
    made = taken(plugin, namespace, api)
    forced = config_map(namespace, {"a": "3"}, {"pulumi.com/patchForce": "true"})
    assert plugin.update(made, forced).plain["data"] == {"a": "3"}


def test_a_provider_may_use_force_on_everything(drive, plugin, namespace, api):
    made = taken(plugin, namespace, api)
    forcing = drive(enablePatchForce="true")
    assert forcing.update(made, config_map(namespace, {"a": "4"})).plain["data"] == {"a": "4"}


def test_an_object_that_the_server_refuses_is_refused_in_its_words(plugin, namespace):
    wrong = config_map(namespace, {"not/valid": "1"})
    for preview in (True, False):
        with pytest.raises(FailedError, match="a valid config key must consist of") as raised:
            plugin.create(CONFIG_MAP, "demo", wrong, preview=preview)
        assert raised.value.code == grpc.StatusCode.INVALID_ARGUMENT


def test_what_has_been_deleted_can_not_be_updated(plugin, namespace, api):
    made = plugin.create(CONFIG_MAP, "demo", config_map(namespace))
    assert api.delete(f"/api/v1/namespaces/{namespace}/configmaps/demo").ok
    with pytest.raises(FailedError, match="it was deleted by somebody else; run pulumi refresh"):
        plugin.update(made, config_map(namespace, {"a": "2"}))
    assert plugin.read(made) is None


def test_a_user_who_may_not_is_told_so(drive, namespace, cluster):
    somebody = drive(cluster.kubeconfig("somebody"))
    with pytest.raises(FailedError, match='User "somebody" cannot create resource'):
        somebody.create(CONFIG_MAP, "demo", config_map(namespace))
    seen = somebody.create(CONFIG_MAP, "demo", config_map(namespace), preview=True)
    assert seen.plain["data"] == {"a": "1"}  # who may only read previews nonetheless


def test_a_namespace_or_type_that_comes_in_a_moment_is_waited_for(plugin, api):
    """Programs declare a definition and its objects without an order."""
    name, kind = "comes-late", "Late"
    later = threading.Timer(
        0.7,
        lambda: (
            plugin.create(objects.NAMESPACE_TOKEN, "late", objects.namespace(name)),
            plugin.create(objects.CRD_TOKEN, "late", objects.definition(kind)),
        ),
    )
    later.start()
    assert plugin.create(CONFIG_MAP, "demo", config_map(name)).id == f"{name}/demo"
    made = plugin.create(objects.custom_token(kind), "demo", objects.custom(name, kind=kind))
    assert made.id == f"{name}/demo"
    later.join()


@pytest.mark.parametrize(
    ("token", "obj"),
    [
        ("kubernetes:core/v1:ConfigMapPatch", {"apiVersion": "v1", "kind": "ConfigMap"}),
        ("kubernetes:core/v1:SecretList", {"apiVersion": "v1", "kind": "SecretList"}),
        ("kubernetes:helm.sh/v3:Release", {}),
        ("kubernetes:core/v1:Node", {"apiVersion": "v1", "kind": "Node"}),
        ("kubernetes:a.test/v1:ThingPatch", {"apiVersion": "a.test/v1", "kind": "Thing"}),
    ],
)
def test_types_that_are_not_supported_are_refused(plugin, token, obj):
    with pytest.raises(FailedError, match=f"resource type {token}: "):
        plugin.check(token, "demo", obj)


def test_nor_can_they_be_read(plugin):
    with pytest.raises(FailedError, match="is not supported by the offline kubernetes plugin"):
        plugin.get("kubernetes:core/v1:Node", "demo")


def test_what_is_left_of_a_type_that_is_gone_is_gone_too(plugin, namespace, api, definition):
    """Custom resources are often deleted after their definition."""
    made = plugin.create(
        objects.custom_token(definition), "demo", objects.custom(namespace, kind=definition)
    )
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    path += f"/{definition.lower()}s.{objects.CRD_GROUP}"
    assert api.delete(path).ok
    eventually(lambda: api.get(path).status == 404, "gone")
    assert plugin.read(made) is None
    plugin.delete(made)
