"""operator_rules: what the operators of a tenant must be together, each value being right.

Not here: single values (operator_settings.py), what becomes of a chart (operators/).
"""

from collections.abc import Iterator, Sequence

from core import charts
from core.errors import InvalidInputError
from core.operator_settings import OperatorSettings
from core.operators import wiring
from core.operators.known import known


def problems(operators: Sequence[OperatorSettings], path: str) -> Iterator[InvalidInputError]:
    """Yield what is wrong with the operators of one tenant.

    Args:
        operators: As the settings list them.
        path: Where they stand in the config.
    """
    names: dict[str, int] = {}
    namespaces: dict[str, int] = {}
    for number, operator in enumerate(operators):
        here = f"{path}[{number}]"
        yield from alone(operator, here)
        namespace = operator.namespace or known(operator.name).namespace or operator.name
        for key, value, seen in (
            ("name", operator.name, names),
            ("namespace", namespace, namespaces),
        ):
            first = seen.setdefault(value, number)
            if first != number:
                problem = f"is that of {path}[{first}] already"
                remedy = f"give each operator of a tenant a {key} of its own"
                yield InvalidInputError(f"{here}.{key}", problem, value, remedy)


def alone(
    operator: OperatorSettings, here: str, *, objects: bool | None = None
) -> Iterator[InvalidInputError]:
    """Yield what is wrong with one operator, each of its values being right.

    Args:
        operator: As the settings, or a program, have it.
        here: What errors call it.
        objects: Whether a program gives its objects, where a config would name manifests.
    """
    other = "manifests" if objects is None else "objects"
    given = operator.manifests is not None if objects is None else objects
    yield from _source(operator, here, other, given=given)
    yield from _identity(operator, here)


def _identity(operator: OperatorSettings, here: str) -> Iterator[InvalidInputError]:
    packages = operator.packages
    runs = known(operator.name).packages if packages is None else packages
    if runs and operator.identity == wiring.TENANT_TOKEN:
        problem = "can't be tenant where the operator installs programs by itself"
        yield InvalidInputError(f"{here}.identity", problem, remedy="use host, or packages: false")


def _source(
    operator: OperatorSettings, here: str, other: str, *, given: bool
) -> Iterator[InvalidInputError]:
    """Yield what is wrong with where it comes from: a chart, the other thing, or its name."""
    if operator.chart is not None and given:
        yield InvalidInputError(
            here, f"has both chart and {other}", remedy=f"keep chart or {other}"
        )
    elif operator.chart is not None:
        yield from charts.problems(operator.chart, f"{here}.chart")
    elif not given and not known(operator.name).is_known:
        remedy = f"set chart.path, chart.repository with name and version, or {other}"
        yield InvalidInputError(here, f"has neither chart nor {other}", remedy=remedy)
    if operator.values and operator.chart is None and known(operator.name).chart is None:
        remedy = "leave them out, or set chart"
        yield InvalidInputError(f"{here}.values", "belong to a chart", remedy=remedy)
