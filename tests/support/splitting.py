"""Tells the objects of a small chart apart, with an operator that may use as much as it likes."""

import pytest

from core.errors import InvalidInputError
from core.operators import split
from core.operators.budget import Budget
from tests.support.operator_objects import NAMESPACE, wiring

AMPLE = Budget(memory_mib=10**6, pods=10**4, storage_gib=100)
THING = "operator demo, chart demo"


def parts(*given, limits=AMPLE, namespace=NAMESPACE, packages=False, **overrides):
    return split.split(
        given,
        wiring(),
        namespace=namespace,
        overrides=overrides,
        limits=limits,
        packages=packages,
        thing=THING,
    )


def problems(*given, **overrides):
    with pytest.raises(InvalidInputError) as caught:
        parts(*given, **overrides)
    return list(caught.value.problems)
