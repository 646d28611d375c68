"""The people of a tenant: what opens it to each, and that nobody else sees it."""

import pulumi
import pytest
import yaml
from cryptography import x509

from core.errors import InvalidInputError
from tests.components.test_tenant_control_plane import declare, inputs
from tests.support.mocks import is_secret, settled

JANE = {"name": "jane", "role": "editor"}
CI = {"name": "ci", "role": "viewer", "credentials": "token"}


def kubeconfigs(tenant):
    known = settled(tenant.user_kubeconfigs)
    return {name: yaml.safe_load(text) for name, text in known.items()}


def test_each_user_with_a_name_has_a_kubeconfig(mocks):
    found = kubeconfigs(declare(users=[JANE, CI]))
    assert set(found) == {"jane", "ci"}
    assert set(found["jane"]["users"][0]["user"]) == {"client-certificate-data", "client-key-data"}
    assert found["ci"]["users"][0]["user"] == {"token": "acme-user.ci-secret-id token"}
    for one in found.values():
        cluster = one["clusters"][0]["cluster"]
        assert cluster["server"] == "https://192.0.2.1:8443"
        assert cluster["tls-server-name"] == "acme.tenants.test"


def test_kubeconfigs_of_users_are_secret_and_their_ends_are_not(mocks):
    tenant = declare(users=[JANE, CI])
    assert is_secret(tenant.user_kubeconfigs)
    assert not is_secret(tenant.user_expiry)
    assert settled(tenant.user_expiry) == {
        "jane": "2030-01-01T00:00:00Z",
        "ci": "acme-user.ci-secret-id expires",
    }


def test_without_users_there_is_nothing_more_than_ever(mocks):
    tenant = declare()
    assert settled(tenant.user_kubeconfigs) == settled(tenant.user_expiry) == {}
    assert not [one for one in mocks.resources if "user" in one.name]


def test_a_certificate_names_its_user_and_no_group(mocks):
    settled(declare(users=[JANE | {"valid_hours": 24}]).user_kubeconfigs)
    certificate = inputs(mocks, "acme-user.jane-cert")
    request = x509.load_pem_x509_csr(certificate["certRequestPem"].encode())
    assert request.subject.rfc4514_string() == "CN=jane"
    assert (certificate["validityPeriodHours"], certificate["earlyRenewalHours"]) == (24, 8)
    assert certificate["allowedUses"] == ["client_auth", "digital_signature"]


def test_a_users_end_is_no_end_of_the_tenants_own_certificates(mocks):
    """They end within days, so every preview would warn."""
    found = settled(declare(users=[JANE]).certificates)
    assert not [name for name in found if "jane" in name]


def test_roles_and_accounts_are_among_the_tenants_base_objects(mocks):
    """So they go with the user: the agent prunes what left the list."""
    settled(declare(users=[JANE, CI]).user_kubeconfigs)
    spec = inputs(mocks, "acme-base")["spec"]
    named = {(one["kind"], one["metadata"]["name"]): one for one in spec["objects"]}
    assert named["ClusterRoleBinding", "tenantplane:tenant-editor"]["subjects"][0]["name"] == "jane"
    assert ("ServiceAccount", "ci") in named
    assert [role["name"] for role in spec["apiRoles"]] == [
        f"tenantplane:tenant-{role}:apis" for role in ("admin", "editor", "viewer")
    ]


def test_a_token_is_asked_for_once_its_account_is_there(mocks, monitor):
    settled(declare(users=[CI]).user_kubeconfigs)
    (request,) = [one for urn, one in monitor.requests.items() if "::acme-user.ci-token" in urn]
    assert [urn for urn in request.dependencies if urn.endswith("::acme-base")]
    assert inputs(mocks, "acme-user.ci-token")["spec"]["seconds"] == 24 * 3600


def test_a_token_that_is_not_there_yet_is_left_out(mocks):
    """Somebody deleted the Secret, and it was made anew a moment ago."""
    mocks.secrets["acme-user.ci-secret-id"] = {}
    tenant = declare(users=[JANE, CI])
    assert set(kubeconfigs(tenant)) == set(settled(tenant.user_expiry)) == {"jane"}


def test_names_of_resources_are_of_one_tenant_alone(mocks):
    """`acme` with a user `x-admin` and a tenant `acme-user-x` would be one name without the dot."""
    settled(declare(users=[JANE, CI]).user_kubeconfigs)
    made = [one.name for one in mocks.resources if "user" in one.name]
    assert made
    assert all(name.startswith(("acme-user.jane-", "acme-user.ci-")) for name in made)


def test_a_group_gets_rights_and_nothing_else(mocks):
    issuer = {
        "issuer": "https://login.example.com",
        "audiences": ["kubernetes"],
        "username_prefix": "corp:",
        "groups_claim": "groups",
    }
    tenant = declare(oidc=[issuer], users=[{"group": "corp:devs", "role": "viewer"}])
    assert settled(tenant.user_kubeconfigs) == {}
    objects = inputs(mocks, "acme-base")["spec"]["objects"]
    subjects = [one for each in objects for one in each.get("subjects", [])]
    assert "corp:devs" in [one["name"] for one in subjects]


@pytest.mark.parametrize(
    ("user", "problem"),
    [
        (JANE | {"role": "owner"}, r"tenant acme: users\[0\]\.role: is not one of the values"),
        ({"group": "corp:devs", "role": "viewer"}, r"users\[0\]\.group: is of no issuer"),
        (CI | {"valid_hours": 48}, r"users\[0\]\.validHours: is too long for a token, got 48"),
    ],
)
def test_a_user_that_can_not_be_is_refused_before_anything_is_declared(mocks, user, problem):
    with pytest.raises(InvalidInputError, match=problem):
        declare(users=[user])
    assert mocks.resources == []


@pulumi.runtime.test
def test_numbers_of_other_languages_are_whole(mocks):
    def check(_):
        assert inputs(mocks, "acme-user.jane-cert")["validityPeriodHours"] == 24

    return declare(users=[JANE | {"valid_hours": 24.0}]).user_kubeconfigs.apply(check)
