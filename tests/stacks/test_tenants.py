"""A stack of tenants holds its host by what the host's stack exports."""

import asyncio

import pulumi
import pytest
import yaml
from pulumi.runtime.stack import ResourceRegistrationFailed

from core import host_contract
from core.manifests import pods, tenant_fence
from core.profiles import PROFILES
from core.running import RunningHost, RunningTenant
from core.settings import parse
from stacks import tenants
from tests.support import running
from tests.support.fake_cluster import GOOD_HOST
from tests.support.loop import run
from tests.support.mocks import is_secret, pem, settled

NEW_AND_OLD = [{"name": "acme"}, {"name": "initech"}]
CONFIG = {
    "kind": "tenants",
    "hostStack": "organization/tenantplane/prod-host",
    "tenants": [{"name": "acme", "replicas": 2}, {"name": "globex", "datastore": "fast"}],
}


def contract(cluster, **changes):
    store = {
        "client_url": "https://etcd.test:2379",
        "ca_pem": "CA",
        "ca_key_pem": pem("PRIVATE KEY", "etcd"),
        "keys": [1],
    }
    document = host_contract.document(
        name="prod",
        domain="tenants.example.com",
        kubeconfig=cluster.kubeconfig(),
        agent_namespace="tenantplane-system",
        agent_ca_pem="PEM",
        operator_runtime_class=None,
        gateway={
            "address": "203.0.113.10",
            "port": 443,
            "name": "tenantplane",
            "namespace": "tenantplane-gateway",
            "public_dns": True,
        },
        stores={"shared": store, "fast": store},
        sql={},
    )
    return document | changes


@pytest.fixture
def exported(cluster, mocks):
    """What the host's stack exports; a test may change it."""
    mocks.stack_outputs["hostContract"] = contract(cluster)
    return mocks.stack_outputs


def test_tenants_are_declared_on_the_host_of_the_contract(up, exported, monitor, golden):
    outputs = up(CONFIG)
    assert set(outputs) == {
        "adminKubeconfigs",
        "certificateExpiry",
        "certificates",
        "endpoints",
        "hosts",
        "kubeconfigs",
        "operators",
        "readme",
        "storeWarnings",
        "userExpiry",
        "userKubeconfigs",
        "versions",
    }
    golden("urns/tenants.txt", "\n".join(monitor.urns) + "\n")


def test_nothing_host_wide_is_declared_a_second_time(up, exported, monitor):
    up(CONFIG)
    for component in ("SharedEtcd", "HostAgent", "IngressPassthrough"):
        assert not [urn for urn in monitor.urns if component in urn]


def test_with_public_dns_a_kubeconfig_names_the_tenant_itself(up, exported):
    outputs = up(CONFIG)
    assert is_secret(outputs["kubeconfigs"]["acme"])
    cluster = yaml.safe_load(settled(outputs["kubeconfigs"]["acme"]))["clusters"][0]["cluster"]
    assert cluster["server"] == "https://acme.tenants.example.com:443"
    assert "tls-server-name" not in cluster


def test_each_tenant_uses_the_pool_that_it_names(up, exported, mocks):
    up(CONFIG)
    assert mocks.named("acme-store").inputs["spec"]["store"] == "shared"
    assert mocks.named("globex-store").inputs["spec"]["store"] == "fast"


def test_the_key_of_the_contract_stays_secret(up, exported, monitor):
    """It came out of a StackReference as plain text; nothing but marking it again hides it."""
    up(CONFIG)
    for urn, request in monitor.requests.items():
        text = str(request.object)
        if "LocallySignedCert::acme-etcd" in urn:
            assert "BEGIN PRIVATE KEY" in text
            key = request.object["caPrivateKeyPem"]
            assert "4dabf18193072939515e22adb298388d" in key


def test_a_pool_that_the_host_does_not_have_is_refused(up, exported, mocks):
    tenants = [{"name": "acme", "datastore": "slow"}]
    with pytest.raises(pulumi.RunError, match=r"tenants\[0\]\.datastore: .* use fast or shared"):
        up(CONFIG | {"tenants": tenants})
    assert [one.typ for one in mocks.resources] == ["pulumi:pulumi:StackReference"]


def test_a_stack_that_is_no_host_is_refused(up, exported):
    del exported["hostContract"]
    with pytest.raises(pulumi.RunError, match="exports no hostContract; name a stack of kind host"):
        up(CONFIG)


def test_a_contract_of_another_version_is_refused(up, exported, cluster):
    exported["hostContract"] = contract(cluster, version=1)
    with pytest.raises(pulumi.RunError, match="not of version 4, got 1; run `pulumi up` there"):
        up(CONFIG)


