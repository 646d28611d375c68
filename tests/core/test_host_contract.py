"""What a host stack exports is what a stack of tenants reads."""

import pytest

from core import host_contract
from core.errors import InvalidInputError

STORE = {"client_url": "https://etcd:2379", "ca_pem": "CA", "ca_key_pem": "hush", "keys": (2, 1)}
SQL = {"engine": "postgresql", "address": "192.0.2.5", "port": 5432, "ca_pem": "CA"}
GATEWAY = {
    "address": "192.0.2.1",
    "port": 8443,
    "name": "tenants",
    "namespace": "tenantplane-gateway",
    "public_dns": False,
}


def document(**changes):
    found = host_contract.document(
        name="prod",
        domain="tenants.test",
        kubeconfig="hush",
        agent_namespace="tenantplane-system",
        agent_ca_pem="PEM",
        operator_runtime_class=None,
        gateway=GATEWAY,
        stores={"shared": STORE},
        sql={"pg": SQL},
    )
    return found | changes


def test_what_is_exported_is_read():
    contract = host_contract.parse(document(), "prod-host")
    assert contract.gateway == host_contract.GatewayContract(**GATEWAY)
    assert contract.stores == {"shared": host_contract.StoreContract(**STORE)}
    assert contract.sql == {"pg": host_contract.SqlContract(**SQL)}
    assert (contract.name, contract.kubeconfig) == ("prod", "hush")


def test_an_sql_server_may_be_reached_at_another_address_than_its_name():
    """What isn't said is left out: a tenants stack of the version before knows no such key."""
    reached = SQL | {"address": "db.test", "network": "10.0.0.7/32"}
    found = host_contract.document(
        name="prod",
        domain="tenants.test",
        kubeconfig="hush",
        agent_namespace="tenantplane-system",
        agent_ca_pem="PEM",
        operator_runtime_class=None,
        gateway=GATEWAY,
        stores={},
        sql={"by-name": reached, "by-address": SQL | {"network": None}},
    )
    assert "network" not in found["sql"]["by-address"]
    contract = host_contract.parse(found, "prod-host")
    assert contract.sql["by-name"] == host_contract.SqlContract(**reached)


def test_numbers_may_be_floats():
    """Pulumi keeps every number as one."""
    found = document(version=4.0, gateway={**document()["gateway"], "port": 8443.0})
    assert host_contract.parse(found, "prod-host").gateway.port == 8443


def test_a_stack_without_a_contract_is_no_host():
    with pytest.raises(InvalidInputError, match="hostStack: stack x exports no hostContract"):
        host_contract.parse(None, "x")


@pytest.mark.parametrize("version", [0, 3, "4", None])
def test_another_version_is_refused_with_what_to_do(version):
    with pytest.raises(InvalidInputError, match=r"not of version 4, got .* run `pulumi up` there"):
        host_contract.parse(document(version=version), "x")


def test_an_incomplete_contract_is_refused_by_its_path():
    without = {key: value for key, value in document().items() if key != "domain"}
    with pytest.raises(InvalidInputError, match=r"hostContract of stack x\.domain: is missing"):
        host_contract.parse(without, "x")


def test_what_is_secret_in_it_is_never_shown():
    broken = document(kubeconfig=["hush"], stores={"shared": {"caKeyPem": 3, "hush": 1}})
    with pytest.raises(InvalidInputError) as error:
        host_contract.parse(broken, "x")
    assert "['hush']" not in str(error.value)


@pytest.mark.parametrize(
    ("exported", "kubeconfig"),
    [
        (document(version=2), "hush"),
        (document(kubeconfig=None), None),
        (None, None),
    ],
)
def test_the_stack_of_a_host_reads_its_kubeconfig_whatever_the_version(exported, kubeconfig):
    """A program that needs more of a host has yet to bring the host up to it."""
    assert host_contract.kubeconfig(exported) == kubeconfig
