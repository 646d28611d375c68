"""A tenant's names come from its id alone, and an etcd range holds exactly its keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import names
from core.errors import InvalidInputError

TENANT_IDS = st.from_regex(names.TENANT_ID, fullmatch=True).filter(lambda name: name != "root")


@pytest.mark.parametrize("tenant", ["a", "acme", "a-b", "a0", "a" * 30])
def test_legal_ids_are_returned_unchanged(tenant):
    assert names.check_tenant_id(tenant) == tenant


@pytest.mark.parametrize(
    "tenant", ["", "A", "0a", "-a", "a-", "a_b", "a.b", "a" * 31, "acme\n", "ä", "a b"]
)
def test_illegal_ids_are_refused_with_the_rule(tenant):
    with pytest.raises(InvalidInputError, match="use 1 to 30 lower-case letters"):
        names.check_tenant_id(tenant)


def test_root_is_no_tenant():
    """Etcd's administrator is the user root: a tenant of that name could read every tenant."""
    with pytest.raises(InvalidInputError, match="reserved for the administrator"):
        names.check_tenant_id("root")


def test_errors_name_what_was_checked():
    with pytest.raises(
        InvalidInputError, match=r"^tenants\[2\]\.name: is not a tenant id, got 'X'"
    ):
        names.check_tenant_id("X", "tenants[2].name")


@given(TENANT_IDS, TENANT_IDS)
def test_no_key_of_one_tenant_lies_in_the_range_of_another(one, other):
    """`/t/a` would also cover `/t/aa`; etcd compares bytes."""
    first, after = (bound.encode() for bound in names.etcd_range(one))
    key = f"{names.etcd_prefix(other)}/registry/pods/default/x".encode()
    assert (first <= key < after) == (one == other)


@given(TENANT_IDS)
def test_every_tenant_has_a_legal_namespace_label_and_host_name(tenant):
    """A Kubernetes name has at most 63 characters, a part of a DNS name too."""
    assert len(names.namespace(tenant)) <= 63
    assert len(names.public_name(tenant, "x.test").split(".")[0]) <= 63
    assert names.tenant_labels(tenant)[names.LABEL_TENANT] == tenant


@pytest.mark.parametrize("domain", ["tenants.test", "localhost", "a-b.c1.example"])
def test_legal_domains(domain):
    assert names.check_domain(domain) == domain


@pytest.mark.parametrize(
    "domain",
    ["", ".test", "test.", "a..b", "Test", "a_b", "-a", "a.-b", "x" * 64, "ab." * 90 + "c"],
)
def test_illegal_domains_are_refused(domain):
    with pytest.raises(InvalidInputError, match="domain: is not a domain"):
        names.check_domain(domain)


@given(st.from_regex(names.POOL_NAME, fullmatch=True))
def test_every_pool_has_a_legal_namespace(pool):
    assert names.check_pool_name(pool) == pool
    assert len(names.etcd_namespace(pool)) <= 63


def test_a_long_pool_name_is_refused():
    with pytest.raises(InvalidInputError, match="can't be part of a namespace"):
        names.check_pool_name("p" * 21)


def test_issuer_is_the_public_name():
    assert names.issuer("acme", "tenants.test") == "https://acme.tenants.test"
    assert names.namespace("acme") == "tenant-acme"


def test_labels_of_a_workload_name_its_owner():
    assert names.workload_labels("etcd") == {
        "app.kubernetes.io/name": "etcd",
        "app.kubernetes.io/part-of": "tenantplane",
    }
    assert names.workload_labels("control-plane", "acme")["tenantplane.dev/tenant"] == "acme"
