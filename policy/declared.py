"""declared: one declared resource as rules see it.

Owns reading values that may be secret or unknown, and whose namespace a resource is in.
Not here: how the marks come about (wire.py), pods in it (pods.py), the rules (rules/).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pulumi_policy import Secret

from core import names
from policy.wire import UNKNOWN

_TENANTS = names.namespace("")
_OURS = (_TENANTS, names.etcd_namespace(""), names.GATEWAY_NAMESPACE, names.AGENT_NAMESPACE)
_OUR_COMPONENTS = "tenantplane:index:"
_TENANT_COMPONENT = f"{_OUR_COMPONENTS}TenantControlPlane$"


@dataclass(frozen=True)
class Declared:
    """A resource of the stack."""

    type: str
    """Type token, like kubernetes:apps/v1:Deployment."""

    name: str
    """Name in the program."""

    inputs: Mapping[str, Any]
    """What the program asked for, marks and all."""

    urn: str = ""

    outputs: Mapping[str, Any] = field(default_factory=dict)
    """What it became, marks and all; nothing before the whole stack is declared."""

    dependencies: frozenset[str] = frozenset()
    """URNs of what it is made from; nothing before the whole stack is declared."""

    @cached_property
    def props(self) -> Any:  # noqa: ANN401  an object of JSON
        """The inputs, secrets unpacked. What isn't known is UNKNOWN."""
        return _plain(self.inputs)

    def at(self, *path: str) -> Any:  # noqa: ANN401  whatever is there
        """Return what stands at a path of the inputs, as the function `at` does."""
        return at(self.props, *path)

    @property
    def kind(self) -> str:
        """Its kind in Kubernetes; empty for resources of other providers."""
        return self.type.rpartition(":")[2] if self.type.startswith("kubernetes:") else ""

    @property
    def namespace(self) -> Any:  # noqa: ANN401  a string, None or UNKNOWN
        """Where it is; a namespace is in itself."""
        return self.at("metadata", "name" if self.kind == "Namespace" else "namespace")

    @property
    def thing(self) -> str:
        """What a message calls it."""
        if not self.kind:
            return self.name
        own = self.at("metadata", "name")
        named = own if isinstance(own, str) else self.name
        inside = isinstance(self.namespace, str) and self.kind != "Namespace"
        return f"{self.kind} {self.namespace}/{named}" if inside else f"{self.kind} {named}"

    @property
    def is_ours(self) -> bool:
        """It is in a namespace of tenantplane: of a tenant, a store, the gateway or the agent."""
        if self.namespace is UNKNOWN:
            return _OUR_COMPONENTS in self.urn
        return isinstance(self.namespace, str) and self.namespace.startswith(_OURS)

    @property
    def is_tenants(self) -> bool:
        """It is in a tenant's namespace."""
        if self.namespace is UNKNOWN:
            return _TENANT_COMPONENT in self.urn
        return isinstance(self.namespace, str) and self.namespace.startswith(_TENANTS)


def at(value: Any, *path: str) -> Any:  # noqa: ANN401  whatever is there
    """Return what stands at a path; None where nothing does, UNKNOWN where that isn't known yet."""
    for key in path:
        if not isinstance(value, Mapping):
            return UNKNOWN if value is UNKNOWN else None
        value = value.get(key)
    return value


def known(value: Any, *path: str) -> Any:  # noqa: ANN401  whatever is there
    """Return what stands at a path; None as well where that isn't known yet."""
    found = at(value, *path)
    return None if found is UNKNOWN else found


def items(value: Any) -> list[Any]:  # noqa: ANN401  whatever is there
    """Return the items of a list; none where there is none, or it isn't known yet."""
    return value if isinstance(value, list) else []


def texts_in_clear(value: Any, path: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield path and text of every string in a marked value that is not secret."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key in value:
            yield from texts_in_clear(value[key], f"{path}.{key}" if path else str(key))
    elif isinstance(value, Sequence):
        for index, one in enumerate(value):
            yield from texts_in_clear(one, f"{path}[{index}]")


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever JSON has
    if isinstance(value, Secret):
        return _plain(value.value)
    if isinstance(value, Mapping):
        return {key: _plain(value[key]) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in value]
    return value
