"""An instance is private, speaks TLS alone, keeps its data, and pods can check its certificate."""

import pytest

from components.cloud_sql import CloudSql
from core.errors import HostError, InvalidInputError
from tests.support.mocks import GCP, SECRET, SIGNATURE, is_known, is_secret, pem, settled

ARGS = {
    "host": "prod",
    "server": "pg",
    "engine": "postgresql",
    "project": "acme-platform",
    "region": "europe-west3",
    "network": "network-id",
    "subnetwork": "subnetwork-id",
}
NAME = "0a1b.2c3d.europe-west3.sql.goog"
PROTECTED = {
    "gcp:compute/address:Address::sql-pg-address",
    "gcp:compute/forwardingRule:ForwardingRule::sql-pg-endpoint",
    "gcp:dns/managedZone:ManagedZone::sql-pg-zone",
    "gcp:dns/recordSet:RecordSet::sql-pg-record",
    "gcp:sql/databaseInstance:DatabaseInstance::sql-pg-instance",
    "gcp:sql/user:User::sql-pg-admin",
    "random:index/randomPassword:RandomPassword::sql-pg-admin-password",
}


def made(**changes):
    server = CloudSql("sql-pg", ARGS | changes)
    settled(server.address)
    return server


def instance(mocks):
    return mocks.named("sql-pg-instance").inputs


@pytest.fixture
def settings(mocks):
    """What is asked of Google for an instance with these changes."""

    def declared(**changes):
        made(**changes)
        return instance(mocks)["settings"]

    return declared


def request(monitor, name):
    (found,) = [one for one in monitor.requests.values() if one.name == name]
    return found


# ---- who reaches it


def test_it_has_no_public_address_and_is_reached_from_its_own_project_alone(settings):
    connections = settings()["ipConfiguration"]
    assert connections["ipv4Enabled"] is False
    assert connections["pscConfigs"] == [
        {"pscEnabled": True, "allowedConsumerProjects": ["acme-platform"]}
    ]
    assert "authorizedNetworks" not in connections
    assert "privateNetwork" not in connections


def test_it_refuses_who_does_not_speak_tls(settings):
    assert settings()["ipConfiguration"]["sslMode"] == "ENCRYPTED_ONLY"


def test_its_certificate_has_its_name_and_is_renewed(settings):
    """The authority of one instance may sign project:instance, which verify-full refuses."""
    connections = settings()["ipConfiguration"]
    assert connections["serverCaMode"] == "GOOGLE_MANAGED_CAS_CA"
    rotation = connections["serverCertificateRotationMode"]
    assert rotation == "AUTOMATIC_ROTATION_DURING_MAINTENANCE"


def test_its_endpoint_is_an_address_of_the_hosts_network(mocks):
    server = made()
    address = mocks.named("sql-pg-address").inputs
    assert address["addressType"] == "INTERNAL"
    assert address["subnetwork"] == "subnetwork-id"
    endpoint = mocks.named("sql-pg-endpoint").inputs
    assert endpoint["ipAddress"] == "sql-pg-address-id"
    assert endpoint["network"] == "network-id"
    assert endpoint["loadBalancingScheme"] == ""
    assert endpoint["target"] == "projects/t/regions/europe-west3/serviceAttachments/a"
    assert settled(server.network) == "10.0.0.7/32"


def test_pods_find_it_by_the_name_in_its_certificate(mocks):
    """Nobody else makes the record, and a zone of one name hides no other name of Google's."""
    server = made()
    assert settled(server.address) == NAME
    zone, record = mocks.named("sql-pg-zone").inputs, mocks.named("sql-pg-record").inputs
    assert zone["visibility"] == "private"
    assert zone["dnsName"] == f"{NAME}."
    assert zone["privateVisibilityConfig"] == {"networks": [{"networkUrl": "network-id"}]}
    assert (record["name"], record["type"], record["rrdatas"]) == (f"{NAME}.", "A", ["10.0.0.7"])


