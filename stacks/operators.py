"""operators: the programs that serve the tenants of a stack.

Not here: what one is made of (components/tenant_operator.py), the tenants (tenants.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import pulumi

from components import _operator_plan
from components._tenant_pods import OperatorAllowance
from components.tenant_control_plane import TenantControlPlane
from components.tenant_operator import TenantOperator, TenantOperatorArgs
from core import versions
from core.errors import InvalidInputError
from core.manifests import priorities
from core.operator_settings import OperatorSettings
from core.operators import allowance
from core.operators.allowance import Allowance
from core.operators.known import known
from core.operators.wiring import HOST_TOKEN
from core.settings import ImageSettings, Settings, TenantSettings
from stacks import manifest_files
from stacks.handles import Handles

_SAID_OTHERWISE = ("name", "manifests")
"""Settings that TenantOperator doesn't know by these words."""


def check(settings: Settings, host: Handles) -> None:
    """Render the charts of all operators, before the first tenant is declared.

    Raises:
        InvalidInputError: names everything that is wrong with any of them.
    """
    errors = list(_without_issuer(settings, host))
    plans = []
    for tenant, operator in _each(settings):
        try:
            args = _args(tenant, operator, settings.images, host)
            plans.append(_operator_plan.plan(args, host.provider))
        except InvalidInputError as error:
            errors.append(error)
    errors.extend(_operator_plan.collisions(plans))
    if errors:
        raise InvalidInputError.together(errors)


def allowances(
    tenant: TenantSettings, images: ImageSettings, running: Mapping[str, Allowance]
) -> list[OperatorAllowance]:
    """Return what each operator of a tenant may have of the host, those too that are to go."""
    wanted = {
        one.name: Allowance(_operator_plan.limits(one), tuple(_registries(one, images)))
        for one in tenant.operators
    }
    return [
        {
            "memory_mib": one.budget.memory_mib,
            "pods": one.budget.pods,
            "cpu_millicores": one.budget.cpu_millicores,
            "storage_gib": one.budget.storage_gib,
            "registries": one.registries,
        }
        for one in allowance.with_running(wanted, running)
    ]


def _without_issuer(settings: Settings, host: Handles) -> Iterator[InvalidInputError]:
    """Yield whose tokens no tenant could check."""
    for tenant, operator in _each(settings):
        if host.cluster.issuer is None and operator.identity == HOST_TOKEN:
            yield InvalidInputError(
                f"tenant {tenant.name}: operator {operator.name}: identity",
                "its host doesn't say who issues the tokens of its pods",
                remedy="set it to tenant, or let the user of the host's kubeconfig read "
                "/.well-known/openid-configuration there",
            )


def _registries(operator: OperatorSettings, images: ImageSettings) -> Sequence[str]:
    return operator.registries if images.registry is None else [images.registry]


def declare(
    settings: Settings, host: Handles, tenants: Mapping[str, TenantControlPlane]
) -> dict[str, dict[str, TenantOperator]]:
    """Declare the operators of all tenants and return them by tenant and name."""
    declared: dict[str, dict[str, TenantOperator]] = {}
    for tenant, operator in _each(settings):
        control_plane = tenants[tenant.name]
        args = _args(tenant, operator, settings.images, host)
        args["inside"], args["ca_pem"] = control_plane.inside, control_plane.ca_pem
        # With the tenant all of it goes at once; a dot in its name is in no tenant's.
        opts = pulumi.ResourceOptions(provider=host.provider, deleted_with=control_plane.home)
        declared.setdefault(tenant.name, {})[operator.name] = TenantOperator(
            f"{tenant.name}.{operator.name}", args, opts
        )
    return declared


def _each(settings: Settings) -> Iterator[tuple[TenantSettings, OperatorSettings]]:
    for tenant in settings.tenants:
        for operator in tenant.operators:
            yield tenant, operator


def _args(
    tenant: TenantSettings, operator: OperatorSettings, images: ImageSettings, host: Handles
) -> TenantOperatorArgs:
    """Return what is known of an operator before its tenant is declared."""
    said = {key: value for key, value in vars(operator).items() if key not in _SAID_OTHERWISE}
    said["chart"] = operator.chart and {k: v for k, v in vars(operator.chart).items() if v}
    said["runtime_class"] = operator.runtime_class or host.operator_runtime_class
    said["objects"] = _objects(tenant, operator, images)
    common: TenantOperatorArgs = {
        "tenant": tenant.name,
        "domain": host.domain,
        "version": tenant.version,
        "inside": "",
        "ca_pem": "",
        "agent_namespace": host.agent_namespace,
        "operator": operator.name,
        "registry": images.registry,
        "priority_class": priorities.NAMES[priorities.OPERATORS],
    }
    given = {key: value for key, value in said.items() if value is not None}
    return cast("TenantOperatorArgs", common | given)


def _objects(
    tenant: TenantSettings, operator: OperatorSettings, images: ImageSettings
) -> list[dict[str, Any]] | None:
    """Return what an operator is made of that has no chart."""
    usual = known(operator.name)
    if operator.manifests is not None:
        path = f"tenant {tenant.name}: operator {operator.name}: manifests"
        return manifest_files.objects(operator.manifests, path)
    if operator.chart is None and usual.objects is not None:
        return usual.objects(versions.image(usual.image, images.registry, images.overrides))
    return None
