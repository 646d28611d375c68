"""The agent's kinds: accepted by a real API server, printed usefully, safe against slips."""

import copy
import re

import pytest

from core import names
from core.manifests import crds
from tests.support.kubectl import Kubectl, eventually

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
KINDS = [definition["spec"]["names"]["kind"] for definition in crds.crds()]
_OURS = f"/apis/{names.API_VERSION}/namespaces/default"


def versions():
    return [version for crd in crds.crds() for version in crd["spec"]["versions"]]


def described(schema, path="spec"):
    """Every property's path and whether it says what it is."""
    for name, child in schema.get("properties", {}).items():
        yield f"{path}.{name}", bool(child.get("description")) or name in {"spec", "status"}
        yield from described(child, f"{path}.{name}")
        yield from described(child.get("items", {}), f"{path}.{name}[]")


@pytest.mark.parametrize("version", versions(), ids=KINDS)
def test_every_field_says_what_it_is(version):
    """`kubectl explain` shows nothing else."""
    fields = dict(described(version["schema"]["openAPIV3Schema"]))
    assert len(fields) > 5
    assert not [path for path, said in fields.items() if not said]


def test_each_kind_has_a_finalizer_of_its_own():
    assert crds.ETCD_TENANT_FINALIZER != crds.TENANT_MANIFESTS_FINALIZER


def etcd_tenant(name="acme", **spec):
    return {
        "apiVersion": names.API_VERSION,
        "kind": "EtcdTenant",
        "metadata": {"name": name},
        "spec": {"store": "shared", "tenant": name, **spec},
    }


def manifests(**spec):
    return {
        "apiVersion": names.API_VERSION,
        "kind": "TenantManifests",
        "metadata": {"name": "base"},
        "spec": {
            "tenant": "acme",
            "server": "https://somewhere:6443",
            "credentialsSecret": "s",
            "objects": [],
            **spec,
        },
    }


@pytest.fixture(scope="module")
def masters(planes):
    masters = planes["none"].masters
    for definition in crds.crds():
        assert masters.apply(f"{_DEFINITIONS}/{definition['metadata']['name']}", definition).ok
    for plural in (crds.ETCD_TENANTS, crds.TENANT_MANIFESTS):
        eventually(lambda plural=plural: masters.get(f"{_OURS}/{plural}").ok, "served")
    return masters


@pytest.mark.processes
class TestOnAnApiServer:
    @pytest.fixture
    def acme(self, masters):
        path = f"{_OURS}/{crds.ETCD_TENANTS}"
        assert masters.create(path, etcd_tenant()).ok
        yield f"{path}/acme"
        masters.delete(f"{path}/acme")

    def test_definitions_have_no_schema_problem(self, masters):
        """NonStructuralSchema would turn pruning and defaults off without an error."""
        for definition in crds.crds():
            found = masters.get(f"{_DEFINITIONS}/{definition['metadata']['name']}").body
            conditions = {c["type"]: c["status"] for c in found["status"]["conditions"]}
            assert conditions["Established"] == "True"
            assert conditions.get("NonStructuralSchema", "False") == "False"

    def test_kubectl_shows_store_ready_and_age(self, masters, planes, acme):
        condition = {
            "type": "Ready",
            "status": "True",
            "reason": "Granted",
            "message": "m",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
        assert masters.merge(f"{acme}/status", {"status": {"conditions": [condition]}}).ok
        kubectl = Kubectl(planes["none"].plane.kubeconfig("test", "system:masters"))
        header, row = kubectl.out("get", "etcdtenants", "-A").splitlines()
        assert re.split(r" {2,}", header) == [
            *("NAMESPACE", "NAME", "STORE", "USED MIB", "LIMIT MIB", "READY", "REASON", "AGE"),
        ]
        assert row.split()[:5] == ["default", "acme", "shared", "True", "Granted"]

    @pytest.mark.parametrize("field", ["store", "tenant"])
    def test_where_the_keys_are_can_not_change(self, masters, acme, field):
        """The keys under the old name would stay behind, with nobody to remove them."""
        answer = masters.merge(acme, {"spec": {field: "other"}})
        assert not answer.ok
        assert f"{field} can't be changed; delete the object and create another" in answer.message

    @pytest.mark.parametrize("tenant", ["Acme", "a.b", "-a", "a-", "a" * 31, "../x", ""])
    def test_no_other_tenant_id_gets_in(self, masters, tenant):
        """The id becomes a key, a user and a command line argument."""
        answer = masters.create(f"{_OURS}/{crds.ETCD_TENANTS}", etcd_tenant("x", tenant=tenant))
        assert not answer.ok
        assert "spec.tenant" in answer.message

    def test_a_store_is_named_like_a_pool(self, masters):
        """It becomes a folder's name in the agent."""
        answer = masters.create(f"{_OURS}/{crds.ETCD_TENANTS}", etcd_tenant("x", store="../root"))
        assert "spec.store" in answer.message

    def test_objects_need_a_kind_and_keep_every_field(self, masters):
        path = f"{_OURS}/{crds.TENANT_MANIFESTS}"
        role = {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "r", "labels": {"a": "b"}},
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}],
        }
        created = masters.create(path, manifests(objects=[copy.deepcopy(role)]))
        assert created.ok, created
        assert created.body["spec"]["objects"] == [role]
        assert created.body["spec"]["deletionPolicy"] == "Delete"
        masters.delete(f"{path}/base")
        refused = masters.create(path, manifests(objects=[{"metadata": {"name": "x"}}]))
        assert not refused.ok

    def test_a_tenants_server_is_spoken_to_by_tls(self, masters):
        path = f"{_OURS}/{crds.TENANT_MANIFESTS}"
        assert not masters.create(path, manifests(server="http://somewhere")).ok
