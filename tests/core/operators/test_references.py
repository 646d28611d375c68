"""Every place of a pod's spec that names a ConfigMap, Secret or claim is found."""

import pytest

from core.operators import references
from core.operators.references import CONFIG_MAP, SECRET, File
from tests.support.operator_objects import container


def with_env(**source):
    return {"containers": [container(env=[{"name": "A", "valueFrom": source}])]}


def with_env_from(**source):
    return {"containers": [container(envFrom=[source])]}


def with_volume(**source):
    return {"volumes": [{"name": "v", **source}], "containers": []}


PLACES = {
    "env, ConfigMap": (with_env(configMapKeyRef={"name": "a", "key": "k"}), CONFIG_MAP),
    "env, Secret": (with_env(secretKeyRef={"name": "a", "key": "k"}), SECRET),
    "envFrom, ConfigMap": (with_env_from(configMapRef={"name": "a"}), CONFIG_MAP),
    "envFrom, Secret": (with_env_from(secretRef={"name": "a"}), SECRET),
    "volume, ConfigMap": (with_volume(configMap={"name": "a"}), CONFIG_MAP),
    "volume, Secret": (with_volume(secret={"secretName": "a"}), SECRET),
    "projected, ConfigMap": (
        with_volume(projected={"sources": [{"configMap": {"name": "a"}}]}),
        CONFIG_MAP,
    ),
    "projected, Secret": (with_volume(projected={"sources": [{"secret": {"name": "a"}}]}), SECRET),
    "pulling": ({"imagePullSecrets": [{"name": "a"}], "containers": []}, SECRET),
    "first container": (
        {"initContainers": [container(envFrom=[{"secretRef": {"name": "a"}}])], "containers": []},
        SECRET,
    ),
}


@pytest.mark.parametrize(("spec", "kind"), PLACES.values(), ids=PLACES)
def test_a_file_is_found_and_renamed_wherever_it_is_named(spec, kind):
    assert references.files(spec) == {File(kind, "a")}
    references.rename(spec, lambda name: f"ops.{name}")
    assert references.files(spec) == {File(kind, "ops.a")}


def test_a_claim_is_renamed_and_is_no_file():
    spec = with_volume(persistentVolumeClaim={"claimName": "a"})
    assert references.files(spec) == set()
    references.rename(spec, lambda name: f"ops.{name}")
    assert spec["volumes"][0]["persistentVolumeClaim"]["claimName"] == "ops.a"


def test_what_names_nothing_has_no_files():
    spec = {
        "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "projected": None}],
        "containers": [container(env=[{"name": "A", "value": "b"}], envFrom=None)],
        "initContainers": None,
        "imagePullSecrets": None,
    }
    assert references.files(spec) == references.unnamed(spec) == set()


NAMELESS = {
    "env": (with_env(secretKeyRef={"key": "k"}), {SECRET}),
    "volume": (with_volume(secret={"secretName": None}), {SECRET}),
    "projected": (with_volume(projected={"sources": [{"configMap": {"items": []}}]}), {CONFIG_MAP}),
    "envFrom": (with_env_from(configMapRef={"name": ""}), {CONFIG_MAP}),
}


@pytest.mark.parametrize(("spec", "kinds"), NAMELESS.values(), ids=NAMELESS)
def test_a_name_that_values_left_empty_is_told_from_a_file(spec, kinds):
    """A chart's template makes `secretName:` of a value that nobody gave."""
    assert references.unnamed(spec) == kinds
    assert references.files(spec) == set()
    references.rename(spec, lambda name: f"ops.{name}")
    assert references.unnamed(spec) == kinds


def test_pulling_with_no_secret_is_no_mistake():
    """Kubernetes takes `imagePullSecrets: [{}]`, and some charts make it."""
    assert references.unnamed({"imagePullSecrets": [{}], "containers": []}) == set()
