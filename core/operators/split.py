"""split: tells a chart's objects apart: what goes to the host, what into the tenant, what to both.

Nothing is left unclassified, and nothing that gives rights ever lands on the host.
Not here: the sides by kind (sides.py), how pods are rewritten (pods.py), in which order it is put
in place (components/tenant_operator.py).
"""

import copy
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInputError
from core.operators import budget, hooks, objects, phases, pods, refusals, services, sides
from core.operators.budget import Budget, Demand
from core.operators.hooks import Hook
from core.operators.metadata import on_host as on_host_metadata
from core.operators.references import CLAIM, CONFIG_MAP, SECRET, File, files
from core.operators.sides import Side
from core.operators.wiring import RESERVED, ROOT_CA, Wiring, host_labels, on_host, pod_label

Json = dict[str, Any]


@dataclass(frozen=True)
class Split:
    """What a chart becomes."""

    host: tuple[Json, ...]
    """Objects of the host, rewritten, with no namespace."""
    tenant: tuple[Json, ...]
    """Objects of the tenant."""
    hooks: tuple[Hook, ...]
    """Jobs that the chart runs at times, on the host."""
    files: tuple[tuple[str, File], ...]
    """ConfigMaps and Secrets of the tenant that pods read, after their namespace."""
    accounts: tuple[tuple[str, str], ...]
    """ServiceAccounts of the tenant that pods have: namespace and name."""
    left_out: Mapping[str, str]
    """What goes nowhere, and why."""
    demand: budget.Demand
    """What its pods may use together, a rolling update's surge too."""


def split(
    rendered: Iterable[Json],
    wiring: Wiring,
    *,
    namespace: str,
    overrides: Mapping[str, str],
    limits: Budget,
    packages: bool = False,
    thing: str,
) -> Split:
    """Tell the objects of a chart apart.

    Args:
        rendered: The objects, as `core.object_lists.uniform` gives them.
        wiring: Of the operator.
        namespace: The tenant's namespace that the chart is installed in.
        overrides: What the user says of kinds or objects: a Side by `Kind.group[/name]`.
        limits: What the operator may use of the host.
        packages: It installs programs in that namespace, which find each other by it.
        thing: What errors call the chart.

    Raises:
        InvalidInputError: names every object that can't be, and what to do about it.
    """
    manifests = [copy.deepcopy(manifest) for manifest in rendered]
    splitter = _Splitter(wiring, overrides, thing, packages=packages)
    errors = splitter.place(manifests)
    made = splitter.made(namespace)
    errors.extend(budget.problems(made.demand, limits, thing))
    errors.extend(phases.problems(made.tenant, thing))
    if errors:
        raise InvalidInputError.together(errors)
    return made


@dataclass(frozen=True)
class _Pods:
    """The pods of one workload, as the chart has them."""

    namespace: str
    template: Json


