"""What an operator becomes, found out before anything of it is declared.

Owns: rendering its chart, and the checks of all that comes out.
Not here: telling the objects apart (core/operators/), declaring (tenant_operator.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from components import _helm
from core import kinds, names, object_lists, schema, versions
from core.charts import ChartSource
from core.errors import InvalidInputError
from core.operator_settings import OperatorSettings
from core.operators import images, split
from core.operators.budget import Budget
from core.operators.known import known, merged
from core.operators.split import Split
from core.operators.wiring import Wiring

if TYPE_CHECKING:
    from components.tenant_operator import TenantOperatorArgs

_SINGLE = (
    "cpu_millicores",
    "identity",
    "keep",
    "memory_mib",
    "namespace",
    "pods",
    "runtime_class",
    "storage_gib",
    "timeout_seconds",
    "token_seconds",
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One operator of a tenant."""

    tenant: str
    version: str
    operator: str
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
    operator = args["operator"]
    thing = f"tenant {tenant}: operator {operator}"
    said, usual = _said(args, thing), known(operator)
    namespace = said.namespace or usual.namespace or operator
    version = versions.check_kubernetes(args.get("version", versions.DEFAULT_KUBERNETES), thing)
    limits = Budget(
        memory_mib=said.memory_mib or usual.memory_mib,
        pods=said.pods,
        cpu_millicores=said.cpu_millicores,
        storage_gib=said.storage_gib,
    )
    source = _source(args, thing)
    if source is None:
        given = args.get("objects") or _own_objects(operator)
        rendered = object_lists.uniform(given, namespace, thing)
    else:
        rendered = _helm.render(
            source,
            merged(usual.values, args.get("values", {})),
            thing=thing,
            release=args.get("release") or operator,
            namespace=namespace,
            kube_version=version,
            api_versions=kinds.of_charts(version),
            provider=provider,
        )
        thing = f"{thing}, {source}"
    wiring, packages = _wiring(args, said), bool(args.get("packages", usual.packages))
    return Plan(
        tenant=tenant,
        version=version,
        operator=operator,
        namespace=namespace,
        wiring=wiring,
        split=split.split(
            rendered,
            wiring,
            namespace=namespace,
            overrides=args.get("sides", {}),
            limits=limits,
            packages=packages,
            thing=thing,
        ),
        packages=packages,
        limits=limits,
    )


def collisions(plans: Iterable[Plan]) -> Iterator[InvalidInputError]:
    """Yield which objects of a tenant's operators would be one and the same on the host."""
    first: dict[tuple[str, str, str], str] = {}
    for one in plans:
        for manifest in one.split.host:
            kind, name = manifest["kind"], manifest["metadata"]["name"]
            owner = first.setdefault((one.tenant, kind, name), one.operator)
            if owner != one.operator:
                yield InvalidInputError(
                    f"tenant {one.tenant}: operator {one.operator}, {kind} {name}",
                    f"has the name of a {kind} of operator {owner} on the host",
                    remedy="give it another name by the values, or use another tenant for it",
                )


def _said(args: "TenantOperatorArgs", thing: str) -> OperatorSettings:
    """Return what is said of single values, by the same rules as in a config."""
    single = {key: value for key, value in args.items() if key in _SINGLE and value is not None}
    given = {schema.camel(key): value for key, value in single.items()}
    return schema.read(OperatorSettings, {"name": args["operator"], **given}, thing)


def _wiring(args: "TenantOperatorArgs", said: OperatorSettings) -> Wiring:
    """Return how its pods belong to the tenant."""
    registry = args.get("registry")
    registries = images.DEFAULT_REGISTRIES if registry is None else [registry]
    return Wiring(
        tenant=args["tenant"],
        operator=args["operator"],
        audience=names.issuer(args["tenant"], args["domain"]),
        registries=tuple(args.get("registries", registries)),
        registry=registry,
        priority_class=args.get("priority_class"),
        runtime_class=args.get("runtime_class"),
        token_seconds=said.token_seconds,
        identity=said.identity,
    )


def _own_objects(operator: str) -> list[dict[str, Any]]:
    """Return what an operator is made of that is known by its name."""
    usual = known(operator)
    return usual.objects(versions.image(usual.image)) if usual.objects else []


def _source(args: "TenantOperatorArgs", thing: str) -> ChartSource | None:
    given = args.get("chart")
    if given is not None:
        return schema.read(ChartSource, given, f"{thing}: chart")
    return None if "objects" in args else known(args["operator"]).chart
