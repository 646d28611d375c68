"""What an operator becomes, found out before anything of it is declared.

Owns: rendering its chart, and the checks of all that comes out.
Not here: telling the objects apart (core/operators/), declaring (tenant_operator.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from components import _helm
from core import kinds, names, object_lists, operator_rules, schema, versions
from core.charts import ChartSource
from core.errors import InvalidInputError
from core.operator_settings import NO_RUNTIME_CLASS, OperatorSettings
from core.operators import split
from core.operators.budget import Budget
from core.operators.known import known, merged
from core.operators.split import Split
from core.operators.wiring import Wiring

if TYPE_CHECKING:
    from components.tenant_operator import TenantOperatorArgs

_SETTINGS = frozenset(key.name for key in schema.keys(OperatorSettings).values())


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One operator of a tenant."""

    tenant: str
    version: str
    settings: OperatorSettings
    """What is said of it, and the defaults of all else."""
    namespace: str
    """In the tenant."""
    wiring: Wiring
    split: Split
    packages: bool
    limits: Budget


def plan(args: "TenantOperatorArgs", provider: pulumi.ProviderResource) -> Plan:
    """Return what is asked for; what is rendered once isn't rendered again.

    Raises:
        InvalidInputError: names chart, object and remedy of everything that can't be.
    """
    tenant = names.check_tenant_id(args["tenant"])
    thing = f"tenant {tenant}: operator {args['operator']}"
    settings = _settings(args, thing)
    usual = known(settings.name)
    namespace = settings.namespace or usual.namespace or settings.name
    version = versions.check_kubernetes(args.get("version", versions.DEFAULT_KUBERNETES), thing)
    packages = usual.packages if settings.packages is None else settings.packages
    rendered, source = _rendered(
        args, settings, version, namespace=namespace, thing=thing, provider=provider
    )
    wiring, allowed = _wiring(args, settings), limits(settings)
    found = split.split(
        rendered,
        wiring,
        namespace=namespace,
        overrides=settings.sides,
        limits=allowed,
        packages=packages,
        thing=f"{thing}, {source}" if source else thing,
    )
    return Plan(
        tenant=tenant,
        version=version,
        settings=settings,
        namespace=namespace,
        wiring=wiring,
        split=found,
        packages=packages,
        limits=allowed,
    )


def collisions(plans: Iterable[Plan]) -> Iterator[InvalidInputError]:
    """Yield what of a tenant's operators would be one and the same on the host."""
    objects: dict[tuple[str, str, str], str] = {}
    namespaces: dict[tuple[str, str], str] = {}
    for one in plans:
        tenant, operator = one.tenant, one.settings.name
        thing = f"tenant {tenant}: operator {operator}"
        for manifest in one.split.host:
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            owner = objects.setdefault((tenant, kind, name), operator)
            if owner != operator:
                problem = f"has the name of a {kind} of operator {owner} on the host"
                remedy = "give it another name by the values, or use another tenant for it"
                yield InvalidInputError(f"{thing}, {kind} {name}", problem, remedy=remedy)
        for name in sorted(_with_pods(one)):
            owner = namespaces.setdefault((tenant, name), operator)
            if owner != operator:
                problem = f"has pods of operator {owner}: accounts and files would be one"
                remedy = "give each a namespace of its own, by `namespace` or the values"
                yield InvalidInputError(f"{thing}, namespace {name}", problem, remedy=remedy)


def _with_pods(plan_: Plan) -> set[str]:
    """Return namespaces of the tenant whose ServiceAccounts and files it has on the host.

    All pods read the authority of the tenant's API server, a ConfigMap of their namespace.
    """
    found = {namespace for namespace, _ in plan_.split.accounts}
    return found | {plan_.namespace} if plan_.packages else found


def _settings(args: "TenantOperatorArgs", thing: str) -> OperatorSettings:
    """Return what is said of it, by the same rules as in a config."""
    said = {key: value for key, value in args.items() if key in _SETTINGS and value is not None}
    given = {schema.camel(key): value for key, value in said.items()}
    settings = schema.read(OperatorSettings, {"name": args["operator"], **given}, thing)
    errors = list(operator_rules.alone(settings, thing, objects="objects" in args))
    if errors:
        raise InvalidInputError.together(errors)
    return settings


def limits(settings: OperatorSettings) -> Budget:
    """Return what it may use of the host."""
    return Budget(
        memory_mib=settings.memory_mib or known(settings.name).memory_mib,
        pods=settings.pods,
        cpu_millicores=settings.cpu_millicores,
        storage_gib=settings.storage_gib,
    )


def _wiring(args: "TenantOperatorArgs", settings: OperatorSettings) -> Wiring:
    """Return how its pods belong to the tenant."""
    registry, runtime_class = args.get("registry"), settings.runtime_class
    return Wiring(
        tenant=args["tenant"],
        operator=settings.name,
        audience=names.issuer(args["tenant"], args["domain"]),
        registries=settings.registries if registry is None else (registry,),
        registry=registry,
        priority_class=args.get("priority_class"),
        runtime_class=None if runtime_class == NO_RUNTIME_CLASS else runtime_class,
        token_seconds=settings.token_seconds,
        identity=settings.identity,
    )


def _rendered(
    args: "TenantOperatorArgs",
    settings: OperatorSettings,
    version: str,
    *,
    namespace: str,
    thing: str,
    provider: pulumi.ProviderResource,
) -> tuple[list[dict[str, Any]], ChartSource | None]:
    """Return what it is made of, and the chart if that is from one."""
    usual = known(settings.name)
    source = None if "objects" in args else settings.chart or usual.chart
    if source is None:
        own = usual.objects(versions.image(usual.image)) if usual.objects else []
        return object_lists.uniform(args.get("objects", own), namespace, thing), None
    rendered = _helm.render(
        source,
        merged(usual.values, settings.values),
        thing=thing,
        release=args.get("release") or settings.name,
        namespace=namespace,
        kube_version=version,
        api_versions=kinds.of_charts(version),
        provider=provider,
    )
    return rendered, source
