"""A host stack declares a host without tenants and exports the contract that tenants read."""

import pulumi
import pytest

from core import host_contract
from tests.support import running
from tests.support.fake_cluster import GOOD_HOST
from tests.support.mocks import is_known, is_secret, pem, settled

GKE = {
    "kind": "host",
    "domain": "tenants.example.com",
    "host": {
        "name": "prod",
        "gke": {
            "project": "acme-platform",
            "region": "europe-west3",
            "authorizedNetworks": {"vpn": "192.0.2.0/24"},
            "gvisorPool": {"minNodes": 0, "maxNodes": 5},
        },
    },
    "gateway": {"exposure": "LoadBalancer", "port": 443, "publicDns": True},
}


@pytest.fixture
def adopted(dev):
    return {key: value for key, value in dev.items() if key != "tenants"} | {"kind": "host"}


@pytest.fixture(params=["adopted", "gke"])
def config(request, adopted):
    return adopted if request.param == "adopted" else GKE


def test_both_kinds_of_host_export_the_same(up, config):
    outputs = up(config)
    assert set(outputs) == {"certificateExpiry", "certificates", "hostContract", "hosts", "readme"}
    assert set(outputs["certificateExpiry"]) == {"etcd/shared", "host-agent"}


def test_the_contract_is_secret_as_a_whole_and_complete(up, config):
    """It holds the host's kubeconfig and the key that signs store certificates."""
    output = up(config)["hostContract"]
    assert is_secret(output)
    contract = host_contract.parse(settled(output), "prod-host")
    assert contract.domain == config["domain"]
    assert contract.name == config["host"]["name"]
    assert "PRIVATE KEY" in contract.stores["shared"].ca_key_pem
    assert contract.agent_namespace == "tenantplane-system"


def test_a_gke_host_answers_at_its_reserved_address(up, mocks):
    contract = settled(up(GKE)["hostContract"])
    assert contract["gateway"] == {
        "address": "203.0.113.10",
        "name": "tenants",
        "namespace": "tenantplane-gateway",
        "port": 443,
        "publicDns": True,
    }
    assert mocks.named("gateway-service").inputs["spec"]["loadBalancerIP"] == "203.0.113.10"


def test_settings_of_gke_reach_google(up, mocks):
    up(GKE)
    system, gvisor = mocks.of_type(":NodePool")
    assert system.inputs["autoscaling"]["maxNodeCount"] == 3
    assert gvisor.inputs["autoscaling"]["maxNodeCount"] == 5
    (cluster,) = mocks.of_type(":Cluster")
    (block,) = cluster.inputs["masterAuthorizedNetworksConfig"]["cidrBlocks"]
    assert block == {"cidrBlock": "192.0.2.0/24", "displayName": "vpn"}


def test_no_tenant_and_no_question_to_a_cluster_that_does_not_exist_yet(up, monitor, logged):
    """A GKE host is declared from its config alone: previews need neither cluster nor key."""
    up(GKE)
    assert not [urn for urn in monitor.urns if "TenantControlPlane" in urn]
    assert logged == []


@pytest.fixture
def brought_up(mocks, cluster):
    """The stack of a GKE host was up before; a test may change what it exported."""
    mocks.stack_outputs["hostContract"] = {"version": 2, "kubeconfig": cluster.kubeconfig()}
    return mocks.stack_outputs


@pytest.mark.usefixtures("brought_up")
def test_a_gke_host_that_runs_is_checked_like_an_adopted_one(up, cluster, mocks):
    cluster.documents = GOOD_HOST | running.etcds(**{"tenantplane-etcd-shared": 1})
    with pytest.raises(pulumi.RunError, match=r"etcd.shared.keys: can't go from \[1\] in one step"):
        up(GKE | {"etcd": {"shared": {"members": 1, "keys": [2]}}})
    assert [one.typ for one in mocks.resources] == ["pulumi:pulumi:StackReference"]


