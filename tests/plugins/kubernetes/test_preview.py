"""A preview shows what an update would do, and does nothing."""

import pytest

from rig.plugins.kubernetes import values
from tests.plugins.kubernetes import objects

pytestmark = pytest.mark.processes

UNKNOWN = values._UNKNOWNS["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]
SERVICE = "kubernetes:core/v1:Service"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"


def service(namespace, **spec):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "demo", "namespace": namespace},
        "spec": {"ports": [{"port": 80}], **spec},
    }


def config_map(namespace, **data):
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "demo", "namespace": namespace},
        "data": data,
    }


def test_a_dry_run_shows_what_the_server_would_set(plugin, namespace, api):
    seen = plugin.create(SERVICE, "demo", service(namespace), preview=True)
    assert seen.id == ""
    assert seen.plain["spec"]["type"] == "ClusterIP"
    assert seen.plain["spec"]["ports"][0]["protocol"] == "TCP"
    assert "status" not in seen.plain
    assert api.get(f"/api/v1/namespaces/{namespace}/services/demo").status == 404


@pytest.mark.parametrize(
    "obj",
    [
        config_map("x", a=UNKNOWN),
        config_map(UNKNOWN, a="1"),
        {**config_map("x"), "metadata": {"name": UNKNOWN, "namespace": "x"}},
        {**config_map("x"), "metadata": UNKNOWN},
        {**config_map("x"), "data": UNKNOWN},
    ],
)
def test_unknown_inputs_stay_unknown(plugin, obj):
    seen = plugin.create(CONFIG_MAP, "demo", obj, preview=True)
    assert values.has_unknowns(seen.plain)
    assert seen.state == seen.inputs


def test_a_secret_that_is_not_known_yet_is_a_secret(plugin):
    obj = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "demo", "namespace": "x"},
        "stringData": {"a": values.Secret(UNKNOWN)},
    }
    seen = plugin.create("kubernetes:core/v1:Secret", "demo", obj, preview=True)
    assert seen.outputs["stringData"][values.SIGNATURE] == values.SECRET


@pytest.mark.parametrize(
    "obj",
    [config_map("comes-with-the-update", a="1"), objects.custom("default", kind="Unheard")],
    ids=["no namespace yet", "no definition yet"],
)
def test_what_the_server_can_not_judge_yet_is_shown_as_it_is(plugin, obj):
    token = CONFIG_MAP if obj["kind"] == "ConfigMap" else objects.custom_token("Unheard")
    seen = plugin.create(token, "demo", obj, preview=True)
    assert seen.state == seen.inputs


def test_what_exists_is_shown_as_it_would_be(plugin, namespace):
    """A replacement with the same name is previewed while the old object is there."""
    plugin.create(CONFIG_MAP, "demo", config_map(namespace, a="1"))
    seen = plugin.create(CONFIG_MAP, "other", config_map(namespace, a="2"), preview=True)
    assert seen.plain["data"] == {"a": "2"}


def test_an_update_is_shown_and_not_done(plugin, namespace, api):
    made = plugin.create(SERVICE, "demo", service(namespace))
    seen = plugin.update(made, service(namespace, type="NodePort"), preview=True)
    assert seen.plain["spec"]["type"] == "NodePort"
    assert seen.plain["spec"]["ports"][0]["nodePort"]
    live = api.get(f"/api/v1/namespaces/{namespace}/services/demo").body
    assert live["spec"]["type"] == "ClusterIP"
    assert live["metadata"]["resourceVersion"] == made.plain["metadata"]["resourceVersion"]


def test_an_update_with_unknowns_is_shown_as_it_is(plugin, namespace):
    made = plugin.create(CONFIG_MAP, "demo", config_map(namespace, a="1"))
    seen = plugin.update(made, config_map(namespace, a=UNKNOWN), preview=True)
    assert seen.state == seen.inputs


def test_an_upsert_is_shown_without_a_conflict(drive, plugin, namespace):
    plugin.create(CONFIG_MAP, "demo", config_map(namespace, a="1"))
    upserting = drive(upsertExistingObjects="true")
    seen = upserting.create(CONFIG_MAP, "demo", config_map(namespace, a="2"), preview=True)
    assert seen.plain["data"] == {"a": "2"}
