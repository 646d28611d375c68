"""allowance: what an operator may have of its host, as its RuntimeMirror there says it.

A quota that shrank with an operator's entry would take the place of the pods that end its work.
Not here: what fits into it (budget.py), the quota (core/manifests/tenant_fence.py).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from core.operators.budget import Budget


@dataclass(frozen=True)
class Allowance:
    """What one operator may have."""

    budget: Budget
    registries: tuple[str, ...]
    """Registries that its images may come from."""


def written(allowance: Allowance) -> str:
    """Return it as an annotation has it."""
    return json.dumps(asdict(allowance), sort_keys=True)


def read(text: str) -> Allowance:
    """Return what an annotation says."""
    found = json.loads(text)
    return Allowance(Budget(**found["budget"]), tuple(found["registries"]))


def with_running(
    wanted: Mapping[str, Allowance], running: Mapping[str, Allowance]
) -> list[Allowance]:
    """Return what operators may have, by name: not less than those have that run.

    One that goes runs until its hooks are done, and one that gets less until its new pods are
    there; the next run takes the rest away.
    """
    return [
        _more([found[name] for found in (wanted, running) if name in found])
        for name in [*wanted, *sorted(running.keys() - wanted.keys())]
    ]


def _more(given: Iterable[Allowance]) -> Allowance:
    first, *others = given
    budget, registries = asdict(first.budget), list(first.registries)
    for one in others:
        budget = {key: max(budget[key], value) for key, value in asdict(one.budget).items()}
        registries += [name for name in one.registries if name not in registries]
    return Allowance(Budget(**budget), tuple(registries))