@pytest.mark.usefixtures("brought_up")
def test_a_gke_host_that_is_gone_is_made_again_with_a_warning(up, cluster, logged):
    cluster.stop()
    assert set(up(GKE)["hosts"]) == {"prod"}
    (said,) = logged
    assert said.startswith(
        "host prod: what runs on it is not checked against this config: "
        "host prod: its API server can't be reached"
    )


@pytest.mark.parametrize("keys", [[1, 2], [2]], ids=["the next step", "a jump"])
def test_keys_of_a_gke_host_that_cannot_be_asked_stay(up, brought_up, cluster, mocks, keys):
    """It may answer by the time that it is changed, with tenants that are behind."""
    brought_up["hostContract"]["stores"] = {"shared": {"keys": [1.0]}, "gone": {"keys": [3]}}
    cluster.stop()
    with pytest.raises(pulumi.RunError) as error:
        up(GKE | {"etcd": {"shared": {"keys": keys}}})
    assert str(error.value) == (
        "etcd.shared.keys: can't be changed from [1] now: host prod can't be asked who would be "
        f"locked out, got {keys}; set it back to [1], or make the host's API server answer here "
        "first"
    )
    assert [one.typ for one in mocks.resources] == ["pulumi:pulumi:StackReference"]


def test_a_gke_host_that_cannot_be_asked_keeps_its_keys_and_gets_pools(up, brought_up, cluster):
    brought_up["hostContract"]["stores"] = {"shared": {"keys": [1.0, 2.0]}}
    cluster.stop()
    etcd = {"shared": {"keys": [1, 2]}, "new": {"keys": [7]}}
    assert set(up(GKE | {"etcd": etcd})["hosts"]) == {"prod"}


def test_a_gke_host_whose_last_run_failed_says_that_nothing_is_checked(up, brought_up, logged):
    brought_up.update(hosts={"prod": None}, hostContract=None)
    assert set(up(GKE)["hosts"]) == {"prod"}
    (said,) = logged
    assert "because the last run did not finish; change no keys" in said


SOON = {"root": "2020-01-01T00:00:00Z", "etcd-server": "2999-01-01T00:00:00Z"}


@pytest.mark.usefixtures("brought_up")
def test_a_certificate_of_a_pool_that_ends_soon_is_said(up, config, cluster, logged):
    found = running.etcds(certificates=SOON, **{"tenantplane-etcd-shared": 1})
    cluster.documents = GOOD_HOST | found
    up(config | {"etcd": {"shared": {"members": 1}}})
    (said,) = [text for text in logged if "certificates" in text]
    assert said.startswith("etcd pool shared: certificates end soon (root), the first ")


@pytest.mark.parametrize("pool", ["shared", "gone"])
@pytest.mark.usefixtures("brought_up")
def test_an_alarm_of_a_pool_is_said_once_in_the_stack_of_its_host(
    up, config, cluster, logged, pool
):
    """What concerns a single tenant is said in its own stack."""
    found = running.shares(pool, acme="StoreAlarm", globex="StoreAlarm", other="StoreFull")
    cluster.documents = GOOD_HOST | found
    up(config)
    wanted = ["etcd pool shared: globex: StoreAlarm"] if pool == "shared" else []
    assert [text for text in logged if "Store" in text] == wanted


def test_an_alarm_is_said_once_beside_the_tenants_of_the_pool(up, dev, cluster, logged):
    found = running.shares(acme="StoreAlarm", globex="StoreAlarm")
    cluster.documents = GOOD_HOST | found
    up(dev)
    assert [text for text in logged if "Store" in text] == ["etcd pool shared: globex: StoreAlarm"]


def test_a_first_preview_of_a_gke_host_knows_its_shape(up, first_preview):
    outputs = up(GKE)
    assert not is_known(outputs["hostContract"])
    assert is_secret(outputs["hostContract"])


