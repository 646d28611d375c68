"""The agent as a process: a tenant's whole life, its start, its end, its log."""

import base64
import re
import signal

import pytest

from agent.__main__ import Environment
from core.manifests import base_rbac
from tests.support import control_plane
from tests.support.agent_process import USER, Agent, prepare
from tests.support.kubectl import eventually

pytestmark = pytest.mark.processes

RBAC = "/apis/rbac.authorization.k8s.io/v1"


def test_the_whole_life_of_a_tenant(world, tmp_path):
    """Store, API server under its own certificate and prefix, objects, an own kind, the end."""
    objects = world.objects
    objects.etcd_tenant("life")
    plane = control_plane.tenant(tmp_path / "life", world.etcd, "life")
    objects.credentials("life", objects.agent_credentials(plane))
    base = base_rbac.base_objects("1.37.2")
    objects.manifests("life", plane.server, base, apiRoles=base_rbac.API_ROLES)
    try:
        plane.wait()
        objects.wait("TenantManifests", "life", "base")
        admin = plane.api("bob", "tenant-admins")
        assert admin.get("/api/v1/namespaces").ok
        assert admin.get("/apis/apps/v1/deployments").ok
        assert admin.get("/api/v1/nodes").status == 403
        assert not admin.delete(f"{RBAC}/clusterroles/{base_rbac.ADMIN}").ok
        keys = world.etcd.keys("/t/life/")
        assert len(keys) > 100
        objects.delete("TenantManifests", "life", "base")
        objects.wait_gone("TenantManifests", "life", "base")
        assert plane.masters.get(f"{RBAC}/clusterroles/{base_rbac.ADMIN}").status == 404
    finally:
        plane.stop()
    objects.delete("EtcdTenant", "life")
    objects.wait_gone("EtcdTenant", "life")
    assert world.etcd.keys("/t/life") == []
    assert "life" not in world.etcd.names("user")
    assert "life" not in world.etcd.names("role")


def test_a_tenant_of_another_name_gets_nothing_of_it(world, tmp_path):
    """`life` written on the flags, `acme` in the certificate: etcd refuses."""
    world.objects.etcd_tenant("mine")
    world.objects.etcd_tenant("theirs")
    world.objects.wait("EtcdTenant", "mine")
    world.objects.wait("EtcdTenant", "theirs")
    plane = control_plane.tenant(tmp_path / "x", world.etcd, "theirs", store_user="mine")
    try:
        plane.process.wait_until(lambda: "permission denied" in plane.process.text(), "refused")
        assert not plane.masters.ready()
    finally:
        plane.stop()
    assert world.etcd.keys("/t/theirs/") == []


def test_no_key_and_no_token_is_in_its_log(world, acme):
    """The whole log of this run, with every failure that the other tests beside it provoked."""
    secret = world.objects.api.get("/api/v1/namespaces/tenant-acme/secrets/host-agent").body
    key = base64.b64decode(secret["data"]["tls.key"]).decode()
    text = world.agent.process.text()
    assert text
    assert "PRIVATE KEY" not in text
    assert secret["data"]["tls.key"][:40] not in text
    assert not [line for line in key.splitlines()[1:-1] if line in text]
    assert not re.search(r"eyJ[\w-]+\.[\w-]+\.", text)


@pytest.fixture(scope="module")
def bare(world, tmp_path_factory):
    """A host that the agent of the other tests doesn't look after; at first without its kinds."""
    host = control_plane.host(tmp_path_factory.mktemp("bare"), world.etcd, prefix="/bare").wait()
    yield host
    host.stop()


def test_without_its_kinds_it_ends_with_an_error_that_says_so(bare, tmp_path):
    """Else it would wait for ever, in silence: scanning for new kinds is off."""
    agent = Agent(tmp_path / "agent", bare, {}, AGENT_HOST_PATIENCE_SECONDS="1")
    eventually(lambda: not agent.process.running, "the agent ended")
    assert "create the CRDs and the rights of the agent, then start it" in agent.process.text()


def test_needs_less_than_two_seconds_of_a_core_to_be_alive(world, bare, tmp_path):
    """Its own time, whatever else the machine does; docs/agent.md has the clock's."""
    prepare(bare)
    agent = Agent(tmp_path / "agent", bare, {"shared": world.etcd})
    try:
        agent.wait()
        assert agent.cpu_seconds() < 2
    finally:
        agent.process.kill()


def test_ends_by_itself_after_a_signal(world, bare, tmp_path):
    """The next one starts when it has ended (Recreate); kubelet would kill it after 30 s."""
    prepare(bare)
    agent = Agent(tmp_path / "agent", bare, {"shared": world.etcd}).wait()
    agent.process.kill(signal.SIGTERM)
    assert agent.process.exit_code == 0


@pytest.mark.usefixtures("without_operators")
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/secrets",
        "/api/v1/namespaces/kube-system/secrets",
        "/api/v1/namespaces/tenant-acme/secrets",
        "/api/v1/namespaces/tenant-acme/secrets/kube-apiserver",
        "/api/v1/namespaces",
        "/api/v1/nodes",
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    ],
)
def test_sees_nothing_of_its_host_but_its_own(world, acme, path):
    """Everything else in this folder works with the same rights."""
    assert world.host.api(USER).get(path).status == 403


def test_has_metrics_of_both_kinds(world):
    world.objects.etcd_tenant("counted")
    world.objects.wait("EtcdTenant", "counted")
    samples = world.agent.metrics()
    assert samples['tenantplane_agent_objects{kind="EtcdTenant",ready="true"}'] >= 1
    assert samples['tenantplane_agent_reconcile_seconds_count{kind="EtcdTenant"}'] >= 1


def test_every_setting_has_a_default_that_fits_its_image():
    environment = Environment.read({})
    assert str(environment.stores) == "/etc/tenantplane/stores"
    assert (environment.liveness_port, environment.metrics_port) == (8080, 9090)
    assert Environment.read({"AGENT_RESYNC_SECONDS": "7"}).resync_seconds == 7
