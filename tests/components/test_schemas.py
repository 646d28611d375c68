"""Every component can become a package for other languages: its schema is inferred from Python."""

import inspect

import pytest
from pulumi.provider.experimental.analyzer import Analyzer

from components.cloud_sql import CloudSql
from components.host_agent import HostAgent
from components.host_cluster import HostCluster
from components.ingress_passthrough import IngressPassthrough
from components.shared_etcd import SharedEtcd
from components.tenant_control_plane import TenantControlPlane
from components.tenant_operator import TenantOperator
from core import schema
from core.store_settings import CloudSqlSettings, DedicatedEtcdSettings, EtcdSettings

COMPONENTS = [
    CloudSql,
    HostAgent,
    HostCluster,
    IngressPassthrough,
    SharedEtcd,
    TenantControlPlane,
    TenantOperator,
]


@pytest.fixture(scope="module")
def schemas():
    return Analyzer("tenantplane").analyze(components=COMPONENTS)


def test_every_input_and_output_is_typed_and_documented(schemas):
    """A union, a Literal or a missing docstring would be found by the first user in Go."""
    definitions = schemas["component_definitions"] | schemas["type_definitions"]
    assert {component.__name__ for component in COMPONENTS} <= set(definitions)
    for name, definition in definitions.items():
        assert definition.description, name
        named = dict(getattr(definition, "inputs", None) or definition.properties)
        for key, value in {**named, **getattr(definition, "outputs", {})}.items():
            assert value.description, f"{name}.{key}"


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("CloudSql", CloudSqlSettings),
        ("DedicatedEtcdStore", DedicatedEtcdSettings),
        ("SharedEtcd", EtcdSettings),
    ],
)
def test_a_store_is_by_default_what_its_settings_say(schemas, name, settings):
    """A docstring can't name a constant, and is what a user of another language reads."""
    definitions = schemas["component_definitions"] | schemas["type_definitions"]
    definition = definitions[name]
    inputs = getattr(definition, "inputs", None) or definition.properties
    keys = schema.keys(settings)
    said = {key: inputs[key].description for key in keys if key in inputs}
    usual = {key: keys[key].default for key in said if keys[key].default is not None}
    assert len(usual) >= 3
    for key, value in usual.items():
        shown = str(list(value) if isinstance(value, tuple) else value)
        shown = shown.lower() if isinstance(value, bool) else shown
        assert f"Default {shown}." in " ".join(said[key].split()), key


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_is_declared_the_same_way(component):
    assert list(inspect.signature(component).parameters) == ["name", "args", "opts"]