def test_a_fixed_address_wins(up, adopted):
    adopted["gateway"] = {"address": "192.0.2.9"}
    assert settled(up(adopted)["hosts"])["dev"]["address"] == "192.0.2.9"


def test_the_readme_says_how_to_bring_tenants(up, adopted):
    readme = up(adopted)["readme"]
    assert "tenantplane:kind: tenants" in readme
    assert "${outputs.hosts.dev.address}" in readme


def test_every_resource_of_a_gke_host_has_the_name_it_always_had(up, monitor, golden):
    up(GKE)
    golden("urns/host-gke.txt", "\n".join(monitor.urns) + "\n")


@pytest.mark.parametrize("kind", ["host", "dev"])
def test_the_members_of_a_pool_that_runs_cannot_be_changed(up, dev, cluster, mocks, kind):
    """Two more pods would be strangers to the first member, and all its tenants without a store."""
    cluster.documents = GOOD_HOST | running.etcds(**{"tenantplane-etcd-shared": 1})
    config = dev | {"kind": kind, "etcd": {"shared": {"members": 3}, "new": {"members": 3}}}
    if kind == "host":
        del config["tenants"]
    with pytest.raises(pulumi.RunError) as error:
        up(config)
    assert str(error.value).startswith("etcd.shared.members: can't be changed from 1: ")
    assert mocks.resources == []


def test_a_pool_that_runs_stays_as_it_is_beside_a_new_one(up, adopted, cluster, mocks):
    cluster.documents = GOOD_HOST | running.etcds(**{"tenantplane-etcd-shared": 3})
    up(adopted | {"etcd": {"shared": {"members": 3}, "new": None}})
    replicas = {one.name: one.inputs["spec"]["replicas"] for one in mocks.of_type(":StatefulSet")}
    assert replicas == {"etcd-shared-members": 3, "etcd-new-members": 3}


def test_a_store_that_has_tenants_does_not_become_another_kind(up, adopted, cluster, mocks):
    """Its tenants are in other stacks, and would follow onto an empty server at their next up."""
    cluster.documents = GOOD_HOST | running.tenants("pg", kind="postgresql", acme="1.37.2")
    pg = {"address": "192.0.2.5", "ca": pem("CERTIFICATE", "sql")}
    pg |= {"adminUser": "u", "adminPassword": "p"}
    with pytest.raises(pulumi.RunError) as error:
        up(adopted | {"sql": {"pg": pg | {"engine": "mysql"}}})
    assert str(error.value).startswith("store pg: can't become another kind: the objects of acme")
    assert mocks.resources == []


def api_rules(mocks):
    """What the policies of those say that call the host's API."""
    policies = [
        mocks.named(name).inputs["spec"] for name in ("host-agent-policy", "gateway-policy")
    ]
    return [policy["egress"][-1] for policy in policies]


def test_an_adopted_host_says_at_which_ports_its_api_is_reached(up, adopted, mocks):
    """The fake host runs Cilium, which sees no node in an ipBlock, and listens on 16443."""
    up(adopted)
    for rule in api_rules(mocks):
        assert [port["port"] for port in rule["ports"]] == [443, 16443]
        assert "to" not in rule


def test_a_gke_host_has_the_usual_ports_and_no_way_to_the_metadata_server(up, mocks):
    up(GKE)
    for rule in api_rules(mocks):
        assert [port["port"] for port in rule["ports"]] == [443, 6443]
        assert rule["to"] == [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}}]


# ---- SQL servers

CLOUD_SQL = GKE | {
    "sql": {
        "pg": {"engine": "postgresql", "cloudSql": {"tier": "db-custom-4-15360"}},
        "my": {"engine": "mysql", "cloudSql": {"availability": "ZONAL"}},
    }
}
NAME = "0a1b.2c3d.europe-west3.sql.goog"
TO_ENDPOINT = {"ipBlock": {"cidr": "10.0.0.7/32"}}


