"""Objects that no state knows: `.get` and `pulumi import`."""

import pytest

from rig.plugins.kubernetes import values
from tests.plugins.kubernetes import objects

pytestmark = pytest.mark.processes


@pytest.mark.parametrize("token", sorted(objects.objects("none")))
def test_an_object_that_is_imported_needs_no_change(plugin, namespace, token):
    """A program with the inputs that the import found leaves the object as it is."""
    first, _ = objects.objects(namespace)[token]
    made = plugin.create(f"kubernetes:{token}", "demo", first)
    found = plugin.get(f"kubernetes:{token}", made.id)
    assert found.id == made.id
    assert found.plain["metadata"]["uid"] == made.plain["metadata"]["uid"]
    answer = plugin.diff_of(found, values.read(found.inputs).plain)
    assert answer.changes == answer.DIFF_NONE, answer
    plugin.delete(made)


def test_imported_inputs_hold_what_the_server_alone_sets_no_more(plugin, namespace):
    first, _ = objects.objects(namespace)["core/v1:Secret"]
    made = plugin.create("kubernetes:core/v1:Secret", "demo", first)
    found = plugin.get("kubernetes:core/v1:Secret", made.id)
    metadata = found.inputs.fields["metadata"].struct_value.fields
    assert set(metadata) == {"name", "namespace", "labels"}
    assert "status" not in found.inputs.fields
    assert found.outputs["data"] == made.outputs["data"]  # secret as before


def test_what_is_not_there_is_not_found(plugin, namespace):
    assert plugin.get("kubernetes:core/v1:ConfigMap", f"{namespace}/nothing") is None
    assert plugin.get("kubernetes:a.test/v1:Nothing", f"{namespace}/nothing") is None


def test_an_id_without_a_namespace_means_the_default_one(plugin):
    found = plugin.get("kubernetes:core/v1:ServiceAccount", "default")
    assert found.plain["metadata"]["namespace"] == "default"


def test_a_custom_resource_can_be_read(plugin, namespace, definition):
    obj = objects.custom(namespace, kind=definition, size=3)
    made = plugin.create(objects.custom_token(definition), "demo", obj)
    assert plugin.get(objects.custom_token(definition), made.id).plain["spec"]["size"] == 3
