"""schema: what a resource type of a bridged plugin is made of.

Not here: the tables themselves (tls/, random/), how a change is planned from them (plan.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

Plain: TypeAlias = Any
"""None, bool, int, float, str, values.UNKNOWN, or a list or dict of these."""

State: TypeAlias = dict[str, Plain]
"""Attributes by their Pulumi names, without secrets' marks; absent means null."""

ReplaceRule = Callable[[Plain, Plain], bool]
"""(configured value, value in the state) -> whether this change needs a new resource."""


class Kind(Enum):
    """The shape of an attribute's value; its value here is what a message calls it."""

    STRING = "a string"
    INTEGER = "a whole number"
    BOOLEAN = "true or false"
    STRINGS = "a list of strings"
    STRING_MAP = "a map of strings"
    BLOCK = "an object"


def never(_config: Plain, _state: Plain) -> bool:
    """Change in place."""
    return False


def always(_config: Plain, _state: Plain) -> bool:
    """Replace on any change."""
    return True


@dataclass(frozen=True, kw_only=True)
class Attribute:
    """One attribute of a resource type."""

    kind: Kind
    """What its value looks like."""

    input: bool = True
    """Whether a program may set it."""

    required: bool = False
    """Whether a program must set it."""

    computed: bool = False
    """Whether the plugin sets it where the program doesn't."""

    default: str | int | bool | None = None
    """What it is where the program doesn't set it."""

    secret: bool = False
    """Whether the engine shall encrypt it, whoever set it."""

    replace: ReplaceRule = never
    """When a change needs a new resource."""

    kept: bool = True
    """Computed: whether it stays as it is when another attribute changes."""

    check: Callable[[Plain], str | None] = lambda _value: None
    """Tells what is wrong with a known value of the right kind."""

    refused: str = ""
    """What to do instead, if the official plugin knows this input and this one doesn't."""

    terraform_name: str = ""
    """Its name in Terraform, where that isn't the Pulumi name in snake case."""

    fields: Mapping[str, "Attribute"] = field(default_factory=dict)
    """Attributes of a block."""


def _no_extra(_prior: State | None, _config: State, _planned: State) -> list[str]:
    return []


def _nothing_wrong(_config: State) -> list[tuple[str, str]]:
    return []


def _same(state: State) -> State:
    return state


def _id_attribute(state: State) -> str:
    return str(state["id"])


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type."""

    token: str
    """Its type in a URN."""

    attributes: Mapping[str, Attribute]
    """By Pulumi name."""

    create: Callable[[State], State]
    """What is known of the planned state in, the whole state out. May raise TenantplaneError."""

    schema_version: int = 0
    """Version of the shape of its state."""

    validate: Callable[[State], list[tuple[str, str]]] = _nothing_wrong
    """Tells (attribute, what is wrong) about inputs that don't go together."""

    adjust: Callable[[State | None, State, State], list[str]] = _no_extra
    """Changes a plan (prior state, inputs, planned state) and names what then needs a new one."""

    refresh: Callable[[State], State] = _same
    """What has become of a state by now."""

    find: Callable[[str], State] | None = None
    """The state of an existing one, by the id given to an import. May raise TenantplaneError."""

    resource_id: Callable[[State], str] = _id_attribute
    """The resource's id, from its state."""

    @property
    def inputs(self) -> dict[str, Attribute]:
        """The attributes that a program may set."""
        return {name: item for name, item in self.attributes.items() if item.input}


@dataclass(frozen=True)
class Package:
    """What one plugin serves."""

    name: str
    version: str
    resources: Mapping[str, ResourceType]
