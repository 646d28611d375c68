"""A real API server with real controllers, a plugin on it, and a kubelet that only says things."""

import itertools
from contextlib import contextmanager

import pytest

from tests.plugins.kubernetes import objects
from tests.plugins.kubernetes.driver import Driver
from tests.plugins.kubernetes.kubelet import FakeKubelet
from tests.support import control_plane

CONTROLLERS = (
    "deployment-controller",
    "disruption-controller",
    "endpointslice-controller",
    "job-controller",
    "persistentvolume-binder-controller",
    "persistentvolumeclaim-protection-controller",
    "replicaset-controller",
    "resourcequota-controller",
    "statefulset-controller",
)
SETTINGS = {
    "clusterIdentifier": "tenantplane/test",
    "enableConfigMapMutable": "true",
    "enableSecretMutable": "true",
    "enableServerSideApply": "true",
}
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def cluster(tmp_path_factory):
    """An API server and its controllers, as processes on loopback, gone when the tests are."""
    folder = tmp_path_factory.mktemp("cluster")
    etcd = control_plane.Etcd(folder / "etcd")
    host = control_plane.host(folder / "host", etcd).wait()
    host.start_controllers(*CONTROLLERS)
    yield host
    host.stop()
    etcd.process.kill()


@pytest.fixture(scope="session")
def kubeconfig(cluster):
    return cluster.kubeconfig("admin", "system:masters")


@pytest.fixture
def drive(kubeconfig):
    """Start a plugin with settings of its own."""
    with _drivers(kubeconfig) as start:
        yield start


@pytest.fixture(scope="module")
def plugin(kubeconfig):
    """A plugin with the product's settings, one per file."""
    with _drivers(kubeconfig) as start:
        yield start()


@contextmanager
def _drivers(kubeconfig):
    started = []

    def start(text=kubeconfig, *, environment=None, **settings):
        started.append(Driver(environment=environment))
        return started[-1].configure(text, **SETTINGS | settings)

    try:
        yield start
    finally:
        for driver in started:
            driver.close()


@pytest.fixture
def api(cluster):
    """The API server itself, to look behind the plugin's back."""
    return cluster.masters


@pytest.fixture
def namespace(api):
    """A namespace of this test alone."""
    name = f"test-{next(_NUMBERS)}"
    assert api.create("/api/v1/namespaces", objects.namespace(name)).ok
    return name


@pytest.fixture
def kubelet(api, namespace):
    """Says of pods in the test's namespace what a kubelet would."""
    with FakeKubelet(api, namespace) as running:
        yield running


@pytest.fixture
def definition(api):
    """Make a custom resource of a kind of its own known to the API server; return the kind."""
    kind = f"Demo{next(_NUMBERS)}"
    body = _dashed(objects.definition(kind))
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    assert api.create(path, body).ok
    return kind


def _dashed(value):
    if isinstance(value, dict):
        return {
            k.replace("_", "-") if k.startswith("x_") else k: _dashed(v) for k, v in value.items()
        }
    return [_dashed(item) for item in value] if isinstance(value, list) else value
