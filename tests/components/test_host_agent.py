"""HostAgent: it alone has etcd's root, and little else."""

import pulumi
import pytest

from components.host_agent import HostAgent
from core.manifests import agent, crds, pods


def declare(store=None, **args):
    usual = {
        "pool": "shared",
        "client_url": "https://etcd.tenantplane-etcd-shared.svc:2379",
        "ca_pem": "authority",
        "certificate_pem": "root certificate",
        "key_pem": "root PRIVATE KEY",
    }
    stores = [usual | (store or {})]
    return HostAgent("agent", {"image": "agent:0.1.0", "stores": stores} | args)


@pulumi.runtime.test
def test_it_waits_for_its_kinds_to_be_served(mocks):
    def check(_):
        definitions = [r for r in mocks.resources if r.typ.endswith(":CustomResourceDefinition")]
        assert len(definitions) == len(crds.PLURALS)
        for definition in definitions:
            annotations = definition.inputs["metadata"]["annotations"]
            assert annotations["pulumi.com/waitFor"] == "condition=Established"

    return declare().namespace.apply(check)


@pulumi.runtime.test
def test_each_store_is_mounted_where_the_agent_looks(mocks):
    def check(_):
        (deployment,) = [r.inputs for r in mocks.resources if r.typ.endswith(":Deployment")]
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        mounts = {m["mountPath"]: m["name"] for m in container["volumeMounts"]}
        assert mounts["/etc/tenantplane/stores/shared"] == "store-shared"

    return declare().namespace.apply(check)


@pytest.mark.parametrize(("said", "hour"), [({}, "3"), ({"defragmentation_hour": 22}, "22")])
@pulumi.runtime.test
def test_it_is_told_when_to_defragment_a_store(mocks, said, hour):
    def check(_):
        secret = mocks.named("agent-store-shared").inputs["stringData"]["value"]
        assert secret["defragmentation-hour"] == hour

    return declare(said).namespace.apply(check)


def test_it_reads_no_secret_but_its_own_in_each_tenant():
    assert not [r for r in agent.cluster_role_rules() if "secrets" in r.get("resources", [])]
    secrets, limit, pods_of_tenant = agent.tenant_role_rules()
    assert secrets["resourceNames"] == ["host-agent", "sql-password"]
    assert secrets["verbs"] == ["get"]
    assert limit["resources"] == ["configmaps"]
    assert limit["resourceNames"] == ["store-limit"]
    assert pods_of_tenant["verbs"] == ["list"]


def test_it_has_no_right_with_a_star():
    for rule in [*agent.cluster_role_rules(), *agent.tenant_role_rules()]:
        for part in ("apiGroups", "resources", "verbs"):
            assert "*" not in rule.get(part, [])
        assert not [path for path in rule.get("nonResourceURLs", []) if "*" in path]


@pytest.mark.parametrize("ports", [[443, 16443], [443.0, 16443.0]], ids=["python", "typescript"])
@pulumi.runtime.test
def test_it_reaches_the_host_api_on_the_ports_that_it_is_told(mocks, ports):
    """With others it starts and hears of no tenant (microk8s listens on 16443)."""

    def check(_):
        assert mocks.named("agent-policy").inputs["spec"] == agent.network_policy(
            pods.host_api_egress([443, 16443], by_port_alone=False)
        )

    return declare(api_ports=ports).namespace.apply(check)


@pulumi.runtime.test
def test_where_blocks_hide_nodes_its_policy_has_none(mocks):
    def check(_):
        assert "ipBlock" not in str(mocks.named("agent-policy").inputs)

    return declare(api_by_port_alone=True).namespace.apply(check)


def server(**changes):
    return {
        "name": "pg",
        "engine": "postgresql",
        "address": "192.0.2.5",
        "port": 5432,
        "ca_pem": "authority",
        "user": "tenantplane",
        "password": "hush",
    } | changes


@pytest.mark.parametrize(
    ("where", "block"),
    [
        ({}, {"cidr": "192.0.2.5/32"}),
        ({"address": "db.test"}, {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}),
        ({"address": "db.test", "network": "10.20.0.0/24"}, {"cidr": "10.20.0.0/24"}),
    ],
)
@pulumi.runtime.test
def test_it_reaches_an_sql_server_and_nothing_beside_it(mocks, where, block):
    def check(_):
        rules = mocks.named("agent-policy").inputs["spec"]["egress"]
        ports = [{"protocol": "TCP", "port": 5432}]
        assert {"to": [{"ipBlock": block}], "ports": ports} in rules

    return declare(sql_servers=[server(**where)]).namespace.apply(check)


@pulumi.runtime.test
def test_a_server_of_the_same_stack_is_read_when_it_is_there(mocks):
    """What only Google knows is an Output: it is neither formatted nor looked into before."""

    def check(_):
        files = mocks.named("agent-store-pg").inputs["stringData"]["value"]
        assert (files["address"], files["user"]) == ("x.sql.goog", "tenantplane")
        rules = mocks.named("agent-policy").inputs["spec"]["egress"]
        assert {"ipBlock": {"cidr": "10.0.0.7/32"}} in [
            peer for rule in rules for peer in rule.get("to", [])
        ]

    made = {"address": "x.sql.goog", "network": "10.0.0.7/32", "user": "tenantplane"}
    outputs = {key: pulumi.Output.from_input(value) for key, value in made.items()}
    return declare(sql_servers=[server(**outputs)]).namespace.apply(check)
