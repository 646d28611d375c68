"""A tenant's people: what is wrong with the list is said before anything is declared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import oidc, pki, users
from core.errors import InvalidInputError
from core.users import UserSettings

ISSUERS = oidc.issuers(
    [
        {
            "issuer": "https://login.example.com",
            "audiences": ["kubernetes"],
            "username_prefix": "corp:",
            "groups_claim": "groups",
            "groups_prefix": "corp-groups:",
        },
        {"issuer": "https://ci.example.com", "audiences": ["k"], "username_prefix": "ci:"},
    ],
    "https://acme.tenants.test",
    "oidc",
)


def read(*given, issuers=ISSUERS):
    return users.users(given, issuers, "users")


def problems(*given, issuers=ISSUERS):
    with pytest.raises(InvalidInputError) as error:
        read(*given, issuers=issuers)
    return list(error.value.problems)


def only(*given, issuers=ISSUERS):
    (problem,) = problems(*given, issuers=issuers)
    return problem


def test_a_person_has_a_certificate_of_a_week_by_default():
    (jane,) = read({"name": "jane", "role": "editor"})
    assert (jane.has_certificate, jane.has_token, jane.hours) == (True, False, 168)


def test_a_token_lives_as_long_as_the_api_server_lets_it_by_default():
    (ci,) = read({"name": "ci", "role": "viewer", "credentials": "token"})
    assert (ci.has_certificate, ci.has_token, ci.hours) == (False, True, 24)


def test_an_issuers_users_and_groups_get_nothing_of_the_platform():
    for one in read(
        {"group": "corp-groups:devs", "role": "editor"}, {"user": "ci:deploy", "role": "admin"}
    ):
        assert not one.has_certificate
        assert not one.has_token


@pytest.mark.parametrize("name", ["jane", "jane.doe", "jane@example.com", "j", "4711", "a" * 63])
def test_a_name_may_be_an_address(name):
    assert read({"name": name, "role": "viewer"})[0].name == name


@pytest.mark.parametrize(
    "name", ["Jane", "-jane", "jane-", "jane doe", "a/b", "ä", "a" * 64, "system:masters", "a:b"]
)
def test_a_name_that_can_be_no_common_name_is_refused(name):
    """With a colon in it, it could be the platform's or an issuer's."""
    assert only({"name": name, "role": "viewer"}).startswith(
        "users[0].name: can't be the name of a user, got "
    )


@given(st.from_regex(users._NAME, fullmatch=True))
def test_no_name_is_the_platforms_or_an_issuers(name):
    assert ":" not in name
    assert len(name) < 64


@pytest.mark.parametrize("name", ["tenant-admin", "kube-apiserver"])
def test_a_name_of_the_platforms_own_certificates_is_refused(name):
    """`tenant-admin` would be everybody who has the tenant's own kubeconfig."""
    assert name in {
        leaf.common_name for leaf in (*pki.tenant_user_leaves(), *pki.tenant_leaves("a", "b"))
    }
    assert "is the name of one of the platform's own" in only({"name": name, "role": "viewer"})


@pytest.mark.parametrize("name", ["jane@example.com", "jane.doe", "4711", "a" * 41])
def test_who_has_a_token_is_named_like_its_account(name):
    said = only({"name": name, "role": "viewer", "credentials": "token"})
    assert said.startswith("users[0].name: can't be the name of a ServiceAccount, which has the")


@pytest.mark.parametrize(
    ("who", "given"),
    [
        ({}, "nobody is given"),
        ({"name": "jane", "group": "corp-groups:devs"}, "name and group are given"),
        ({"group": "corp-groups:devs", "user": "corp:jane"}, "group and user are given"),
    ],
)
def test_an_entry_is_one_of_three(who, given):
    assert only({"role": "viewer", **who}) == (
        f"users[0]: {given}; set exactly one of name, group and user"
    )


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"role": "owner"}, "users[0].role: is not one of the values it can have, got 'owner'"),
        ({"credentials": "password"}, "users[0].credentials: is not one of the values"),
        ({"valid_hours": 0}, "users[0].validHours: is too small, got 0"),
        ({"valid_hours": 2161}, "users[0].validHours: is too large, got 2161"),
        ({"valid_hours": 2}, "users[0].validHours: is too short for a certificate, got 2; use 3"),
        (
            {"valid_hours": 25, "credentials": "token"},
            "users[0].validHours: is too long for a token, got 25; use 1 to 24",
        ),
        ({"groups": "x"}, "users[0].groups: is not a key that is known here; did you mean group?"),
    ],
)
def test_a_value_that_can_not_be_is_said(given, problem):
    assert only({"name": "jane", "role": "viewer"} | given).startswith(problem)


@pytest.mark.parametrize("key", ["name", "group", "user"])
def test_nobody_stands_there_twice(key):
    """With two roles one of them would be a surprise."""
    who = {"name": "jane", "group": "corp-groups:devs", "user": "corp:jane"}[key]
    said = only({key: who, "role": "viewer"}, {key: who, "role": "admin"})
    assert said.startswith(f"users[1].{key}: is that of users[0] already, got ")


def test_a_certificate_and_a_token_are_not_of_one_name():
    """Outputs are by name."""
    jane = {"name": "jane", "role": "viewer"}
    assert "already" in only(jane, jane | {"credentials": "token"})


@pytest.mark.parametrize(
    ("who", "remedy"),
    [
        ({"group": "devs"}, "write it with its issuer's prefix in front (corp-groups:)"),
        ({"group": "corp-groups:"}, "write it with its issuer's prefix"),
        ({"group": "corp:devs"}, "write it with its issuer's prefix"),
        ({"group": "ci:devs"}, "write it with its issuer's prefix"),
        ({"group": "tenant-admins"}, "write it with its issuer's prefix"),
        ({"group": "system:masters"}, "write it with its issuer's prefix"),
        ({"user": "corp-groups:jane"}, "prefix in front (ci:, corp:)"),
        ({"user": "tenant-admin"}, "prefix in front (ci:, corp:)"),
    ],
)
def test_a_group_or_user_is_some_issuers(who, remedy):
    """An issuer whose tokens list no groups has none: `ci:devs` would be nobody for ever."""
    (key,) = who
    said = only(who | {"role": "viewer"})
    assert said.startswith(f"users[0].{key}: is of no issuer of the tenant, got ")
    assert remedy in said


def test_without_an_issuer_it_is_said_what_to_add():
    said = only({"group": "corp:devs", "role": "viewer"}, issuers=())
    assert said.endswith(
        "name its issuer under oidc of the tenant, with groupsClaim and groupsPrefix"
    )


@pytest.mark.parametrize("own", [{"credentials": "certificate"}, {"valid_hours": 24}], ids=str)
def test_what_only_a_name_has_is_refused_of_others(own):
    (said,) = problems({"group": "corp-groups:devs", "role": "viewer"} | own)
    assert "belongs to a name, and the tokens of a group are its issuer's" in said


def test_all_that_is_wrong_is_said_at_once():
    assert len(problems({"name": "a", "role": "viewer", "valid_hours": 1}, {"role": "admin"})) == 2


def test_a_number_of_another_language_is_whole():
    """Cross-language callers send 24.0."""
    assert read({"name": "jane", "role": "viewer", "valid_hours": 24.0})[0].hours == 24


def test_hours_of_a_certificate_have_a_last_third():
    for hours in (users._LEAST_HOURS[users.CERTIFICATE], 168):
        leaf = pki.person_leaf(
            "jane", UserSettings(name="jane", role="viewer", valid_hours=hours).hours
        )
        assert 0 < leaf.early_renewal_hours < leaf.validity_hours
