"""plan: what a resource will be, and whether it must become a new one for that.

Owns Terraform's rules of planning as the plugin framework has them
(terraform-plugin-framework, internal/fwserver/server_planresourcechange.go): inputs, else defaults,
else what the state has; if anything differs, computed attributes become unknown unless they are
kept; a replace rule counts where the planned value differs from the state's.
Not here: checking inputs (check.py), messages (server.py).
"""

from dataclasses import dataclass, field

from rig.plugins.bridged.check import integers
from rig.plugins.bridged.schema import ResourceType, State
from rig.plugins.bridged.values import UNKNOWN


@dataclass(frozen=True)
class Plan:
    """The outcome of planning."""

    planned: State
    """The state after it, as far as it is known; null attributes are absent."""

    changed: list[str] = field(default_factory=list)
    """Attributes that differ from the prior state, sorted."""

    replaces: list[str] = field(default_factory=list)
    """Attributes that need a new resource, sorted."""


def plan(resource: ResourceType, prior: State | None, inputs: State) -> Plan:
    """Plan a resource from its prior state, if it has one, and its inputs."""
    config = integers(resource, inputs)
    planned = _proposed(resource, prior, config)
    if prior is not None and planned != _without_null(prior):
        _forget_computed(resource, config, planned)
    forced = resource.adjust(prior, config, planned)
    planned = _without_null(planned)
    if prior is None:
        return Plan(planned)
    changed = {
        name
        for name in resource.attributes
        if planned.get(name) != prior.get(name)  # UNKNOWN differs from everything
    }
    replaces = {
        name
        for name in changed
        if name in forced or resource.attributes[name].replace(config.get(name), prior.get(name))
    }
    return Plan(planned, sorted(changed), sorted(replaces))


def _proposed(resource: ResourceType, prior: State | None, config: State) -> State:
    proposed: State = {}
    for name, attribute in resource.attributes.items():
        value = config.get(name)
        if value is None:
            value = attribute.default
        if value is None and attribute.computed:
            value = UNKNOWN if prior is None else prior.get(name)
        if value is UNKNOWN and attribute.fields:
            value = dict.fromkeys(attribute.fields, UNKNOWN)  # one object, nothing of it known
        if value is not None:
            proposed[name] = value
    return proposed


def _forget_computed(resource: ResourceType, config: State, planned: State) -> None:
    for name, attribute in resource.attributes.items():
        is_free = attribute.computed and attribute.default is None and config.get(name) is None
        if is_free and not attribute.kept:
            planned[name] = UNKNOWN


def _without_null(state: State) -> State:
    return {name: value for name, value in state.items() if value is not None}


def ignore_changes(prior: State, inputs: State, paths: list[str]) -> State:
    """Return the inputs with the named ones as the state has them."""
    kept = dict(inputs)
    for path in paths:
        name, _, field_name = path.partition(".")
        if field_name:
            block = dict(kept.get(name) or {})
            _keep(block, field_name, dict(prior.get(name) or {}))
            kept[name] = block
        else:
            _keep(kept, name, prior)
    return kept


def _keep(values: State, name: str, prior: State) -> None:
    if name in prior:
        values[name] = prior[name]
    else:
        values.pop(name, None)


def refreshed_inputs(inputs: State, outputs: State) -> State:
    """Return the inputs that a refresh finds: those there were, with their values of now."""
    return {
        name: _refreshed(value, outputs[name]) for name, value in inputs.items() if name in outputs
    }


def _refreshed(old: object, new: object) -> object:
    if isinstance(old, list) and isinstance(new, list):
        return [_refreshed(*pair) for pair in zip(old, new, strict=False)]
    if isinstance(old, dict) and isinstance(new, dict):
        return refreshed_inputs(old, new)
    return new


def imported_inputs(resource: ResourceType, outputs: State) -> State:
    """Return the inputs that an import finds: those that say something."""
    return {name: outputs[name] for name in resource.inputs if outputs.get(name)}
