"""Issuers of tokens: none may name anybody of Kubernetes, of the platform or of another issuer."""

import pytest

from core import oidc
from core.errors import InvalidInputError
from core.pki import MASTERS, TENANT_ADMINS, tenant_leaves, tenant_user_leaves

OWN = "https://acme.tenants.test"
LOGIN = {
    "issuer": "https://login.example.com/realms/acme",
    "audiences": ["kubernetes"],
    "username_prefix": "corp:",
}


def issuers(*given):
    return oidc.issuers([LOGIN | one for one in given], OWN, "tenant acme: oidc")


def test_groups_have_the_prefix_of_users_if_they_have_none():
    (one,) = issuers({"groups_claim": "groups"})
    assert (one.username_prefix, one.groups_prefix, one.username_claim) == ("corp:", "corp:", "sub")


@pytest.mark.parametrize(
    "prefix", ["", "system:", "tenantplane:", "s", "tenant-", "corp", "-:", "Corp:", "system:a:"]
)
@pytest.mark.parametrize("key", ["username_prefix", "groups_prefix"])
def test_a_prefix_that_could_become_somebody_else_is_refused(key, prefix):
    """With `s` in front, the claim `ystem:masters` would be a way to everything."""
    with pytest.raises(InvalidInputError, match=r"oidc\[0\]\..*Prefix"):
        issuers({key: prefix})


def test_no_name_of_the_platform_has_a_prefix_that_is_allowed():
    leaves = [*tenant_leaves("acme", "tenants.test"), *tenant_user_leaves()]
    ours = {MASTERS, TENANT_ADMINS, *(leaf.common_name for leaf in leaves)}
    for name in ours:
        before, colon, _ = name.partition(":")
        if colon:
            with pytest.raises(InvalidInputError):
                oidc.prefix(f"{before}:", "x")


@pytest.mark.parametrize(
    "url",
    ["http://login.example.com", "login.example.com", "https://", "https://a.b?x=y", "https://a b"],
)
def test_an_issuer_is_an_https_url(url):
    with pytest.raises(InvalidInputError, match="is not the https URL of an issuer"):
        issuers({"issuer": url})


@pytest.mark.parametrize(
    ("url", "port"), [("https://a.example", 443), ("https://a.example:8443/realms/x", 8443)]
)
def test_its_port_is_that_of_the_url(url, port):
    assert issuers({"issuer": url})[0].port == port


def test_a_tenants_own_tokens_have_no_other_issuer():
    """The API server would not start: two would vouch for its ServiceAccounts."""
    with pytest.raises(InvalidInputError, match=r"oidc\[0\]\.issuer: is another's already"):
        issuers({"issuer": OWN})


def test_two_issuers_share_neither_url_nor_prefix():
    with pytest.raises(InvalidInputError) as error:
        issuers({}, {})
    said = [str(one) for one in error.value.problems]
    assert [one.partition(": is")[0].rpartition(".")[2] for one in said] == [
        "issuer",
        "usernamePrefix",
    ]


@pytest.mark.parametrize("key", ["username_prefix", "groups_prefix"])
def test_no_prefix_of_one_issuer_stands_in_front_of_groups_of_another(key):
    """`corp:devs` has rights in the tenant; whoever may say so is one issuer alone."""
    other = {"issuer": "https://other.example.com", "username_prefix": "other:"}
    first, second = {key: "corp:"}, other | {"groups_prefix": "corp:"}
    with pytest.raises(InvalidInputError, match=r"oidc\[1\]\.groupsPrefix: is another's already"):
        issuers({"username_prefix": "own:"} | first, second)


def test_one_issuer_may_have_one_prefix_for_both():
    (one,) = issuers({"groups_prefix": "corp:"})
    assert one.groups_prefix == one.username_prefix


def test_an_issuer_is_not_where_clouds_hand_out_credentials():
    with pytest.raises(InvalidInputError, match=r"oidc\[0\]\.network: has link-local addresses"):
        issuers({"network": "169.254.169.254/32"})


def test_tokens_for_anybody_are_refused():
    with pytest.raises(InvalidInputError, match=r"audiences: is empty"):
        issuers({"audiences": []})
