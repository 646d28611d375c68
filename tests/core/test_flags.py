"""core.flags: the command lines, held against golden files and the rules behind them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import flags, names, profiles
from core.manifests import kine
from core.stores import StoreAccess

SMALL = profiles.profile("small")


SHARED = StoreAccess(servers="https://etcd.tenantplane-etcd-shared.svc:2379", compacted=True)
SQL = StoreAccess(servers=kine.SERVERS, tls=False)


def apiserver(tenant="acme", replicas=1, profile=SMALL, store=SHARED, version="1.37.2"):
    return flags.apiserver(
        tenant=tenant,
        domain="tenants.test",
        version=version,
        store=store,
        profile=profile,
        replicas=replicas,
    )


def member(**args):
    usual = {"members": 1, "namespace": "tenantplane-etcd-shared", "quota_gib": 2, "shared": True}
    return flags.etcd_member(**usual | args)


def as_dict(lines):
    return dict(line.removeprefix("--").split("=", 1) for line in lines)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("kube-apiserver", apiserver()),
        ("kube-apiserver-3-replicas", apiserver(replicas=3)),
        ("kube-controller-manager", flags.controller_manager(replicas=1)),
        ("kube-controller-manager-3-replicas", flags.controller_manager(replicas=3)),
        ("kube-apiserver-sql", apiserver(store=SQL)),
        ("etcd-1-member", member()),
        ("etcd-3-members", member(members=3, quota_gib=8)),
        ("etcd-dedicated", member(namespace="tenant-acme", shared=False)),
        ("kine", kine.container("kine")["args"]),
    ],
)
def test_command_line_is_the_golden_one(name, lines, golden):
    """A changed flag restarts every tenant: it must be seen in a review."""
    golden(f"flags/{name}.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("store", "version", "off"),
    [(SQL, "1.37.2", True), (SQL, "1.36.3", False), (SHARED, "1.37.2", False)],
)
def test_ranges_come_in_one_piece_from_kine_where_the_gate_is_known(store, version, off):
    """With the gate a page of Leases may be answered with 500; an older API server ends at it."""
    gates = as_dict(apiserver(store=store, version=version))["feature-gates"].split(",")
    assert ("EtcdRangeStream=false" in gates) is off


@pytest.mark.parametrize("replicas", [1, 2, 3])
def test_flags_are_sorted(replicas):
    """An order that depends on anything would be a diff in every preview (kamaji#1154)."""
    for lines in (apiserver(replicas=replicas), flags.controller_manager(replicas=replicas)):
        assert lines == sorted(lines)


@given(st.from_regex(names.TENANT_ID, fullmatch=True))
def test_a_tenants_prefix_is_its_own(tenant):
    """The prefix has no slash at its end, because the API server adds one."""
    assert as_dict(apiserver(tenant=tenant))["etcd-prefix"] == f"/t/{tenant}"


def test_tenants_never_compact_a_shared_store():
    """Compact needs etcd's root; a tenant that tries logs an error every five minutes."""
    assert as_dict(apiserver())["etcd-compaction-interval"] == "0"
    assert as_dict(member())["auto-compaction-retention"] == "5m"


def test_etcd_knows_users_by_certificate_alone():
    """The gRPC gateway ignores certificate users, so a tenant would be nobody or anybody there."""
    found = as_dict(member())
    assert found["enable-grpc-gateway"] == "false"
    assert found["client-cert-auth"] == found["peer-client-cert-auth"] == "true"
    assert found["trusted-ca-file"] != found["peer-trusted-ca-file"]


def test_quota_reaches_etcd_in_bytes():
    assert as_dict(member(quota_gib=8))["quota-backend-bytes"] == str(8 * 1024**3)


def test_controllers_are_an_allow_list():
    """`*` grows with every Kubernetes release; a misspelt name is a start error."""
    listed = as_dict(flags.controller_manager(replicas=1))["controllers"].split(",")
    assert "*" not in listed
    assert len(listed) == 6


def test_only_several_replicas_elect_a_leader():
    """A lease is one write every two seconds and tenant."""
    assert as_dict(flags.controller_manager(replicas=1))["leader-elect"] == "false"
    assert as_dict(flags.controller_manager(replicas=2))["leader-elect"] == "true"


@pytest.mark.parametrize("name", ["small", "medium", "large"])
def test_profile_reaches_the_inflight_limits(name):
    profile = profiles.profile(name)
    given_flags = as_dict(apiserver(profile=profile))
    assert given_flags["max-requests-inflight"] == str(profile.max_requests_inflight)
    assert given_flags["max-mutating-requests-inflight"] == str(
        profile.max_mutating_requests_inflight
    )
