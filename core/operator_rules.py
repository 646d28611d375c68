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
        yield from _source(operator, here)
        yield from _identity(operator, here)
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


def _identity(operator: OperatorSettings, here: str) -> Iterator[InvalidInputError]:
    packages = operator.packages
    runs = known(operator.name).packages if packages is None else packages
    if runs and operator.identity == wiring.TENANT_TOKEN:
        problem = "can't be tenant where the operator installs programs by itself"
        yield InvalidInputError(f"{here}.identity", problem, remedy="use host, or packages: false")


def _source(operator: OperatorSettings, here: str) -> Iterator[InvalidInputError]:
    if operator.chart is not None and operator.manifests is not None:
        remedy = "keep chart or manifests"
        yield InvalidInputError(here, "has both chart and manifests", remedy=remedy)
    elif operator.chart is not None:
        yield from charts.problems(operator.chart, f"{here}.chart")
    elif operator.manifests is None and not known(operator.name).is_known:
        remedy = "set chart.path, chart.repository with name and version, or manifests"
        yield InvalidInputError(here, "has neither chart nor manifests", remedy=remedy)
    if operator.values and operator.chart is None and known(operator.name).chart is None:
        remedy = "leave them out, or set chart"
        yield InvalidInputError(f"{here}.values", "belong to a chart", remedy=remedy)
