"""state: how a resource's state is kept by the engine, and read back.

Owns the marks that the bridge adds to it: `__meta` with the version of the state's shape, and
`__pulumi_raw_state_delta`, which tells the Terraform state from the Pulumi one (pkg/tfbridge/
rawstate.go of pulumi-terraform-bridge).
Not here: what is in the state (tls/, random/).
"""

import json
from collections.abc import Mapping

from core.errors import TenantplaneError
from rig.plugins.bridged.schema import Attribute, Plain, ResourceType, State
from rig.plugins.bridged.values import UNKNOWN, Secret, has_unknown


def load(resource: ResourceType, kept: Mapping[str, Plain]) -> State:
    """Return the attributes in a state that the engine kept.

    Raises:
        TenantplaneError: the state has a shape that only a newer plugin knows.
    """
    meta = kept.get("__meta")
    version = int(json.loads(meta).get("schema_version", 0)) if isinstance(meta, str) else 0
    if version > resource.schema_version:
        raise TenantplaneError(
            f"{resource.token}: the state is of a newer plugin, got schema version {version}, "
            f"know {resource.schema_version}; use the plugin that wrote it"
        )
    return {name: kept[name] for name in resource.attributes if name in kept}


def keep(resource: ResourceType, state: State) -> dict[str, Plain]:
    """Return what the engine shall keep of a state; of a planned one, without marks."""
    known = {name: value for name, value in state.items() if value is not UNKNOWN}
    kept = state | mark_secrets(resource, known)
    if not has_unknown(state):
        if resource.schema_version:
            meta = {"schema_version": str(resource.schema_version)}
            kept["__meta"] = json.dumps(meta, separators=(",", ":"))
        kept["__pulumi_raw_state_delta"] = _delta(resource.attributes, state)
    return kept


def mark_secrets(resource: ResourceType, values: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return the values with those that are secret by the schema marked so."""
    return {
        name: Secret(value)
        if name in resource.attributes and resource.attributes[name].secret
        else value
        for name, value in values.items()
    }


def _delta(attributes: Mapping[str, Attribute], state: State) -> dict[str, Plain]:
    deltas: dict[str, Plain] = {}
    renamed: dict[str, str] = {}
    for name, attribute in attributes.items():
        if attribute.terraform_name:
            renamed[name] = attribute.terraform_name
        value = state.get(name)
        if value is None:
            deltas[name] = Secret({"replace": {"raw": [] if attribute.fields else None}})
        elif attribute.fields:
            deltas[name] = {"plu": {"i": _delta(attribute.fields, value)}}
        elif isinstance(value, list):
            deltas[name] = {"arr": {}}
        elif isinstance(value, dict):
            deltas[name] = {"map": {}}
    return {"obj": ({"ps": deltas} if deltas else {}) | ({"renamed": renamed} if renamed else {})}