def test_settings_of_cloud_sql_reach_google(up, mocks):
    up(CLOUD_SQL)
    pg, my = (mocks.named(f"sql-{name}-instance").inputs for name in ("pg", "my"))
    assert pg["settings"]["tier"] == "db-custom-4-15360"
    assert my["settings"]["availabilityType"] == "ZONAL"
    assert (pg["databaseVersion"], my["databaseVersion"]) == ("POSTGRES_17", "MYSQL_8_4")
    assert (pg["project"], pg["region"]) == ("acme-platform", "europe-west3")


def test_every_setting_of_cloud_sql_is_passed_on(up, mocks):
    asked = {
        "version": "POSTGRES_16",
        "storageGib": 50,
        "maxConnections": 800,
        "retainedBackups": 30,
        "backupHour": 5,
        "maintenanceDay": 2,
        "maintenanceHour": 6,
        "deletionProtection": False,
    }
    up(GKE | {"sql": {"pg": {"engine": "postgresql", "cloudSql": asked}}})
    made = mocks.named("sql-pg-instance").inputs
    settings = made["settings"]
    assert made["databaseVersion"] == "POSTGRES_16"
    assert settings["diskSize"] == 50
    assert settings["databaseFlags"] == [{"name": "max_connections", "value": "800"}]
    assert settings["backupConfiguration"]["startTime"] == "05:00"
    assert settings["backupConfiguration"]["backupRetentionSettings"]["retainedBackups"] == 30
    assert settings["maintenanceWindow"] == {"day": 2, "hour": 6, "updateTrack": "stable"}
    assert settings["deletionProtectionEnabled"] is False


def test_cloud_sql_is_in_the_network_of_the_host(up, mocks):
    up(CLOUD_SQL)
    assert mocks.named("sql-pg-endpoint").inputs["network"] == "prod-network-id"
    assert mocks.named("sql-pg-address").inputs["subnetwork"] == "prod-subnetwork-id"


def test_the_agent_administers_cloud_sql_and_reaches_it_alone(up, mocks):
    up(CLOUD_SQL)
    files = mocks.named("host-agent-store-my").inputs["stringData"]["value"]
    assert files == {
        "address": NAME,
        "ca.crt": pem("CERTIFICATE", "Cloud SQL"),
        "engine": "mysql",
        "password": "sql-my-admin-password PASSWORD",
        "port": "3306",
        "user": "tenantplane",
    }
    rules = mocks.named("host-agent-policy").inputs["spec"]["egress"]
    ways = [rule["ports"][0]["port"] for rule in rules if rule.get("to") == [TO_ENDPOINT]]
    assert sorted(ways) == [3306, 5432]


def test_tenants_of_another_stack_hear_how_cloud_sql_is_reached(up):
    """And nothing of its administrator."""
    exported = settled(up(CLOUD_SQL)["hostContract"])
    assert "PASSWORD" not in str(exported["sql"])
    contract = host_contract.parse(exported, "prod-host")
    assert contract.sql["pg"] == host_contract.SqlContract(
        engine="postgresql",
        address=NAME,
        port=5432,
        ca_pem=pem("CERTIFICATE", "Cloud SQL"),
        network="10.0.0.7/32",
    )


def test_a_first_preview_of_a_host_with_cloud_sql_knows_its_shape(up, first_preview):
    outputs = up(CLOUD_SQL)
    assert not is_known(outputs["hostContract"])
    assert is_secret(outputs["hostContract"])


def test_a_server_that_exists_is_exported_as_ever(up, adopted):
    """A tenants stack of the version before reads it: it knows no other key."""
    ca = pem("CERTIFICATE", "sql")
    server = {"engine": "mysql", "address": "192.0.2.5", "ca": ca}
    adopted["sql"] = {"my": server | {"adminUser": "admin", "adminPassword": "hush"}}
    assert settled(up(adopted)["hostContract"])["sql"] == {
        "my": {"engine": "mysql", "address": "192.0.2.5", "port": 3306, "caPem": ca}
    }