def test_a_host_that_does_not_answer_is_said_by_its_name(up, exported, cluster):
    cluster.stop()
    with pytest.raises(pulumi.RunError, match="host prod: its API server can't be reached"):
        up(CONFIG)


def test_the_pools_of_the_host_are_not_compared_with_a_default(up, exported, cluster):
    """They are in the host's config: a stack of tenants has none."""
    cluster.documents = GOOD_HOST | running.etcds(**{"tenantplane-etcd-shared": 3})
    assert set(up(CONFIG)["kubeconfigs"]) == {"acme", "globex"}


def test_a_tenant_does_not_leave_its_store(up, exported, cluster, mocks):
    """What holds its objects would be removed, and the objects with it."""
    cluster.documents = GOOD_HOST | running.tenants(globex="1.37.2")
    with pytest.raises(pulumi.RunError) as error:
        up(CONFIG)
    assert str(error.value).startswith("tenants[1].datastore: can't be changed from shared: ")
    assert not mocks.of_type(":Namespace")


def test_a_store_does_not_become_another_kind(up, exported, cluster, mocks):
    """Another pool or server of the host has the name now; tenants of others are not looked at."""
    cluster.documents = GOOD_HOST | running.tenants(
        kind="postgresql", acme="1.37.2", other="1.37.2"
    )
    with pytest.raises(pulumi.RunError) as error:
        up(CONFIG)
    assert "store shared: can't become another kind: the objects of acme are" in str(error.value)
    assert not mocks.of_type(":Namespace")


def test_a_share_that_is_nearly_full_is_said(up, exported, cluster):
    cluster.documents = GOOD_HOST | running.shares(acme="StoreNearlyFull", other="StoreFull")
    assert settled(up(CONFIG)["storeWarnings"]) == {"acme": "acme: StoreNearlyFull"}


def test_an_alarm_is_said_once_and_exported_of_each_tenant(up, exported, cluster, logged):
    """All tenants of a pool have it; those of other stacks hear of it there."""
    reasons = dict.fromkeys(["other", "acme", "globex", "third"], "StoreAlarm")
    cluster.documents = GOOD_HOST | running.shares(**reasons)
    warnings = settled(up(CONFIG)["storeWarnings"])
    assert warnings == {name: f"{name}: StoreAlarm" for name in ("acme", "globex")}
    assert logged == ["etcd pool shared: globex: StoreAlarm"]


@pytest.mark.parametrize(("limit_mib", "said"), [(597, 0), (598, 1)])
def test_limits_that_could_fill_a_pool_of_the_host_are_said(
    up, exported, cluster, monkeypatch, limit_mib, said
):
    """Tenants of other stacks count too; two thirds of 2 GiB are 1365 MiB."""
    warnings = []
    monkeypatch.setattr(pulumi.log, "warn", warnings.append)
    others = {f"other-{number}": "Granted" for number in range(3)}
    cluster.documents = (
        GOOD_HOST | running.etcds(**{"tenantplane-etcd-shared": 1}) | running.shares(**others)
    )
    acme, globex = CONFIG["tenants"]
    up(CONFIG | {"tenants": [acme | {"storeLimitMib": limit_mib}, globex]})
    assert ["which is 1365 MiB, got 1366" in one for one in warnings] == [True] * said


