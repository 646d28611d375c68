"""budget: how much of its host an operator may use, and what a workload asks for.

Not here: the quota that holds it on the host (core/manifests/tenant_fence.py).
"""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from core.errors import InvalidInputError
from core.operators import sides
from core.operators.references import CLAIM

DEFAULT_MEMORY_MIB = 4096
"""For three Deployments whose containers have the usual limit, while they are rolled."""
DEFAULT_PODS = 20
DEFAULT_CPU_MILLICORES = 2000

DISK = "ephemeral-storage"
"""What of its node's disk a container writes beside its volumes, as resources are called."""

_MIB = 1024**2
_USUAL_SURGE_PERCENT = 25
_UNITS: dict[str, int | Fraction] = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18,
    "Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4, "Pi": 1024**5, "Ei": 1024**6,
    "m": Fraction(1, 10**3), "u": Fraction(1, 10**6), "n": Fraction(1, 10**9),
}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?)([a-zA-Z]{0,2})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What the pods of one operator may use together."""

    memory_mib: int
    """Limits of all containers, a rolling update's surge too."""
    pods: int
    cpu_millicores: int = DEFAULT_CPU_MILLICORES
    """Requests of all containers."""
    storage_gib: int = 0
    """Of all its volumes."""


@dataclass(frozen=True)
class Demand:
    """What one workload may use at most."""

    memory_mib: int = 0
    pods: int = 0
    storage_mib: int = 0
    cpu_millicores: int = 0


def mib(quantity: object) -> int:
    """Return a quantity of memory or storage in MiB, rounded up; 0 for what is none.

    https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
    """
    return math.ceil(_number(quantity) / _MIB)


def millicores(quantity: object) -> int:
    """Return a quantity of CPU in millicores, rounded up; 0 for what is none."""
    return math.ceil(_number(quantity) * 1000)


def _number(quantity: object) -> Fraction:
    """Return a quantity as it is: a float would lose a MiB of a petabyte."""
    found = _QUANTITY.fullmatch(str(quantity))
    if not found or found[2] not in _UNITS:
        return Fraction(0)
    return Fraction(found[1]) * _UNITS[found[2]]


def workload(manifest: dict[str, Any]) -> Demand:
    """Return what an object of the host may use; nothing for what has neither pods nor volumes."""
    kind = sides.kind(manifest)
    if kind == ("", CLAIM):
        return Demand(storage_mib=_claim_mib(manifest))
    if kind not in sides.TEMPLATES:
        return Demand()
    spec = manifest.get("spec") or {}
    template = manifest
    for key in sides.TEMPLATES[kind]:
        template = template.get(key) or {}
    pod, count = template.get("spec") or {}, _most(kind[1], spec)
    claims = sum(map(_claim_mib, spec.get("volumeClaimTemplates") or []))
    return Demand(
        memory_mib=count * _of_pod(pod, lambda one: mib(_resource(one, "limits", "memory"))),
        pods=count,
        storage_mib=count * claims,
        cpu_millicores=count
        * _of_pod(pod, lambda one: millicores(_resource(one, "requests", "cpu"))),
    )


def together(each: Sequence[Demand]) -> Demand:
    """Return what several workloads may use."""
    return Demand(
        memory_mib=sum(one.memory_mib for one in each),
        pods=sum(one.pods for one in each),
        storage_mib=sum(one.storage_mib for one in each),
        cpu_millicores=sum(one.cpu_millicores for one in each),
    )


def problems(demand: Demand, limits: Budget, thing: str) -> Iterator[InvalidInputError]:
    """Yield what is more than the operator may use."""
    if demand.memory_mib > limits.memory_mib:
        remedy = f"lower the limits in its values, or raise memoryMib (now {limits.memory_mib})"
        problem = "its containers may use more memory together than the operator may, in MiB"
        yield InvalidInputError(thing, problem, demand.memory_mib, remedy)
    if demand.pods > limits.pods:
        remedy = f"lower the replicas in its values, or raise pods (now {limits.pods})"
        yield InvalidInputError(thing, "has more pods than the operator may", demand.pods, remedy)
    if demand.cpu_millicores > limits.cpu_millicores:
        remedy = f"lower the requests, or raise cpuMillicores (now {limits.cpu_millicores})"
        problem = "its containers ask for more CPU together than the operator may, in millicores"
        yield InvalidInputError(thing, problem, demand.cpu_millicores, remedy)
    if demand.storage_mib > limits.storage_gib * 1024:
        remedy = f"ask for less in its values, or raise storageGib (now {limits.storage_gib})"
        problem = "its volumes are larger together than the operator's may be, in MiB"
        yield InvalidInputError(thing, problem, demand.storage_mib, remedy)


def _most(kind: str, spec: dict[str, Any]) -> int:
    """Return how many pods of a workload there can be at once."""
    replicas = int(spec.get("replicas", 1) if spec.get("replicas") is not None else 1)
    if kind == "Deployment":
        return replicas + _surge(spec.get("strategy") or {}, replicas)
    if kind == "StatefulSet":
        return replicas
    if kind == "Job":
        return int(spec.get("parallelism") or 1)
    return 1


def _claim_mib(claim: dict[str, Any]) -> int:
    """Return the size of a volume that is asked for."""
    return mib(_resource(claim.get("spec") or {}, "requests", "storage"))


def _resource(spec: dict[str, Any], bound: str, resource: str) -> object:
    """Return what a container or a claim requests or is limited to; 0 where it says nothing."""
    return ((spec.get("resources") or {}).get(bound) or {}).get(resource, 0)


def _surge(strategy: dict[str, Any], replicas: int) -> int:
    """Return how many pods a rolling update starts before it ends others."""
    if strategy.get("type") == "Recreate":
        return 0
    given = (strategy.get("rollingUpdate") or {}).get("maxSurge")
    if isinstance(given, int):
        return given if replicas else 0
    percent = re.fullmatch(r"([0-9]+)%", str(given))
    return math.ceil(replicas * (int(percent[1]) if percent else _USUAL_SURGE_PERCENT) / 100)


def _of_pod(spec: dict[str, Any], of_container: Callable[[dict[str, Any]], int]) -> int:
    """Return what all that run together take, or one that runs before them."""
    first = spec.get("initContainers") or []
    sidecars = sum(of_container(one) for one in first if one.get("restartPolicy") == "Always")
    before = [of_container(one) for one in first if one.get("restartPolicy") != "Always"]
    together = sidecars + sum(of_container(one) for one in spec.get("containers") or [])
    return max([together, *(sidecars + one for one in before)])
