"""What a config may say of an operator, and what goes without saying."""

import pytest

from core import schema
from core.errors import InvalidInputError
from core.operator_settings import OperatorSettings
from core.operators import images

PATH = "operators[0]"


def read(**given):
    return schema.read(OperatorSettings, {"name": "demo", **given}, PATH)


def problem(**given):
    with pytest.raises(InvalidInputError) as caught:
        read(**given)
    return str(caught.value)


def test_little_has_to_be_said():
    assert read() == OperatorSettings(
        name="demo",
        memory_mib=None,
        pods=20,
        registries=images.DEFAULT_REGISTRIES,
        internet=(443,),
        keep="definitions",
        token_seconds=3600,
        timeout_seconds=300,
    )


def test_all_can_be_said():
    found = read(
        chart={"repository": "oci://a.test/charts", "name": "demo", "version": "1.2.3"},
        internet=[],
        networks={"192.0.2.0/24": [5432]},
        registries=["ghcr.io/acme"],
        runtimeClass="gvisor",
        sides={"ServiceMonitor.monitoring.coreos.com": "nowhere"},
        packages=True,
        values={"a": {"b": [1]}},
    )
    assert str(found.chart) == "chart demo 1.2.3 of oci://a.test/charts"
    assert found.networks == {"192.0.2.0/24": (5432,)}
    assert found.internet == ()
    assert found.values == {"a": {"b": [1]}}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": "De mo"}, "operators[0].name"),
        ({"namespace": "De mo"}, "operators[0].namespace"),
        ({"memoryMib": 1}, "operators[0].memoryMib"),
        ({"pods": 0}, "operators[0].pods"),
        ({"internet": [70000]}, "operators[0].internet[0]"),
        ({"networks": {"everywhere": [443]}}, "operators[0].networks"),
        ({"sides": {"Secret": "both"}}, "operators[0].sides.Secret"),
        ({"keep": "some"}, "operators[0].keep"),
        ({"tokenSeconds": 60}, "operators[0].tokenSeconds"),
        ({"timeoutSeconds": 1}, "operators[0].timeoutSeconds"),
        ({"chart": {"version": "latest"}}, "operators[0].chart.version"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_with_its_place(given, path):
    assert problem(**given).startswith(path)
