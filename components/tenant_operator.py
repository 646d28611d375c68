"""TenantOperator: a program that runs on the host and serves one tenant.

Owns: the order of everything of it on the host and in the tenant, its rights, its fence.
Not here: rendering and telling apart (_operator_plan.py), its parts (_operator_*.py), what the
host agent does for it (agent/handlers/).
"""

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components import (
    _certificates,
    _operator_access,
    _operator_host,
    _operator_inside,
    _operator_plan,
)
from components._operator_place import OperatorPlace
from components._operator_plan import Plan
from core import names, operator_settings
from core.manifests import runtime_mirror, tenant
from core.operators import allowance, hooks, objects
from core.operators.allowance import Allowance
from core.operators.hooks import Hook
from core.operators.phases import Phases, phases

_POLICIES = {
    operator_settings.ALL: (_operator_inside.KEEP, _operator_inside.ORPHAN),
    operator_settings.DEFINITIONS: (_operator_inside.KEEP, _operator_inside.DELETE),
    operator_settings.NOTHING: (_operator_inside.DELETE, _operator_inside.DELETE),
}
"""What becomes of its definitions, and of all else in the tenant, when it goes; by `keep`."""


class ChartArgs(TypedDict):
    """A Helm chart: `path` alone, or `repository`, `name` and `version`."""

    path: NotRequired[str]
    """Directory or `.tgz` archive, relative to the project."""

    repository: NotRequired[str]
    """Repository that has it: `https://` or `oci://`."""

    name: NotRequired[str]
    """Its name in the repository."""

    version: NotRequired[str]
    """Its version there, in full."""


class TenantOperatorArgs(TypedDict):
    """Inputs of TenantOperator."""

    tenant: str
    """Id of the tenant."""

    domain: str
    """Wildcard domain of the installation."""

    version: NotRequired[str]
    """Kubernetes version of the tenant. Default core.versions.DEFAULT_KUBERNETES."""

    inside: pulumi.Input[str]
    """The tenant's namespace on its host, known once the host agent may work in the tenant."""

    ca_pem: pulumi.Input[str]
    """Authority of the tenant's API server, PEM. Changing it rolls the pods."""

    agent_namespace: pulumi.Input[str]
    """Namespace of the host agent."""

    operator: str
    """Name, unique in the tenant. Changing it makes another operator."""

    chart: NotRequired[ChartArgs]
    """Its chart. Default: the one that belongs to a name that is known, like crossplane."""

    objects: NotRequired[list[dict[str, Any]]]
    """Its objects, in the place of a chart."""

    values: NotRequired[Mapping[str, Any]]
    """What differs from the chart's own values; plain data."""

    release: NotRequired[str]
    """Name of the release. Default: the operator's."""

    namespace: NotRequired[str]
    """Namespace in the tenant that it believes to be in. Default: its name."""

    sides: NotRequired[Mapping[str, str]]
    """Where objects belong: host, tenant or nowhere, by `Kind.group[/name]`."""

    packages: NotRequired[bool]
    """Run what it installs inside the tenant. Default false; true for crossplane."""

    keep: NotRequired[str]
    """What stays in the tenant: definitions, all or nothing.

    Default core.operator_settings.DEFINITIONS.
    """

    memory_mib: NotRequired[int]
    """MiB of memory that its containers may use together. Default core.operators.known."""

    pods: NotRequired[int]
    """Pods that it may have. Default core.operators.budget.DEFAULT_PODS."""

    cpu_millicores: NotRequired[int]
    """Millicores of CPU that its containers may ask for together.

    Default core.operators.budget.DEFAULT_CPU_MILLICORES.
    """

    storage_gib: NotRequired[int]
    """Size in GiB of all its volumes together. Default 0."""

    registries: NotRequired[Sequence[str]]
    """Registries that its images may come from.

    Default core.operators.images.DEFAULT_REGISTRIES.
    """

    registry: NotRequired[str | None]
    """Takes the place of every image's registry, and of `registries`. Default none."""

    internet: NotRequired[Sequence[int]]
    """Ports at which its pods reach public addresses.

    Default core.operator_settings.DEFAULT_INTERNET.
    """

    networks: NotRequired[Mapping[str, Sequence[int]]]
    """Ports that its pods reach besides, by network. Default none."""

    priority_class: NotRequired[str]
    """PriorityClass of its pods, there before them. Default the host's. Changing it rolls them."""

    runtime_class: NotRequired[str]
    """RuntimeClass of its pods, `none` for the host's. Default that. Changing it rolls them."""

    identity: NotRequired[str]
    """Who issues its tokens, host or tenant. Default host. Changing it rolls the pods."""

    token_seconds: NotRequired[int]
    """Life of its tokens in seconds, 600 to 3600. Changing it rolls the pods.

    Default core.operators.wiring.TOKEN_SECONDS.
    """

    timeout_seconds: NotRequired[int]
    """How long to wait for its pods, in seconds.

    Default core.operator_settings.DEFAULT_TIMEOUT_SECONDS.
    """


