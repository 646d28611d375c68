"""Why a workload doesn't start is said by the offline kubernetes plugin, down to its last words.

Here and not in tests/plugins/kubernetes, as only a kubelet has logs.
"""

from concurrent.futures import ThreadPoolExecutor

import pytest

from core import versions
from tests.plugins.kubernetes import objects
from tests.plugins.kubernetes.driver import Driver, FailedError

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
IMAGE = versions.image("kube-apiserver")
SECONDS = 40
"""A busy machine takes some to start a container that crashes, and to start it again."""
SECURITY = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def plugin(host):
    driver = Driver().configure(host.kubeconfig)
    yield driver
    driver.close()


@pytest.fixture(scope="module")
def namespace(plugin):
    made = plugin.create(objects.NAMESPACE_TOKEN, "demo", objects.namespace("plugin-timeout"))
    yield made.name
    plugin.delete(made)


def deployment(namespace, name, **container):
    labels = {"app": name}
    spec = {"containers": [{"name": "main", "image": IMAGE, **container}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "annotations": {"pulumi.com/timeoutSeconds": str(SECONDS)},
        },
        "spec": {
            "minReadySeconds": 5,  # else it is available in the moment before it crashes
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


@pytest.fixture(scope="module")
def failures(plugin, namespace):
    """What is said of two Deployments that don't start, in the same time."""
    command = ["kube-apiserver", "--no-such-flag"]
    both = [
        deployment(namespace, "crashes", command=command, securityContext=SECURITY),
        deployment(namespace, "missing", image="example.invalid/nothing:1"),
    ]

    def failure(obj):
        with pytest.raises(FailedError) as raised:
            plugin.create(DEPLOYMENT, "demo", obj)
        return raised.value.text

    with ThreadPoolExecutor(len(both)) as side_by_side:
        return dict(zip(("crashes", "missing"), side_by_side.map(failure, both), strict=True))


def test_the_last_log_lines_of_a_crashing_container_are_shown(failures, namespace):
    text = failures["crashes"]
    assert f"Deployment {namespace}/crashes: not ready after {SECONDS} s" in text
    assert f"pod {namespace}/crashes-" in text
    assert "container main: " in text
    assert "exit code 1" in text
    assert "unknown flag: --no-such-flag" in text


def test_an_image_that_is_not_there_is_named(failures, namespace):
    text = failures["missing"]
    assert f"pod {namespace}/missing-" in text
    assert "container main: " in text
    assert "example.invalid/nothing:1" in text