@pytest.mark.parametrize("names", [None, []])
def test_an_instance_that_has_one_name_alone_is_found_by_that(mocks, monkeypatch, names):
    """Google lists the names of an instance since 2025; before, it had one at most."""
    one = {"dnsNames": names, "dnsName": "0a1b.2c3d.europe-west3.sql.goog."}
    monkeypatch.setitem(GCP, "DatabaseInstance", GCP["DatabaseInstance"] | one)
    assert settled(made().address) == NAME


@pytest.mark.parametrize("name", [None, "", "."])
def test_an_instance_without_a_name_hides_no_other_name(mocks, monkeypatch, name):
    """The zone of an empty name is the root's: the host's network would find nobody."""
    none = {"dnsNames": [], "dnsName": name}
    monkeypatch.setitem(GCP, "DatabaseInstance", GCP["DatabaseInstance"] | none)
    with pytest.raises(HostError, match=r"cloud sql pg: has no DNS name, .*; run `pulumi up"):
        made()
    assert "sql-pg-zone" not in {one.name for one in mocks.resources}


def test_its_authority_is_no_secret(mocks):
    """The provider calls it one; tenants' previews would hide where it is used."""
    server = made()
    assert settled(server.ca_pem) == pem("CERTIFICATE", "Cloud SQL")
    assert not is_secret(server.ca_pem)


def test_nothing_is_known_of_it_before_it_is_there(first_preview):
    server = CloudSql("sql-pg", ARGS)
    for name in ("address", "network", "ca_pem", "admin_password"):
        assert not is_known(getattr(server, name)), name


# ---- who administers it


def test_the_administrators_password_is_random_and_secret(mocks, monitor):
    server = made()
    password = mocks.named("sql-pg-admin-password").inputs
    assert (password["length"], password["special"]) == (40, False)
    assert is_secret(server.admin_password)
    sent = request(monitor, "sql-pg-admin").object["password"]
    assert sent[SIGNATURE] == SECRET
    assert sent["value"] == "sql-pg-admin-password PASSWORD"


def test_the_administrator_goes_with_the_instance_alone(mocks):
    """The tenants' databases are its own: Google refuses to delete it before them."""
    made()
    user = mocks.named("sql-pg-admin").inputs
    assert user["deletionPolicy"] == "ABANDON"
    assert user["instance"] == "sql-pg-instance-0a1b2c3"
    assert "host" not in user


def test_mysqls_administrator_comes_from_anywhere_on_the_network(mocks):
    made(engine="mysql")
    assert mocks.named("sql-pg-admin").inputs["host"] == "%"


# ---- what it keeps


def test_nobody_deletes_it_by_mistake(mocks, monitor):
    """Pulumi, its provider and Google each have a switch of their own."""
    made()
    assert instance(mocks)["deletionProtection"] is True
    assert instance(mocks)["settings"]["deletionProtectionEnabled"] is True
    protected = {urn.rpartition("$")[2] for urn, one in monitor.requests.items() if one.protect}
    assert protected == PROTECTED


def test_deletion_protection_can_be_taken_off_as_a_whole(mocks, monitor):
    made(deletion_protection=False)
    assert instance(mocks)["deletionProtection"] is False
    assert instance(mocks)["settings"]["deletionProtectionEnabled"] is False
    assert not any(one.protect for one in monitor.requests.values())


@pytest.mark.parametrize(
    ("engine", "logs", "others"),
    [
        ("postgresql", "pointInTimeRecoveryEnabled", "binaryLogEnabled"),
        ("mysql", "binaryLogEnabled", "pointInTimeRecoveryEnabled"),
    ],
)
def test_it_can_be_restored_to_any_point_of_a_week(settings, engine, logs, others):
    backups = settings(engine=engine, backup_hour=2.0, retained_backups=30.0)["backupConfiguration"]
    assert backups["enabled"] is True
    assert backups[logs] is True
    assert others not in backups, "Google refuses the other engine's"
    assert backups["transactionLogRetentionDays"] == 7
    assert backups["startTime"] == "02:00"
    assert backups["backupRetentionSettings"] == {
        "retainedBackups": 30,
        "retentionUnit": "COUNT",
    }


