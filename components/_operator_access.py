"""Who an operator's pods are, whom they reach, and what the host agent may do for them.

Owns: its ServiceAccounts on the host, the tokens that a tenant issues for it, its NetworkPolicy,
the agent's RoleBinding.
Not here: what an operator is made of (tenant_operator.py), how its pods use it (core/operators/).
"""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core.v1 import ServiceAccount
from pulumi_kubernetes.networking.v1 import NetworkPolicy

from components import _agent_binding, _tenant_token
from components._operator_place import OperatorPlace
from components._operator_plan import Plan
from components._tenant_store import Place
from core import generations
from core.manifests import agent, operator_fence
from core.operator_settings import OperatorSettings
from core.operators.wiring import TENANT_TOKEN, on_host, token_secret


def fence(place: OperatorPlace, settings: OperatorSettings) -> list[pulumi.Resource]:
    """Declare whom its pods reach besides what all operators of the tenant do."""
    spec = operator_fence.network_policy(place.operator, settings.internet, settings.networks)
    meta = place.meta(f"operator-{place.operator}")
    return [NetworkPolicy(f"{place.name}-policy", metadata=meta, spec=spec, opts=place.opts())]


def rights(place: OperatorPlace, agent_namespace: pulumi.Input[str]) -> list[pulumi.Resource]:
    """Declare what the agent may do for it in the tenant's namespace."""
    return [
        _agent_binding.declare(
            f"{place.name}-agent-binding",
            place.meta(f"operator-{place.operator}"),
            agent.OPERATORS_ROLE,
            agent_namespace=agent_namespace,
            opts=place.opts(),
        )
    ]


def accounts(
    place: OperatorPlace,
    plan: Plan,
    agent_namespace: pulumi.Input[str],
    *,
    after: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """Declare whom its pods are: nobody on the host, with no token of the host's API.

    Args:
        place: Of the operator.
        plan: What it becomes.
        agent_namespace: Where the agent is, which asks the tenant for tokens where that is wanted.
        after: What makes its ServiceAccounts in the tenant.
    """
    found: list[pulumi.Resource] = [
        ServiceAccount(
            f"{place.name}-account-{on_host(namespace, account)}",
            metadata=place.meta(on_host(namespace, account)),
            automount_service_account_token=False,
            opts=place.opts(),
        )
        for namespace, account in plan.split.accounts
    ]
    if plan.wiring.identity == TENANT_TOKEN:
        found += _tokens(place, plan, agent_namespace, after)
    return found


def _tokens(
    place: OperatorPlace,
    plan: Plan,
    agent_namespace: pulumi.Input[str],
    after: Sequence[pulumi.Resource],
) -> list[pulumi.Resource]:
    """Have the agent keep a token of each of its ServiceAccounts of the tenant."""
    there = Place(
        name=place.name,
        tenant=plan.tenant,
        version=plan.version,
        namespace=place.namespace,
        home=place.deleted_with,
        agent_namespace=agent_namespace,
        timeout=place.timeout,
        keys=generations.FIRST,
        opts=place.opts(),
    )
    declared = []
    for namespace, account in plan.split.accounts:
        wanted = _tenant_token.Wanted(
            name=token_secret(namespace, account),
            namespace=namespace,
            service_account=account,
            seconds=plan.wiring.token_seconds,
        )
        name = f"{place.name}-{on_host(namespace, f'token-{account}')}"
        declared.append(_tenant_token.declare(there, name, wanted, after=after).resource)
    return declared
