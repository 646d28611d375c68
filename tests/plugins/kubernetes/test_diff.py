"""Differences that are found without a cluster."""

import pytest

from rig.plugins.kubernetes import config, values
from rig.plugins.kubernetes.diff import diff
from rig.plugins.kubernetes.plugin import Plugin
from rig.plugins.kubernetes.protocol import provider_pb2
from rig.plugins.kubernetes.state import checkpoint
from rig.plugins.kubernetes.values import Properties

Kind = provider_pb2.PropertyDiff
UNKNOWN = values._UNKNOWNS["04da6b54-80e4-46f7-96ec-b56ff0331ba9"]
MUTABLE = {"kubernetes:config:enableSecretMutable": "true"}


def meta(**more):
    return {"name": "demo", "namespace": "ns", **more}


def config_map(metadata=None, **body):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata or meta(), **body}


def asked(old, new, live=None, ignore=(), settings=None):
    """Diff new inputs against a state made from old inputs, live as given or just so."""
    live = {**old, **(live or {})}
    state = checkpoint(live, old, Properties(old), api_version="v1", field_manager="m")
    plugin = Plugin(settings=config.settings(settings or {}))
    return diff(
        plugin,
        provider_pb2.DiffRequest(
            urn="urn:pulumi:s::p::kubernetes:core/v1:ConfigMap::demo",
            olds=state,
            news=values.write(new),
            ignoreChanges=ignore,
        ),
    )


def changes(answer):
    return {path: Kind.Kind.Name(change.kind) for path, change in answer.detailedDiff.items()}


def test_the_same_inputs_are_no_difference():
    obj = config_map(data={"a": "1"})
    answer = asked(obj, obj, live={"extra": 1, "metadata": meta(uid="x", labels={"by": "server"})})
    assert answer.changes == answer.DIFF_NONE
    assert not answer.detailedDiff


def test_each_changed_value_is_named():
    settings = {"kubernetes:config:enableConfigMapMutable": "true"}
    answer = asked(
        config_map(data={"same": "1", "changed": "1", "gone": "1"}),
        config_map(data={"same": "1", "changed": "2", "new": "1"}),
        settings=settings,
    )
    assert changes(answer) == {
        "data.changed": "UPDATE",
        "data.gone": "DELETE",
        "data.new": "ADD",
    }
    assert answer.detailedDiff["data.gone"].inputDiff
    assert not answer.replaces


def test_drift_that_a_refresh_has_seen_is_a_difference():
    obj = config_map(data={"a": "1"})
    drifted = asked(obj, obj, live={"data": {"a": "2"}})
    assert changes(drifted) == {"data.a": "UPDATE_REPLACE"}


def test_elements_of_lists_are_compared_one_by_one():
    spec = {"ports": [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]}
    old = {"apiVersion": "v1", "kind": "Service", "metadata": meta(), "spec": spec}
    new = {**old, "spec": {"ports": [{"port": 80, "name": "a"}, {"port": 82}, {"port": 83}]}}
    assert changes(asked(old, new)) == {
        "spec.ports[1].port": "UPDATE",
        "spec.ports[1].name": "DELETE",
        "spec.ports[2]": "ADD",
    }


def test_another_name_or_namespace_replaces():
    obj = config_map()
    assert list(asked(obj, config_map(meta(name="other"))).replaces) == ["metadata.name"]
    moved = asked(obj, config_map({"name": "demo", "namespace": "other"}))
    assert list(moved.replaces) == ["metadata.namespace"]
    assert not moved.deleteBeforeReplace


def test_the_default_namespace_may_be_left_out():
    old = config_map({"name": "demo"})
    assert asked(old, config_map({"name": "demo", "namespace": "default"})).changes == 1


def test_an_object_that_keeps_its_name_goes_before_it_is_replaced():
    """Otherwise creating the new one fails, as the old one is still there."""
    old, new = config_map(data={"a": "1"}), config_map(data={"a": "2"})
    answer = asked(old, new)
    assert list(answer.replaces) == ["data.a"]
    assert answer.deleteBeforeReplace


def test_an_object_that_the_provider_named_goes_after_it_is_replaced():
    named = meta(annotations={"pulumi.com/autonamed": "true"})
    answer = asked(config_map(named, data={"a": "1"}), config_map(named, data={"a": "2"}))
    assert list(answer.replaces) == ["data.a"]
    assert not answer.deleteBeforeReplace


def test_mutable_objects_change_in_place_unless_they_say_that_they_are_immutable():
    def secret(**body):
        return {"apiVersion": "v1", "kind": "Secret", "metadata": meta(), **body}

    old, new = secret(data={"a": "MQ=="}), secret(data={"a": "Mg=="})
    assert asked(old, new).replaces
    assert not asked(old, new, settings=MUTABLE).replaces
    fixed = {"immutable": True}
    assert asked({**old, **fixed}, {**new, **fixed}, settings=MUTABLE).replaces
    assert asked(old, {**old, "type": "other"}, settings=MUTABLE).replaces


def test_an_unknown_value_is_an_update():
    old = config_map(meta(labels={"a": "b"}))
    assert changes(asked(old, config_map(meta(labels={"a": UNKNOWN})))) == {
        "metadata.labels.a": "UPDATE"
    }


def test_ignored_changes_are_no_difference():
    old, new = config_map(meta(labels={"a": "1"})), config_map(meta(labels={"a": "2", "b": "3"}))
    ignored = asked(old, new, ignore=["metadata.labels.a"])
    assert changes(ignored) == {"metadata.labels.b": "ADD"}
    assert asked(old, new, ignore=["metadata.labels"]).changes == 1


def test_a_word_that_means_the_same_is_no_difference():
    """`1024Mi` in the program, `1Gi` on the server."""

    def quota(amount):
        return {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": meta(),
            "spec": {"hard": {"memory": amount}},
        }

    live = {"spec": {"hard": {"memory": "1Gi"}}}
    assert asked(quota("1024Mi"), quota("1024Mi"), live=live).changes == 1
    assert asked(quota("1Gi"), quota("1024Mi"), live=live).changes == 1


def test_true_is_not_one():
    old = {"apiVersion": "a.test/v1", "kind": "A", "metadata": meta(), "spec": {"a": 1}}
    assert changes(asked(old, {**old, "spec": {"a": True}})) == {"spec.a": "UPDATE"}


@pytest.mark.parametrize("nothing", [None, "absent"])
def test_null_that_was_never_there_is_no_difference(nothing):
    old = {"apiVersion": "a.test/v1", "kind": "A", "metadata": meta(), "spec": {"a": 1}}
    new = {**old, "spec": {"a": 1, **({"b": None} if nothing is None else {})}}
    assert asked(old, new).changes == 1
