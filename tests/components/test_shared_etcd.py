"""SharedEtcd: what it declares, and what it refuses."""

import pulumi
import pytest

from components.shared_etcd import SharedEtcd
from core.errors import InvalidInputError
from core.manifests import etcd
from tests.support.mocks import settled


def declare(**args):
    return SharedEtcd("shared", {"pool": "shared", "image": "etcd:v3.7.3"} | args)


def only(mocks, kind):
    (found,) = [r.inputs for r in mocks.resources if r.typ.endswith(f":{kind}")]
    return found


@pulumi.runtime.test
def test_clients_find_it_by_cluster_dns_over_tls(mocks):
    def check(url):
        assert url == "https://etcd.tenantplane-etcd-shared.svc:2379"

    return declare().client_url.apply(check)


@pytest.mark.parametrize("quota_gib", [3, 3.0], ids=["python", "typescript"])
@pulumi.runtime.test
def test_quota_reaches_etcd_in_whole_bytes(mocks, quota_gib):
    """GiB at the boundary, bytes on the command line; other languages send 3.0 for 3."""

    def check(_):
        (container,) = only(mocks, "StatefulSet")["spec"]["template"]["spec"]["containers"]
        assert "--quota-backend-bytes=3221225472" in container["args"]

    return declare(quota_gib=quota_gib).client_url.apply(check)


@pytest.mark.parametrize("members", [0, 2, 4, 5])
def test_refuses_counts_that_survive_no_more_failures(members):
    with pytest.raises(InvalidInputError, match=f"members is not 1 or 3, got {members}"):
        declare(members=members)


@pytest.mark.parametrize("version", ["3.5.33", "3.6.13", "3.7.0", "4.0.0"])
def test_refuses_versions_that_leak_between_tenants(version):
    with pytest.raises(InvalidInputError, match=version):
        declare(version=version)


@pulumi.runtime.test
def test_members_do_not_take_clients_for_peers(mocks):
    """One authority for both would let a tenant's certificate join the cluster."""

    def check(_):
        keys = only(mocks, "Secret")["stringData"]["value"]
        assert keys["ca.crt"] != keys["peer-ca.crt"]
        assert "ca.key" not in keys

    return declare().client_url.apply(check)


@pulumi.runtime.test
def test_administrators_key_is_secret_and_no_member_mounts_it(mocks):
    made = declare()

    async def check(url):
        assert url
        assert await made.key_pem.is_secret()
        assert await made.ca_key_pem.is_secret()
        keys = only(mocks, "Secret")["stringData"]["value"].values()
        assert not [value for value in keys if "root" in value]

    return made.client_url.apply(check)


@pytest.mark.parametrize("members", [1, 3])
@pulumi.runtime.test
def test_members_have_a_budget_a_policy_and_their_places(mocks, members):
    """What is in each is tested in tests/core/manifests."""

    def check(_):
        spec = only(mocks, "StatefulSet")["spec"]["template"]["spec"]
        assert ("affinity" in spec) == (members == 3)
        made = etcd.Cluster(
            namespace="tenantplane-etcd-shared",
            members=members,
            quota_gib=2,
            storage_gib=4,
            image="etcd:v3.7.3",
        )
        assert only(mocks, "PodDisruptionBudget")["spec"] == etcd.pod_disruption_budget(made)
        assert only(mocks, "NetworkPolicy")["spec"] == etcd.network_policy(made)

    return declare(members=members).client_url.apply(check)


@pytest.mark.parametrize("protected", [True, False])
def test_what_holds_all_tenants_data_is_deleted_only_on_purpose(mocks, monitor, protected):
    """A renamed pool would take every tenant's data with it."""
    args = {} if protected else {"deletion_protection": False}
    settled(declare(**args).client_url)
    kept = {urn.split("::")[-1] for urn, request in monitor.requests.items() if request.protect}
    all_of_it = {"shared-ns", "shared-ca-key", "shared-ca-cert", "shared-members"}
    assert kept == (all_of_it if protected else set())


def test_another_number_of_members_replaces_what_is_protected(monitor):
    """So a cluster that can't be asked, like GKE's before it is read, refuses it in the preview."""
    settled(declare().client_url)
    (members,) = [
        request for urn, request in monitor.requests.items() if urn.endswith("::shared-members")
    ]
    assert list(members.replaceOnChanges) == ["spec.replicas"]
    assert members.protect
