"""How an admission rule of the platform is written down: ValidatingAdmissionPolicy and binding.

Not here: the rules themselves (platform_policy.py for what tenants' users ask for,
platform_invariants.py for what holds for everybody).
"""

from collections.abc import Sequence
from typing import Any

GROUP = "admissionregistration.k8s.io"
WRITES = ("CREATE", "UPDATE", "DELETE")

IN_KUBE_SYSTEM = "has(request.namespace) && request.namespace == 'kube-system'"
"""CEL: the request is about something in the namespace of Kubernetes' own components."""


def policy(
    name: str,
    rules: Sequence[dict[str, Any]],
    validations: Sequence[dict[str, str]],
    conditions: Sequence[dict[str, str]] = (),
    variables: dict[str, str] | None = None,
) -> dict[str, Any]:
    """One policy that denies; when in doubt too (failurePolicy Fail)."""
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": {"matchPolicy": "Equivalent", "resourceRules": list(rules)},
        "validations": list(validations),
    }
    if conditions:
        spec["matchConditions"] = list(conditions)
    if variables:
        spec["variables"] = [{"name": k, "expression": v} for k, v in variables.items()]
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": spec,
    }


def on(
    groups: Sequence[str], resources: Sequence[str], operations: Sequence[str] = WRITES
) -> dict[str, Any]:
    """Which requests a policy looks at."""
    return {
        "apiGroups": list(groups),
        "apiVersions": ["*"],
        "operations": list(operations),
        "resources": list(resources),
    }


def condition(name: str, expression: str) -> dict[str, str]:
    """Which of those requests it judges."""
    return {"name": name, "expression": expression}


def deny_unless(expression: str, message: str) -> dict[str, str]:
    """What has to be true of them, and what their sender reads if it isn't."""
    return {"expression": expression, "message": message}


def renamed(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the policy under another name, with the binding that puts it in force everywhere."""
    binding = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"]},
    }
    return [{**document, "metadata": {"name": name}}, binding]
