"""Each kind of store, as a tenant on it is declared."""

import hashlib

import pulumi
import pytest

from components.tenant_control_plane import TenantControlPlane
from core import versions
from core.errors import InvalidInputError
from core.manifests import kine

BASE = {
    "tenant": "acme",
    "domain": "tenants.test",
    "gateway_address": "192.0.2.1",
    "gateway_port": 8443,
    "gateway_name": "tenants",
    "gateway_namespace": "tenantplane-gateway",
    "agent_namespace": "tenantplane-system",
    "apiserver_image": "kube-apiserver",
    "controller_manager_image": "kube-controller-manager",
}
STORES = {
    "shared": {
        "shared_etcd": {
            "client_url": "https://etcd.tenantplane-etcd-shared.svc:2379",
            "ca_pem": "etcd authority",
            "ca_key_pem": "etcd PRIVATE KEY",
        }
    },
    "dedicated": {"dedicated_etcd": {"image": f"etcd:v{versions.DEFAULT_ETCD}"}},
    "pg": {
        "sql": {
            "engine": "postgresql",
            "address": "192.0.2.5",
            "port": 5432,
            "ca_pem": "sql authority",
            "kine_image": "kine:v1",
        }
    },
}


def declare(datastore, **args):
    return TenantControlPlane("acme", BASE | {"datastore": datastore} | STORES[datastore] | args)


def pod(mocks):
    return mocks.named("acme-control-plane").inputs["spec"]["template"]["spec"]


def flags(mocks):
    (apiserver,) = [one for one in pod(mocks)["initContainers"] if one["name"] == "kube-apiserver"]
    return dict(flag.removeprefix("--").split("=", 1) for flag in apiserver["args"])


def egress(mocks):
    return mocks.named("acme-policy").inputs["spec"]["egress"][2:]  # DNS and operators come first


def awaited(monitor, name):
    """What a resource is declared to come after."""
    (urn,) = [urn for urn in monitor.requests if urn.endswith(f"::{name}")]
    return {one.rpartition("::")[2] for one in monitor.requests[urn].dependencies}


@pytest.mark.parametrize(("version", "can_be_shut"), [("1.36.3", False), ("1.37.2", True)])
@pulumi.runtime.test
def test_the_agent_knows_whether_a_full_tenant_can_be_shut(mocks, version, can_be_shut):
    """API servers before 1.37 read no policies from files."""

    def check(_):
        spec = mocks.named("acme-store").inputs["spec"]
        assert spec["readOnlyWhenFull"] is can_be_shut

    return declare("shared", version=version).endpoint.apply(check)


@pulumi.runtime.test
def test_an_etcd_of_its_own_is_reached_in_its_own_namespace(mocks):
    def check(_):
        assert flags(mocks)["etcd-servers"] == "https://etcd.tenant-acme.svc:2379"
        assert mocks.named("acme-etcd-members").inputs["metadata"]["namespace"] == "tenant-acme"
        (rule,) = egress(mocks)
        names = {"kubernetes.io/metadata.name": "tenant-acme"}
        assert rule["to"][0]["namespaceSelector"] == {"matchLabels": names}

    return declare("dedicated").endpoint.apply(check)


@pytest.mark.parametrize("members", [1, 3])
@pulumi.runtime.test
def test_the_api_server_starts_beside_a_lone_member_of_its_own(monitor, members):
    """Once the ways there are; three members need longer than it waits for them."""

    def check(_):
        after = awaited(monitor, "acme-control-plane")
        assert ("acme-etcd-members" in after) is (members == 3)
        assert ({"acme-etcd-client", "acme-etcd-policy"} <= after) is (members == 1)

    store = STORES["dedicated"]["dedicated_etcd"] | {"members": members}
    return declare("dedicated", dedicated_etcd=store).endpoint.apply(check)


@pulumi.runtime.test
def test_an_etcd_of_its_own_fits_into_the_quota(mocks):
    def check(_):
        hard = mocks.named("acme-quota").inputs["spec"]["hard"]
        assert hard["persistentvolumeclaims"] == "3"
        assert hard["requests.storage"] == "24Gi"
        assert hard["pods"] == "6"

    store = STORES["dedicated"]["dedicated_etcd"] | {"members": 3, "storage_gib": 8}
    return declare("dedicated", dedicated_etcd=store).endpoint.apply(check)


