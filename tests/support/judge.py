"""The policy pack without an engine: its policies, called as the SDK calls them.

Not here: what they are called with (tests/policy/fixtures/, the stacks' tests).
"""

from dataclasses import dataclass, field
from typing import Any

from pulumi.runtime.rpc import _special_secret_sig, _special_sig_key
from pulumi_policy import (
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
)
from pulumi_policy.policy import PolicyCustomTimeouts
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policy import pack, wire

_OPTIONS = PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])
UNKNOWN = UNKNOWN_STRING_VALUE


@dataclass(frozen=True)
class Sent:
    """A resource as the engine sends it."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    dependencies: tuple[str, ...] = ()


def secret(value):
    """A value as the engine sends it when it is secret."""
    return {_special_sig_key: _special_secret_sig, "value": value}


def in_clear(value):
    """The same value without any mark."""
    if isinstance(value, list):
        return [in_clear(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get(_special_sig_key) == _special_secret_sig:
        return in_clear(value["value"])
    return {key: in_clear(one) for key, one in value.items()}


def judge(sent):
    """What the pack says of these resources: messages by rule, of rules that are broken."""
    said = {}
    policies = pack.policies()
    stack = _stack(sent)
    for policy in policies:
        messages = said.setdefault(policy.name, [])

        def report(message, urn, messages=messages):
            messages.append(message)

        if isinstance(policy, ResourceValidationPolicy):
            for one in sent:
                props = _props(one.inputs)
                args = ResourceValidationArgs(one.type, props, one.urn, one.name, _OPTIONS, None)
                policy.validate(args, report)
        else:
            policy.validate(StackValidationArgs(stack), report)
    return {rule: messages for rule, messages in said.items() if messages}


def _stack(sent):
    resources = {
        one.urn: PolicyResource(
            one.type, _props(one.outputs), one.urn, one.name, _OPTIONS, None, None, [], {}
        )
        for one in sent
    }
    for one in sent:
        found = [resources[urn] for urn in one.dependencies if urn in resources]
        resources[one.urn].dependencies.extend(found)
    return list(resources.values())


def _props(properties):
    return unknown_checking_proxy(wire.marked(properties))