class _Splitter:
    def __init__(
        self, wiring: Wiring, overrides: Mapping[str, str], thing: str, *, packages: bool
    ) -> None:
        self._wiring, self._thing = wiring, thing
        self._overrides = {key: side for key, side in overrides.items() if side in sides.SAID}
        self._wrong = overrides.keys() - self._overrides.keys()
        self._unused = set(self._overrides)
        self._packages = packages
        self._defined: set[tuple[str, str]] = set()
        self._workloads: set[tuple[str, str]] = set()
        self._pulling: dict[tuple[str, str], list[Json]] = {}
        self._pods: list[_Pods] = []
        self._demands: list[Demand] = []
        self._host: dict[tuple[str, str], Json] = {}
        self._hooks: list[Hook] = []
        self._tenant: list[Json] = []
        self._left_out: dict[str, str] = {}

    def place(self, manifests: Sequence[Json]) -> list[InvalidInputError]:
        """Put all objects where they belong, and return why some can't be anywhere."""
        errors: list[InvalidInputError] = []
        for manifest in manifests:
            with _malformed(manifest, self._thing, errors):
                self._learn(manifest)
        if errors:  # what isn't known would be wrong with others, too
            return errors
        for manifest in manifests:
            with _malformed(manifest, self._thing, errors):
                errors.extend(self._place(manifest))
        errors.extend(self._wrong_sides())
        return errors

    def _learn(self, manifest: Json) -> None:
        """Take note of what others may refer to: kinds, workloads, ServiceAccounts."""
        kind, metadata = sides.kind(manifest), manifest["metadata"]
        if kind == sides.DEFINITION:
            spec = manifest["spec"]
            self._defined.add((spec["group"], spec["names"]["kind"]))
        elif kind == ("", "ServiceAccount"):
            secrets = manifest.get("imagePullSecrets") or []
            self._pulling[metadata["namespace"], metadata["name"]] = secrets
        elif kind in sides.TEMPLATES and not hooks.is_test(manifest):
            self._workloads.add((kind[1], metadata["name"]))

    def _place(self, manifest: Json) -> Iterator[InvalidInputError]:
        """Put one object where it belongs, or yield why it can't be anywhere."""
        what, label = f"{self._thing}, {objects.label(manifest)}", objects.label(manifest)
        side = self._side(manifest)
        if hooks.is_test(manifest):
            self._left_out[label] = "it is there for `helm test` alone"
        elif side is None:
            kind = objects.selector(manifest)
            remedy = f"say so in `sides`: `{kind}: tenant`, or `{kind}: nowhere` to leave it out"
            problem = "nothing is known about where this kind belongs"
            yield InvalidInputError(what, problem, remedy=remedy)
        elif side is Side.NOWHERE:
            self._left_out[label] = sides.WHY_NOWHERE.get(manifest["kind"], "as `sides` says")
        elif side is Side.HOST:
            yield from self._at_what_time(manifest, what)
            yield from self._to_host(manifest, what)
        else:
            served = side is Side.BOTH and not services.is_name(manifest)
            tenant = self._wiring.tenant
            inside = services.twin(manifest, tenant) if served else manifest
            yield from refusals.inside(inside, what)
            hooks.forget(inside["metadata"])
            self._tenant.append(inside)
            if served:
                yield from self._to_host(manifest, what)

    def _wrong_sides(self) -> Iterator[InvalidInputError]:
        """Yield what the user says that can't be, or of objects that aren't there."""
        thing, known = f"{self._thing}, sides", ", ".join(sides.SAID)
        for selector in sorted(self._wrong):
            yield InvalidInputError(thing, f"{selector} is on no side", remedy=f"say {known}")
        for selector in sorted(self._unused):
            remedy = "write Kind.group or Kind.group/name of an object of the chart"
            yield InvalidInputError(thing, "names no object of the chart", selector, remedy)

    def made(self, namespace: str) -> Split:
        """Return what came of it."""
        accounts = {(one.namespace, pods.service_account(one.template)) for one in self._pods}
        where = {one for one, _ in accounts}
        read = {
            (one.namespace, file)
            for one in self._pods
            for file in files(one.template["spec"])
            if (file.kind, on_host(one.namespace, file.name)) not in self._host
        }
        read |= {(one, File(CONFIG_MAP, ROOT_CA)) for one in where}
        spaces = objects.namespaces(self._tenant, where | {namespace})
        if self._packages and ("Service", namespace) not in RESERVED:
            tenant, operator = self._wiring.tenant, self._wiring.operator
            named = services.subdomain(tenant, operator, namespace)
            self._host.setdefault(("Service", namespace), named)
        return Split(
            host=tuple(self._host.values()),
            tenant=(*spaces, *self._tenant),
            hooks=tuple(sorted(self._hooks, key=hooks.order)),
            files=tuple(sorted(read)),
            accounts=tuple(sorted(accounts)),
            left_out=self._left_out,
            demand=budget.together(self._demands),
        )

    def _side(self, manifest: Json) -> Side | None:
        kind = sides.kind(manifest)
        usual = sides.BY_KIND.get(kind, Side.TENANT if kind in self._defined else None)
        return self._said(manifest) or usual

    def _said(self, manifest: Json) -> Side | None:
        """Return what the user says of an object, or of its kind."""
        selector = objects.selector(manifest)
        for key in (f"{selector}/{manifest['metadata'].get('name')}", selector):
            if key in self._overrides:
                self._unused.discard(key)
                return Side(self._overrides[key])
        return None

    def _at_what_time(self, manifest: Json, what: str) -> Iterator[InvalidInputError]:
        """Yield that it isn't known when a Job runs, unless the user says that it shall."""
        is_job = sides.kind(manifest) == ("batch", "Job")
        if is_job and hooks.is_for_upgrades(manifest) and not self._said(manifest):
            key = f"{objects.selector(manifest)}/{manifest['metadata']['name']}"
            problem = "runs at upgrades and not at first, and these can't be told apart here"
            remedy = (
                f"say in `sides`: `{key}: host` to run it at first, too, and whenever it is "
                f"another one, or `{key}: nowhere` to leave it out"
            )
            yield InvalidInputError(what, problem, remedy=remedy)

    def _to_host(self, manifest: Json, what: str) -> Iterator[InvalidInputError]:
        kind, metadata = sides.kind(manifest), manifest["metadata"]
        if kind not in sides.ON_HOST:
            remedy = "say `tenant` or `nowhere` in `sides`"
            yield InvalidInputError(what, "is of a kind that can't be on the host", remedy=remedy)
            return
        events, weight = hooks.events(manifest), hooks.weight(manifest)
        namespace = metadata.pop("namespace")
        if kind[1] in (CONFIG_MAP, SECRET, CLAIM):
            metadata["name"] = on_host(namespace, metadata["name"])
        key = (kind[1], metadata["name"])
        if key in RESERVED or key in self._host:
            problem = "has the name of something that is in the tenant's namespace on the host"
            yield InvalidInputError(what, problem, remedy="give it another name by the values")
            return
        yield from refusals.labels(metadata.get("labels") or {}, what)
        yield from refusals.on_host(manifest, namespace, self._workloads, what)
        manifest["metadata"] = on_host_metadata(metadata)
        yield from self._rewrite(manifest, namespace, what)
        metadata = manifest["metadata"]  # a Pod's is another one now
        own = host_labels(self._wiring.tenant, self._wiring.operator)
        metadata["labels"] = (metadata.get("labels") or {}) | own
        self._demands.append(budget.workload(manifest))
        if not events or kind not in sides.TEMPLATES:
            self._host[key] = manifest
        elif kind[1] == "Job":
            manifest["spec"].pop("ttlSecondsAfterFinished", None)  # its end is waited for
            metadata["name"] = _one_time(manifest)
            self._hooks.append(Hook(frozenset(events), weight, manifest))
        else:
            remedy = "make it a Job, or leave it out by the values"
            yield InvalidInputError(what, "is a hook that is no Job", remedy=remedy)

    def _rewrite(self, manifest: Json, namespace: str, what: str) -> Iterator[InvalidInputError]:
        kind, own = sides.kind(manifest), pod_label(self._wiring.operator)
        if kind in sides.TEMPLATES:
            template = objects.template(manifest)
            self._pull_as_account(template["spec"], namespace, pods.service_account(template))
            self._pods.append(_Pods(namespace, {**template}))
            yield from refusals.problems(template, self._wiring, namespace, what)
            template |= pods.rewrite(template, self._wiring, namespace)
        if kind == services.SERVICE:
            yield from services.problems(manifest, what)
            services.rewrite(manifest, own)
        elif kind[1] in sides.SELECTING:
            objects.select(manifest, own)
        if kind[1] == "StatefulSet":
            objects.own_claims(manifest)
        if kind[1] == "PodDisruptionBudget":
            objects.let_drain(manifest)

    def _pull_as_account(self, spec: Json, namespace: str, account: str) -> None:
        """Say in pods with which Secrets their ServiceAccount has images pulled."""
        secrets = self._pulling.get((namespace, account))
        if secrets and not spec.get("imagePullSecrets"):
            spec["imagePullSecrets"] = copy.deepcopy(secrets)


@contextmanager
def _malformed(manifest: Json, thing: str, errors: list[InvalidInputError]) -> Iterator[None]:
    """Take what goes wrong with an object that Kubernetes wouldn't have for an error of its own."""
    what = f"{thing}, {objects.label(manifest)}"
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        remedy = "render it by hand, and see what `kubectl apply --dry-run=server` says of it"
        errors.append(InvalidInputError(what, "isn't as Kubernetes has it", error, remedy))


def _one_time(job: Json) -> str:
    """Return a Job's name with a hash of what it does: another one runs anew."""
    content = json.dumps(job["spec"], sort_keys=True).encode()
    return f"{job['metadata']['name'][:50]}-{hashlib.sha256(content).hexdigest()[:8]}"
