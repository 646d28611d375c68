"""Of what an operator's objects say of themselves, the host is told what harms nobody."""

import pytest

from core.operators.metadata import on_host


def test_name_and_labels_stay():
    given = {"name": "demo", "labels": {"app": "x"}}
    assert on_host(given) == given


@pytest.mark.parametrize(
    "key",
    [
        "checksum/config",
        "kubectl.kubernetes.io/default-container",
        "prometheus.io/scrape",
    ],
)
def test_annotations_that_are_known_to_be_harmless_stay(key):
    given = {"name": "demo", "annotations": {key: "said"}}
    assert on_host(given) == given


@pytest.mark.parametrize(
    "key",
    [
        "external-dns.alpha.kubernetes.io/hostname",
        "k8s.v1.cni.cncf.io/networks",
        "kubernetes.io/egress-bandwidth",
        "meta.helm.sh/release-name",
        "pulumi.com/skipAwait",
        "sidecar.istio.io/inject",
        "x.checksum/config",
    ],
)
def test_annotations_that_others_of_the_host_obey_are_left_out(key):
    """Network plugins, DNS controllers and injectors would do for the operator what they say."""
    given = {"name": "demo", "annotations": {key: "said", "checksum/config": "a"}}
    assert on_host(given) == {"name": "demo", "annotations": {"checksum/config": "a"}}


def test_annotations_of_which_none_stays_are_none():
    assert on_host({"name": "demo", "annotations": {"mine": "yes"}}) == {"name": "demo"}


@pytest.mark.parametrize("empty", [None, {}], ids=str)
def test_what_is_empty_is_not_said(empty):
    assert on_host({"name": "demo", "labels": empty, "annotations": empty}) == {"name": "demo"}


@pytest.mark.parametrize(
    "field",
    [
        {"finalizers": ["chart.test/stay"]},
        {"generateName": "demo-"},
        {"namespace": "ops"},
        {"ownerReferences": [{"kind": "Node", "name": "a"}]},
    ],
    ids=lambda field: next(iter(field)),
)
def test_nothing_else_stays(field):
    """A finalizer that nobody takes away would keep the tenant's namespace for ever."""
    assert on_host({"name": "demo", **field}) == {"name": "demo"}


def test_what_the_chart_said_is_as_it_was():
    given = {"name": "demo", "annotations": {"mine": "yes"}}
    on_host(given)
    assert given == {"name": "demo", "annotations": {"mine": "yes"}}