@pulumi.runtime.test
def test_each_container_beside_a_kine_mounts_only_its_own_keys(mocks):
    """What dials the database is kine alone, and kine is nobody in the tenant."""

    def check(_):
        spec = pod(mocks)
        every = [*spec["initContainers"], *spec["containers"]]
        keys = {one["name"]: one["secret"] for one in spec["volumes"] if "secret" in one}
        mounted = {
            container["name"]: {
                keys[mount["name"]]["secretName"]
                for mount in container["volumeMounts"]
                if mount["name"] in keys
            }
            for container in every
        }
        assert mounted == {name: {name} for name in mounted}
        assert set(mounted) == {"kine", "kube-apiserver", "kube-controller-manager"}
        assert [one["name"] for one in every if "secretKeyRef" in str(one["env"])] == ["kine"]

    return declare("pg").endpoint.apply(check)


@pytest.mark.parametrize(
    ("datastore", "args", "problem"),
    [
        (
            "dedicated",
            {"members": 2},
            "dedicated_etcd.members: is not one of .*, got 2; use 1 or 3",
        ),
        (
            "pg",
            {"engine": "sqlite"},
            "sql.engine: is not one of .*, got 'sqlite'; use postgresql or",
        ),
        ("pg", {"address": "169.254.169.254"}, "sql.address: has link-local addresses"),
    ],
)
def test_a_store_that_cannot_be_is_refused_before_anything_is_declared(
    mocks, datastore, args, problem
):
    ((kind, store),) = STORES[datastore].items()
    with pytest.raises(InvalidInputError, match=problem):
        declare(datastore, **{kind: store | args})
    assert mocks.resources == []


def test_all_that_is_wrong_is_said_at_once():
    store = STORES["pg"]["sql"] | {"address": "169.254.169.254", "engine": "sqlite"}
    with pytest.raises(InvalidInputError) as raised:
        declare("pg", sql=store, audit="all", keys=[1, 1])
    things = [problem.split(": ")[1] for problem in raised.value.problems]
    assert sorted(things) == ["audit", "keys", "sql.address", "sql.engine"]


@pytest.mark.parametrize(("datastore", "interval"), [("shared", "0"), ("dedicated", "5m")])
@pulumi.runtime.test
def test_who_has_a_store_alone_compacts_it(mocks, datastore, interval):
    def check(_):
        assert flags(mocks)["etcd-compaction-interval"] == interval

    return declare(datastore).endpoint.apply(check)


@pulumi.runtime.test
def test_kine_comes_before_the_api_server_which_dials_its_socket(mocks):
    def check(_):
        found, apiserver = pod(mocks)["initContainers"]
        assert (found["name"], found["restartPolicy"]) == ("kine", "Always")
        assert flags(mocks)["etcd-servers"] == kine.SERVERS
        assert f"--listen-address={kine.SERVERS}" in found["args"]
        assert "etcd-certfile" not in flags(mocks)
        socket = [mount for mount in apiserver["volumeMounts"] if mount["mountPath"] == "/run/kine"]
        assert socket in ([mount] for mount in found["volumeMounts"])

    return declare("pg").endpoint.apply(check)


@pulumi.runtime.test
def test_the_password_reaches_kine_by_a_secret_alone(mocks):
    async def check(_):
        found = pod(mocks)["initContainers"][0]
        assert "PASSWORD" not in str(found)
        (endpoint,) = [one for one in found["env"] if one["name"] == "KINE_ENDPOINT"]
        assert endpoint["valueFrom"] == {"secretKeyRef": {"name": "kine", "key": "endpoint"}}
        secret = mocks.named("acme-secret-kine").inputs["stringData"]["value"]
        assert secret["endpoint"] == (
            "postgres://t_acme:acme-sql-password PASSWORD@192.0.2.5:5432/t_acme?sslmode=verify-full"
        )
        assert "endpoint" not in {
            item["key"]
            for volume in pod(mocks)["volumes"]
            for item in volume.get("secret", {}).get("items", [])
        }

    return declare("pg").endpoint.apply(check)


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("192.0.2.5", {"cidr": "192.0.2.5/32"}),
        ("db.example.com", {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}),
    ],
)
@pulumi.runtime.test
def test_the_way_out_leads_to_the_server_and_nowhere_else(mocks, address, block):
    def check(_):
        (rule,) = egress(mocks)
        assert rule == {"to": [{"ipBlock": block}], "ports": [{"protocol": "TCP", "port": 5432}]}

    return declare("pg", sql=STORES["pg"]["sql"] | {"address": address}).endpoint.apply(check)