def test_each_kind_of_store_is_declared(up, exported, mocks):
    """What each declares is in tests/components."""
    exported["hostContract"]["sql"] = {
        "pg": {"engine": "postgresql", "address": "192.0.2.5", "port": 5432, "caPem": "CA"}
    }
    own = {"name": "own", "datastore": "dedicated", "dedicatedEtcd": {"storageGib": 8}}
    up(CONFIG | {"tenants": [own, {"name": "sql", "datastore": "pg"}, {"name": "acme"}]})
    assert mocks.named("sql-store").inputs["spec"]["store"] == "pg"
    assert mocks.named("acme-store").inputs["spec"]["store"] == "shared"
    (claim,) = mocks.named("own-etcd-members").inputs["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "8Gi"


def test_a_share_of_an_sql_server_is_refused(up, exported):
    """Nothing would keep the tenant to it."""
    exported["hostContract"]["sql"] = {
        "pg": {"engine": "postgresql", "address": "192.0.2.5", "port": 5432, "caPem": "CA"}
    }
    with pytest.raises(pulumi.RunError, match=r"tenants\[0\]\.storeLimitMib: belongs to etcd pool"):
        up(CONFIG | {"tenants": [{"name": "acme", "datastore": "pg", "storeLimitMib": 64}]})


def test_a_server_with_a_name_is_reached_in_its_network_alone(up, exported, mocks):
    server = {"engine": "postgresql", "address": "x.sql.goog", "port": 5432, "caPem": "CA"}
    exported["hostContract"]["sql"] = {"pg": server | {"network": "10.0.0.7/32"}}
    up(CONFIG | {"tenants": [{"name": "acme", "datastore": "pg"}]})
    rules = mocks.named("acme-policy").inputs["spec"]["egress"]
    assert {"ipBlock": {"cidr": "10.0.0.7/32"}} in [way for rule in rules for way in rule["to"]]
    secret = mocks.named("acme-secret-kine").inputs["stringData"]["value"]
    assert "@x.sql.goog:5432/" in secret["endpoint"]


def test_keys_are_replaced_one_step_at_a_time(up, exported, cluster, mocks):
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2", globex="1.37.2")
    wanted = [{"name": "acme", "keys": [2]}, {"name": "globex", "keys": [1, 2]}]
    with pytest.raises(pulumi.RunError) as error:
        up(CONFIG | {"tenants": wanted})
    assert str(error.value).startswith("tenants[0].keys: can't go from [1] in one step: ")
    assert not mocks.of_type(":Namespace")


def test_old_keys_are_dropped_once_nothing_is_encrypted_with_them(up, exported, cluster):
    wanted = CONFIG | {"tenants": [{"name": "acme", "keys": [2]}]}
    found = GOOD_HOST | running.tenants(keys="2,1", acme="1.37.2")
    for before in (running.reencryptions(acme=(3, 2)), running.reencryptions("1,2", acme=(3, 3))):
        cluster.documents = found | before
        with pytest.raises(pulumi.RunError, match=r"tenants\[0\]\.keys: can't drop 1 yet"):
            up(wanted)
    cluster.documents = found | running.reencryptions(acme=(3, 3))
    assert set(up(wanted)["kubeconfigs"]) == {"acme"}


def test_keys_are_not_replaced_while_pods_of_before_run(up, exported, cluster, mocks):
    cluster.documents = GOOD_HOST | running.tenants(keys="1,2", updated=0, acme="1.37.2")
    with pytest.raises(pulumi.RunError, match=r"can't leave \[1, 2\] yet: not every pod of"):
        up(CONFIG | {"tenants": [{"name": "acme", "keys": [2, 1]}]})
    assert not mocks.of_type(":Namespace")


def test_the_etcd_of_a_tenant_is_asked_for_its_keys_too(up, exported, cluster):
    found = GOOD_HOST | running.tenants("dedicated", keys="1,2", acme="1.37.2")
    cluster.documents = found | running.etcds(keys="1,2", updated=0, **{"tenant-acme": 1})
    own = {"name": "acme", "datastore": "dedicated", "keys": [2, 1]}
    with pytest.raises(pulumi.RunError, match=r"can't leave \[1, 2\] yet: not every pod of"):
        up(CONFIG | {"tenants": [own]})


def test_a_certificate_that_ends_soon_is_said(up, exported, cluster, logged):
    ends = running.certificates(
        acme={"admin": "2020-01-01T00:00:00Z", "apiserver": "2999-01-01T00:00:00Z"},
        other={"admin": "2020-01-01T00:00:00Z"},
    )
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2", other="1.37.2") | ends
    up(CONFIG)
    (said,) = [text for text in logged if "certificates" in text]
    assert said.startswith("tenant acme: certificates end soon (admin), the first ")


def test_a_new_tenant_comes_before_those_that_run(up, exported, cluster, mocks):
    """The engine takes one resource after another: its pods start while it takes the others."""
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2")
    outputs = up(CONFIG | {"tenants": NEW_AND_OLD})
    declared = [one.name for one in mocks.resources]
    assert declared.index("initech-secret-kube-apiserver") < declared.index("acme-ns")
    assert set(outputs["kubeconfigs"]) == {"acme", "initech"}


class Stuck:
    """A tenant whose pods never start."""

    def __init__(self, name, failure):
        waiting = pulumi.Output.from_input(asyncio.sleep(1))
        self.name, self.serving = name, waiting if failure is None else failed(failure)


def failed(error):
    def fail(_):
        raise error

    return pulumi.Output.from_input("").apply(fail)


def test_a_quota_has_room_for_pods_of_a_larger_profile_while_they_are_replaced(
    up, exported, cluster, mocks
):
    """Without it no new pod is let in, and the old ones stay until one is ready."""
    pods = running.pods(acme=["large"], globex=["small"])
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2", globex="1.37.2") | pods
    up(CONFIG | {"tenants": [{"name": "acme"}, {"name": "globex"}]})
    quotas = [mocks.named(f"{name}-quota").inputs["spec"]["hard"] for name in ("acme", "globex")]
    small, large = (
        tenant_fence.resource_quota([PROFILES[name]], 1, kine_too=False, own=None)["hard"]
        for name in ("small", "large")
    )
    assert quotas == [large, small]


@pytest.mark.parametrize("failure", [None, ResourceRegistrationFailed("initech-ns")])
def test_a_new_tenant_that_does_not_start_holds_up_no_other(monkeypatch, failure):
    monkeypatch.setattr(tenants, "_declare_tenant", lambda one, *_: Stuck(one.name, failure))
    monkeypatch.setattr(tenants, "_HEAD_START_SECONDS", 0.01)
    config = parse({"kind": "tenants", "hostStack": "a/b/c", "tenants": NEW_AND_OLD})
    running_host = RunningHost(tenants={"acme": RunningTenant("1.37.2", "shared")})
    declared = run(tenants.declare_tenants(config, None, running_host))
    assert set(declared) == {"acme", "initech"}


def test_a_version_cannot_go_down(up, exported, cluster):
    cluster.documents = GOOD_HOST | running.tenants(acme="1.37.2")
    with pytest.raises(pulumi.RunError, match=r"tenants\[0\]\.version: can't go down from"):
        up(CONFIG | {"tenants": [{"name": "acme", "version": "1.36"}]})


def test_what_belongs_to_the_host_is_refused_here(up, exported):
    with pytest.raises(pulumi.RunError, match="gateway: belongs to the host of these tenants"):
        up(CONFIG | {"gateway": {"port": 1}})


def test_no_tenants_is_a_stack_too(up, exported):
    """The first run, or the last tenant removed."""
    outputs = up({key: value for key, value in CONFIG.items() if key != "tenants"})
    assert outputs["kubeconfigs"] == {}
    assert "# Tenants on host prod" in outputs["readme"]


SANDBOXED = CONFIG | {"tenants": [{"name": "acme", "runtimeClass": "gvisor"}]}


def test_a_sandbox_that_the_host_does_not_have_is_refused_before_anything_is_declared(
    up, exported, mocks
):
    """Its pods would be refused one after another, and the tenant never get ready."""
    with pytest.raises(pulumi.RunError, match=r"tenants\[0\]\.runtimeClass: .* got 'gvisor'"):
        up(SANDBOXED)
    assert [one.typ for one in mocks.resources] == ["pulumi:pulumi:StackReference"]


def test_a_sandbox_is_for_the_control_plane_and_not_for_its_store(up, exported, cluster, mocks):
    """A store is disk: gVisor stands in front of each read and write of it."""
    cluster.documents = cluster.documents | running.runtime_classes("gvisor")
    up(CONFIG | {"tenants": [SANDBOXED["tenants"][0] | {"datastore": "dedicated"}]})
    asked = {
        one.typ.rpartition(":")[2]: one.inputs["spec"]["template"]["spec"].get("runtimeClassName")
        for one in mocks.resources
        if "template" in one.inputs.get("spec", {})
    }
    assert asked == {"Deployment": "gvisor", "StatefulSet": None}


def test_an_issuer_reaches_the_api_server_and_is_reached_by_it(up, exported, mocks, tmp_path):
    """By the file that lists it, and by a way out of the tenant's fence."""
    (tmp_path / "ca.pem").write_text(pem("CERTIFICATE", "login"))
    login = {
        "issuer": "https://login.example.com:8443",
        "audiences": ["kubernetes"],
        "usernamePrefix": "corp:",
        "groupsClaim": "groups",
        "ca": str(tmp_path / "ca.pem"),
        "network": "203.0.113.7/32",
    }
    up(CONFIG | {"tenants": [{"name": "acme", "oidc": [login]}]})
    text = mocks.named("acme-config").inputs["data"]["authentication.yaml"]
    jwt, _ = yaml.safe_load(text)["jwt"]
    assert jwt["issuer"]["url"] == login["issuer"]
    assert "CERTIFICATE" in jwt["issuer"]["certificateAuthority"]
    assert jwt["claimMappings"]["groups"] == {"claim": "groups", "prefix": "corp:"}
    rules = mocks.named("acme-policy").inputs["spec"]["egress"]
    assert pods.issuer_egress("203.0.113.7/32", 8443) in rules