def test_its_backups_outlive_it(settings):
    asked = settings()
    assert asked["retainBackupsOnDelete"] is True
    assert asked["finalBackupConfig"] == {"enabled": True, "retentionDays": 30}


def test_a_disk_that_has_grown_is_not_made_small_again(mocks, monitor):
    made(storage_gib=50.0)
    asked = instance(mocks)["settings"]
    assert (asked["diskSize"], asked["diskAutoresize"]) == (50, True)
    assert list(request(monitor, "sql-pg-instance").ignoreChanges) == ["settings.diskSize"]


# ---- what it is


@pytest.mark.parametrize(
    ("engine", "version"), [("postgresql", "POSTGRES_17"), ("mysql", "MYSQL_8_4")]
)
def test_without_a_word_it_survives_a_zone_and_has_room_for_tenants(mocks, engine, version):
    made(engine=engine)
    assert instance(mocks)["databaseVersion"] == version
    asked = instance(mocks)["settings"]
    assert asked["availabilityType"] == "REGIONAL"
    assert asked["tier"] == "db-custom-2-7680"
    assert asked["edition"] == "ENTERPRISE", "PostgreSQL's default has other tiers"
    assert asked["databaseFlags"] == [{"name": "max_connections", "value": "400"}]
    assert asked["maintenanceWindow"] == {"day": 7, "hour": 3, "updateTrack": "stable"}


def test_what_is_asked_for_is_what_is_made(mocks):
    made(
        version="POSTGRES_18",
        tier="db-custom-4-15360",
        availability="ZONAL",
        max_connections=800.0,
        maintenance_day=2.0,
        maintenance_hour=4.0,
    )
    assert instance(mocks)["databaseVersion"] == "POSTGRES_18"
    asked = instance(mocks)["settings"]
    assert (asked["tier"], asked["availabilityType"]) == ("db-custom-4-15360", "ZONAL")
    assert asked["databaseFlags"] == [{"name": "max_connections", "value": "800"}]
    assert asked["maintenanceWindow"] == {"day": 2, "hour": 4, "updateTrack": "stable"}


def test_every_part_is_in_the_hosts_project_and_region(mocks):
    made()
    parts = [one for one in mocks.resources if one.typ.startswith("gcp:")]
    assert {one.inputs["project"] for one in parts} == {"acme-platform"}
    assert {one.inputs.get("region", "europe-west3") for one in parts} == {"europe-west3"}


def test_names_are_legal_at_google_for_the_longest_of_ours(mocks):
    """63 characters; the instance's own is made up, as one that was used is not free for a week."""
    settled(CloudSql("sql-x", ARGS | {"host": "h" * 20, "server": "s" * 20}).address)
    named = [one.inputs["name"] for one in mocks.resources if "name" in one.inputs]
    assert max(map(len, named)) <= 63
    assert "name" not in mocks.named("sql-x-instance").inputs


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"engine": "oracle"}, "cloud sql pg: is of an unknown engine, got 'oracle'; use postgres"),
        ({"version": "MYSQL_8_4"}, "cloud sql pg: version: is no version of postgresql, got 'MYSQ"),
        ({"version": "POSTGRES_14"}, "cloud sql pg: version: is no version of postgresql"),
        ({"availability": "GLOBAL"}, "cloud sql pg: availability is unknown, got 'GLOBAL'; use"),
        ({"server": "Pg"}, "server: can't be part of a namespace, got 'Pg'"),
        ({"host": "Prod"}, "host: is not a name, got 'Prod'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_declared(mocks, changes, problem):
    with pytest.raises(InvalidInputError) as error:
        CloudSql("sql-pg", ARGS | changes)
    assert str(error.value).startswith(problem)
    assert mocks.resources == []


def test_every_part_is_declared_under_it(mocks, monitor, golden):
    made()
    golden("urns/cloud-sql.txt", "\n".join(monitor.urns) + "\n")