class TenantOperator(pulumi.ComponentResource):
    """A program that serves a tenant from the host."""

    objects: Mapping[str, Any]
    """What it is made of: names by `host`, `tenant` and `hooks`, reasons by name in `leftOut`."""

    ready: pulumi.Output[bool]
    """Known once its pods are ready and all that it has in the tenant is in place."""

    def __init__(self, name: str, args: TenantOperatorArgs, opts: pulumi.ResourceOptions) -> None:
        """Declare the operator; `opts.provider` is the host's, `deleted_with` the tenant's home.

        Raises:
            InvalidInputError: the chart can't be rendered, or something in it can't be.
        """
        plan = _operator_plan.plan(args, _provider(opts))
        super().__init__("tenantplane:index:TenantOperator", name, {}, opts)
        self._place = place = OperatorPlace(
            name=name,
            tenant=plan.tenant,
            operator=plan.settings.name,
            namespace=pulumi.Output.from_input(args["inside"]),
            timeout={"pulumi.com/timeoutSeconds": str(plan.settings.timeout_seconds)},
            parent=self,
            deleted_with=opts.deleted_with,
        )
        self._keep = plan.settings.keep
        self._ca_hash = _certificates.fingerprint(args["ca_pem"])
        fence = _operator_access.fence(place, plan.settings)
        rights = _operator_access.rights(place, args["agent_namespace"])
        known, policies = phases(plan.split.tenant), _POLICIES[plan.settings.keep]
        inside = self._declare_inside(known, policies, rights)
        mirror = self._declare_mirror(plan, [*rights, *inside])
        needed = [*fence, *inside, mirror]
        needed += _operator_access.accounts(place, plan, args["agent_namespace"], after=inside)
        needed += self._declare_removal(plan.split.hooks, hooks.AFTER_REMOVAL, needed)
        running = self._declare_host(plan, needed)
        served = _operator_inside.declare(place, "served", known.served, after=inside)
        done = self._declare_hooks(hooks.after(plan.split.hooks), [*running, *served])
        done += self._declare_removal(plan.split.hooks, hooks.BEFORE_REMOVAL, running)
        resources = _operator_inside.declare(
            place, "resources", known.resources, policy=policies[1], after=done
        )
        self.objects = _listed(plan)
        everything = [one.urn for one in (*done, *resources)]
        self.ready = pulumi.Output.all(*everything).apply(lambda _: True)
        self.register_outputs({"objects": self.objects, "ready": self.ready})

    def _declare_inside(
        self, known: Phases, policies: tuple[str, str], rights: Sequence[pulumi.Resource]
    ) -> list[pulumi.Resource]:
        """What the tenant has before the first pod starts."""
        place, (of_definitions, of_others) = self._place, policies
        definitions = _operator_inside.declare(
            place, "definitions", known.definitions, policy=of_definitions, after=rights
        )
        return definitions + _operator_inside.declare(
            place,
            "objects",
            known.objects,
            secrets=known.secrets,
            policy=of_others,
            after=[*rights, *definitions],
        )

    def _declare_mirror(self, plan: Plan, after: Sequence[pulumi.Resource]) -> pulumi.Resource:
        """What the agent copies to the host, and runs there."""
        place = self._place
        packages = plan.namespace if plan.packages else None
        allowed = allowance.written(Allowance(plan.limits, plan.wiring.registries))
        mirror: pulumi.Resource = CustomResource(
            f"{place.name}-mirror",
            api_version=names.API_VERSION,
            kind="RuntimeMirror",
            metadata=place.meta(
                place.operator, {**place.awaited(), names.ANNOTATION_ALLOWANCE: allowed}
            ),
            spec={
                **tenant.way_in(place.tenant),
                **runtime_mirror.spec(plan.wiring, plan.split.files, packages),
            },
            opts=place.opts(after),
        )
        return mirror

    def _declare_host(self, plan: Plan, needed: list[pulumi.Resource]) -> list[pulumi.Resource]:
        """What runs, and what goes with it; returns what is ready when that is."""
        workloads = [one for one in plan.split.host if one["kind"] != "Service"]
        services = [one for one in plan.split.host if one["kind"] == "Service"]
        found = [self._on_host(one) for one in services]
        before = self._declare_hooks(hooks.before(plan.split.hooks), needed)
        return [*found, *before, *(self._on_host(one, before) for one in workloads)]

    def _declare_hooks(
        self, known: Sequence[Hook], after: list[pulumi.Resource]
    ) -> list[pulumi.Resource]:
        """Run Jobs of the chart one after the other; returns what comes then."""
        for hook in known:
            after = [self._on_host(hook.job, after)]
        return after

    def _declare_removal(
        self,
        known: Sequence[Hook],
        events: frozenset[str],
        after: Sequence[pulumi.Resource],
    ) -> list[pulumi.Resource]:
        """Have the agent run the chart's Jobs of these events when it goes."""
        jobs = [hook.job for hook in known if hook.events & events]
        if not jobs:
            return []
        place, (event,) = self._place, events
        declared: pulumi.Resource = CustomResource(
            f"{place.name}-{event}",
            api_version=names.API_VERSION,
            kind="RemovalHooks",
            metadata=place.meta(f"{place.operator}-{event}", place.awaited()),
            spec={"tenant": place.tenant, "operator": place.operator, "jobs": jobs},
            opts=place.opts(after),
        )
        return [declared]

    def _on_host(
        self, manifest: dict[str, Any], after: Sequence[pulumi.Resource] = ()
    ) -> pulumi.Resource:
        return _operator_host.declare(
            self._place,
            manifest,
            ca_hash=self._ca_hash,
            volumes_go=self._keep == operator_settings.NOTHING,
            after=after,
        )


def _provider(opts: pulumi.ResourceOptions) -> pulumi.ProviderResource:
    provider = opts.provider
    if not isinstance(provider, pulumi.ProviderResource):
        raise TypeError("TenantOperator: opts.provider is the kubernetes Provider of the host")
    return provider


def _listed(plan: Plan) -> dict[str, Any]:
    """Return what it is made of, for people."""
    return {
        "host": sorted(objects.label(one) for one in plan.split.host),
        "tenant": sorted(objects.label(one) for one in plan.split.tenant),
        "hooks": [hook.job["metadata"]["name"] for hook in plan.split.hooks],
        "leftOut": dict(plan.split.left_out),
    }