@pulumi.runtime.test
def test_a_server_of_the_same_stack_is_reached_where_it_will_be(mocks):
    """Neither its name nor its address is known while its tenants are declared."""

    def check(_):
        (rule,) = egress(mocks)
        assert rule["to"] == [{"ipBlock": {"cidr": "10.0.0.7/32"}}]
        secret = mocks.named("acme-secret-kine").inputs["stringData"]["value"]
        assert "@x.sql.goog:5432/t_acme?sslmode=verify-full" in secret["endpoint"]

    store = STORES["pg"]["sql"] | {
        "address": pulumi.Output.from_input("x.sql.goog"),
        "network": pulumi.Output.from_input("10.0.0.7/32"),
    }
    return declare("pg", sql=store).endpoint.apply(check)


@pulumi.runtime.test
def test_connections_are_bounded_for_all_pods_of_an_upgrade(mocks):
    def check(_):
        spec = mocks.named("acme-store").inputs["spec"]
        assert spec["connections"] == 8 * (2 * 2 + 1)
        assert "--datastore-max-open-connections=8" in pod(mocks)["initContainers"][0]["args"]

    return declare("pg", replicas=2).endpoint.apply(check)


@pulumi.runtime.test
def test_another_password_and_another_address_are_the_agents_first(mocks, monitor):
    """The server knows the password, and has the database, before a pod reads either.

    An address without the database doesn't even open the way there, which would shut the one that
    the tenant's pods are on.
    """

    def check(_):
        spec = mocks.named("acme-store").inputs["spec"]
        assert spec["address"] == "192.0.2.5:5432"
        password = "acme-sql-password PASSWORD"
        assert spec["passwordHash"] == hashlib.sha256(password.encode()).hexdigest()[:16]

        for name, earlier in [
            ("acme-store", "acme-secret-sql-password"),
            ("acme-secret-kine", "acme-store"),
            ("acme-policy", "acme-store"),
            ("acme-control-plane", "acme-policy"),
            ("acme-secret-kube-apiserver", "acme-secret-kine"),
        ]:
            assert earlier in awaited(monitor, name), name

    return declare("pg").endpoint.apply(check)


@pytest.mark.parametrize("datastore", ["shared", "dedicated"])
@pulumi.runtime.test
def test_the_way_to_an_etcd_is_open_from_the_start(monitor, datastore):
    """Its address never changes, and a tenant is ready the sooner (docs/adr/0007)."""

    def check(_):
        assert awaited(monitor, "acme-policy") <= {"acme-ns"}

    return declare(datastore).endpoint.apply(check)


@pytest.mark.parametrize(
    ("datastore", "kind"), [("shared", "etcd"), ("dedicated", "dedicated"), ("pg", "postgresql")]
)
@pulumi.runtime.test
def test_a_tenant_that_runs_says_what_its_store_is(mocks, datastore, kind):
    """Which of another kind would take the name later is told by it."""

    def check(_):
        labels = mocks.named("acme-control-plane").inputs["metadata"]["labels"]
        assert labels["tenantplane.dev/store-kind"] == kind
        assert labels["tenantplane.dev/datastore"] == datastore

    return declare(datastore).endpoint.apply(check)


@pytest.mark.parametrize("stores", [[], ["shared", "pg"]])
def test_a_tenant_has_exactly_one_store(mocks, stores):
    args = {key: value for name in stores for key, value in STORES[name].items()}
    with pytest.raises(InvalidInputError, match="give exactly one of shared_etcd, dedicated_etcd"):
        TenantControlPlane("acme", BASE | {"datastore": "x"} | args)
    assert mocks.resources == []


@pytest.mark.parametrize(
    ("datastore", "authorities"),
    [
        ("shared", {"authority-2", "authority"}),
        (
            "dedicated",
            {
                *("authority-2", "authority", "etcd-authority-2", "etcd-authority"),
                *("etcd-peer-authority-2", "etcd-peer-authority"),
            },
        ),
    ],
)
@pulumi.runtime.test
def test_it_is_known_when_each_authority_ends(datastore, authorities):
    """That of a shared etcd is its host's."""

    def check(certificates):
        assert {name for name in certificates if "authority" in name} == authorities

    return declare(datastore, keys=[2, 1]).certificates.apply(check)
