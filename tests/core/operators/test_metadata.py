"""What an operator's objects say of themselves on the host is harmless there."""

import pytest

from core.operators import metadata

HARMLESS = {
    "checksum/config": "a",
    "kubectl.kubernetes.io/default-container": "b",
    "prometheus.io/scrape": "true",
}


def test_names_labels_and_harmless_annotations_stay():
    given = {"name": "x", "labels": {"app": "x"}, "annotations": dict(HARMLESS)}
    assert metadata.on_host(given) == given


@pytest.mark.parametrize(
    "annotation",
    [
        "k8s.v1.cni.cncf.io/networks",
        "iam.gke.io/gcp-service-account",
        "external-dns.alpha.kubernetes.io/hostname",
        "sidecar.istio.io/inject",
        "container.apparmor.security.beta.kubernetes.io/main",
        "cluster-autoscaler.kubernetes.io/safe-to-evict",
        "helm.sh/hook",
        "pulumi.com/patchForce",
    ],
)
def test_what_somebody_on_the_host_acts_on_goes(annotation):
    """A network plugin would give it another network, a controller a name or an identity."""
    found = metadata.on_host({"name": "x", "annotations": {annotation: "y", **HARMLESS}})
    assert found["annotations"] == HARMLESS
    assert "annotations" not in metadata.on_host({"name": "x", "annotations": {annotation: "y"}})


@pytest.mark.parametrize(
    "key", ["finalizers", "ownerReferences", "generateName", "namespace", "uid"]
)
def test_nothing_else_comes_along(key):
    """A finalizer that nobody on the host takes off would hold its namespace for ever."""
    assert metadata.on_host({"name": "x", key: "y"}) == {"name": "x"}


def test_what_says_nothing_stays_silent():
    assert metadata.on_host({"name": "x", "labels": {}, "annotations": None}) == {"name": "x"}
