"""What the operators of a tenant must be together, with where in the config it is wrong."""

import pytest

from core import operator_rules, schema
from core.operator_settings import OperatorSettings
from core.operators import known, kubedebug

PATH = "tenants[0].operators"


def operator(name="demo", **given):
    given = {"chart": {"path": "charts/demo"}} | given
    return schema.read(OperatorSettings, {"name": name, **given}, PATH)


def bare(name="demo", **given):
    return schema.read(OperatorSettings, {"name": name, **given}, PATH)


def said(*operators):
    return [str(one) for one in operator_rules.problems(operators, PATH)]


@pytest.mark.parametrize(
    "given",
    [
        operator(),
        bare(manifests="demo.yaml"),
        operator(values={"a": 1}),
        bare(known.CROSSPLANE),
        bare(known.CROSSPLANE, values={"a": 1}),
        operator(known.CROSSPLANE, values={"a": 1}),
        bare(kubedebug.NAME),
    ],
    ids=["chart", "manifests", "values", "crossplane", "its values", "its chart", "kubedebug"],
)
def test_one_that_says_what_it_is_made_of_is_right(given):
    assert said(given) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            bare(),
            (
                ": has neither chart nor manifests; set chart.path, chart.repository with name and "
                "version, or manifests"
            ),
        ),
        (
            operator(manifests="demo.yaml"),
            ": has both chart and manifests; keep chart or manifests",
        ),
        (
            operator(chart={}),
            (
                ".chart: names no chart; set tenants[0].operators[0].chart.path, or "
                "tenants[0].operators[0].chart.repository, name and version"
            ),
        ),
        (
            bare(manifests="demo.yaml", values={"a": 1}),
            ".values: belong to a chart; leave them out, or set chart",
        ),
        (
            bare(kubedebug.NAME, values={"a": 1}),
            ".values: belong to a chart; leave them out, or set chart",
        ),
    ],
    ids=["nothing", "both", "no chart", "values of manifests", "values of kubedebug"],
)
def test_one_that_does_not_is_told_what_to_set(given, message):
    assert said(given) == [f"{PATH}[0]{message}"]


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (operator(identity="tenant"), True),
        (operator(identity="tenant", packages=True), False),
        (operator(identity="host", packages=True), True),
        (bare(known.CROSSPLANE, identity="tenant"), False),
        (bare(known.CROSSPLANE, identity="tenant", packages=False), True),
    ],
    ids=["alone", "with packages", "the host's", "crossplane", "without packages"],
)
def test_what_is_installed_later_has_no_token_of_the_tenant(given, right):
    """The agent would need the right to issue one for any account in that namespace."""
    assert said(given) == (
        []
        if right
        else [
            (
                f"{PATH}[0].identity: can't be tenant where the operator installs programs by "
                "itself; use host, or packages: false"
            )
        ]
    )


def test_two_have_two_names():
    """Their pods, and their objects on the host, are told apart by it."""
    assert said(operator(), operator(namespace="other")) == [
        (
            f"{PATH}[1].name: is that of {PATH}[0] already, got 'demo'; give each operator of a "
            "tenant a name of its own"
        )
    ]


@pytest.mark.parametrize(
    ("first", "second", "namespace"),
    [
        (operator("a", namespace="ops"), operator("b", namespace="ops"), "ops"),
        (operator("a"), operator("b", namespace="a"), "a"),
        (bare(known.CROSSPLANE), operator(namespace="crossplane-system"), "crossplane-system"),
    ],
    ids=["said", "by its name", "known"],
)
def test_two_have_two_namespaces(first, second, namespace):
    """What the tenant has of one is copied to the host by its namespace and name."""
    assert said(first, second) == [
        (
            f"{PATH}[1].namespace: is that of {PATH}[0] already, got '{namespace}'; give each "
            "operator of a tenant a namespace of its own"
        )
    ]


def test_the_same_twice_is_wrong_in_both_ways():
    assert [one.partition(":")[0] for one in said(operator(), operator())] == [
        f"{PATH}[1].name",
        f"{PATH}[1].namespace",
    ]
