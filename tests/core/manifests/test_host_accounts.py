"""What a tenant takes a token of its host for; test_host_accounts_process.py tries it."""

import pytest

from core import profiles, versions
from core.manifests import apiserver_config, host_accounts
from core.manifests.host_accounts import HostAccounts
from tests.support.operator_objects import wiring

ACCOUNTS = HostAccounts(
    tenant="acme",
    issuer="https://kubernetes.default.svc",
    audience=wiring().audience,
    ca_pem="an authority",
)
ENTRY = host_accounts.authenticator(ACCOUNTS)


def test_the_issuers_keys_come_from_the_agent_inside_the_host():
    """No pod of a tenant has a way to the host's API server."""
    assert ENTRY["issuer"] == {
        "url": "https://kubernetes.default.svc",
        "discoveryURL": "https://host-agent.tenantplane-system.svc:8443"
        "/.well-known/openid-configuration",
        "certificateAuthority": "an authority",
        "audiences": ["https://acme.tenants.test"],
        "audienceMatchPolicy": "MatchAny",
    }


def test_the_token_is_pinned_to_the_tenants_namespace():
    namespace, _ = ENTRY["claimValidationRules"]
    assert namespace["expression"] == "claims['kubernetes.io'].namespace == 'tenant-acme'"
    assert namespace["message"] == "is not of a pod in namespace tenant-acme"


@pytest.mark.parametrize("reserved", ["kube-", "tenantplane-"])
def test_no_account_of_kubernetes_or_the_platform_is_an_operators(reserved):
    """Base RBAC of a tenant gives these rights that no chart may have."""
    _, name = ENTRY["claimValidationRules"]
    assert f".startsWith('{reserved}')" in name["expression"]


def test_a_refusal_says_what_a_token_is_not():
    """It is all that the API server logs of it."""
    assert all(rule["message"].startswith("is not of ") for rule in ENTRY["claimValidationRules"])


@pytest.mark.parametrize("version", versions.KUBERNETES.values())
def test_it_stands_beside_the_tenants_own_issuers(version):
    config = apiserver_config.Config(
        version=version, profile=profiles.profile("small"), host_accounts=ACCOUNTS
    )
    text = apiserver_config.files(config)["authentication.yaml"]
    assert "discoveryURL: https://host-agent.tenantplane-system.svc:8443" in text


def test_without_a_host_that_has_an_issuer_nobody_is_let_in():
    config = apiserver_config.Config(version="1.37.2", profile=profiles.profile("small"))
    assert "jwt" not in apiserver_config.files(config)["authentication.yaml"]
