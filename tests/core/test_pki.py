"""core.pki: who is named by which certificate."""

import pytest

from core import pki


def leaves():
    plans = [*pki.tenant_leaves("acme", "tenants.test"), *pki.tenant_user_leaves()]
    return {leaf.name: leaf for leaf in plans}


def test_only_the_platform_is_above_rbac():
    """system:masters can't be revoked, so a tenant's users never have it."""
    masters = {name for name, leaf in leaves().items() if leaf.organization == pki.MASTERS}
    assert masters == {"break-glass", "host-agent"}
    assert leaves()["admin"].organization == "tenant-admins"


def test_the_public_name_is_in_the_serving_certificate():
    assert "acme.tenants.test" in leaves()["apiserver"].dns_names


def test_a_serving_certificate_names_no_other_tenant():
    """A wildcard would let HTTP/2 clients coalesce connections of two tenants."""
    assert not [name for name in leaves()["apiserver"].dns_names if "*" in name]


def test_names_are_sorted():
    """Their order is part of the certificate: an unstable one would renew it on every run."""
    for leaf in [*leaves().values(), pki.store_server("shared"), pki.store_peer("shared")]:
        assert list(leaf.dns_names) == sorted(leaf.dns_names)
        assert list(leaf.uses) == sorted(leaf.uses)


def test_a_client_certificate_serves_nobody():
    clients = [pki.store_client("acme"), pki.store_root()]
    clients += [leaf for name, leaf in leaves().items() if name != "apiserver"]
    for leaf in clients:
        assert "server_auth" not in leaf.uses
        assert not leaf.dns_names


def test_the_store_knows_a_tenant_by_its_id():
    assert pki.store_client("acme").common_name == "acme"
    assert pki.store_root().common_name == "root"


def test_a_leaf_is_renewed_in_its_last_third():
    assert pki.LEAF_EARLY_RENEWAL_HOURS * 3 == pki.LEAF_VALIDITY_HOURS


@pytest.mark.parametrize(("hours", "last"), [(3, 1), (24, 8), (168, 56)])
def test_a_persons_certificate_is_renewed_in_its_last_third(hours, last):
    assert pki.person_leaf("jane", hours).early_renewal_hours == last


def test_a_person_is_in_no_group():
    """A group in a certificate can't be taken away; what is bound to the name can."""
    leaf = pki.person_leaf("jane", 24)
    assert (leaf.common_name, leaf.organization) == ("jane", None)
    assert "server_auth" not in leaf.uses


def test_the_first_of_several_certificates_signs():
    one, other = (f"-----BEGIN CERTIFICATE-----\n{n}\n-----END CERTIFICATE-----\n" for n in "ab")
    assert pki.first_certificate(one + other) == one
    assert pki.first_certificate(one) == one


def test_what_ends_within_thirty_days_is_said():
    assert not list(pki.ending({"admin": 30, "apiserver": 89}))
    (said,) = pki.ending({"admin": 29, "apiserver": 2, "etcd": 50})
    assert said == (
        "certificates end soon (admin, apiserver), the first in 2 days; `pulumi up` renews them"
    )
    (said,) = pki.ending({"admin": -3})
    assert said == "certificates end soon (admin), the first 3 days ago; `pulumi up` renews them"


def test_of_authorities_it_is_said_half_a_year_before():
    """`pulumi up` renews none of them, and who uses a tenant has to follow each step."""
    assert not list(pki.ending({"authority": 180}))
    (said,) = pki.ending({"admin": 90, "etcd-peer-authority-2": 179})
    assert said == (
        "authorities end soon (etcd-peer-authority-2), the first in 179 days; replace them step by "
        "step by `keys`"
    )


def test_no_leaf_is_taken_for_an_authority():
    leaves = [
        *pki.tenant_leaves("acme", "t.test"),
        *pki.tenant_user_leaves(),
        *(pki.store_client("acme"), pki.store_root(), pki.store_server("ns"), pki.store_peer("ns")),
    ]
    assert not [leaf.name for leaf in leaves if pki.AUTHORITY in leaf.name]
