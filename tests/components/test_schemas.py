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

COMPONENTS = [
    CloudSql,
    HostAgent,
    HostCluster,
    IngressPassthrough,
    SharedEtcd,
    TenantControlPlane,
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


@pytest.mark.parametrize("component", COMPONENTS)
def test_each_component_is_declared_the_same_way(component):
    assert list(inspect.signature(component).parameters) == ["name", "args", "opts"]
