"""ServiceAccounts of the host as users of a tenant: whom their tokens name there.

An operator's pod runs in the tenant's namespace on the host, with a ServiceAccount that is called
after the one in the tenant (core/operators/wiring.py), and a token of the host for the tenant. The
tenant's API server takes it for that ServiceAccount, so that a chart's RBAC is right as it is. It
asks nobody whether the token was taken back: it lives an hour at most, and gives what RBAC in the
tenant gives to that name.
Not here: the file that it stands in (apiserver_config.py), who serves the issuer's keys
(agent/discovery_server.py).
"""

from dataclasses import dataclass
from typing import Any

from core import names

DISCOVERY_PORT = 8443
DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/openid/v1/jwks"
DISCOVERY_PATHS = (DISCOVERY, KEYS)
"""Where an API server says who issues its tokens and with which keys; the agent has the same."""

_CLAIMS = "claims['kubernetes.io']"
_NAME = f"{_CLAIMS}.serviceaccount.name"
_ACCOUNT = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?[.][a-z0-9]([-.a-z0-9]*[a-z0-9])?$"


@dataclass(frozen=True, kw_only=True)
class HostAccounts:
    """Whose tokens a tenant takes for its operators'."""

    tenant: str
    issuer: str
    """Of the host's ServiceAccounts."""
    audience: str
    """Whom the tokens are for."""
    ca_pem: str
    """Authority of the host agent, which has the issuer's keys."""


def discovery_url() -> str:
    """Return where a tenant's API server finds the issuer's keys, with no way to the host's API."""
    return f"https://{names.AGENT}.{names.AGENT_NAMESPACE}.svc:{DISCOVERY_PORT}{DISCOVERY}"


def authenticator(accounts: HostAccounts) -> dict[str, Any]:
    """Return the entry of an AuthenticationConfiguration's `jwt`.

    The platform's own ServiceAccounts of the tenant can't be named, whatever a token says.
    """
    namespace = names.namespace(accounts.tenant)
    return {
        "issuer": {
            "url": accounts.issuer,
            "discoveryURL": discovery_url(),
            "certificateAuthority": accounts.ca_pem,
            "audiences": [accounts.audience],
            "audienceMatchPolicy": "MatchAny",
        },
        "claimValidationRules": [
            {
                "expression": f"{_CLAIMS}.namespace == '{namespace}'",
                "message": f"is not of a pod in namespace {namespace}",
            },
            {
                "expression": f"{_NAME}.matches('{_ACCOUNT}') && !{_NAME}.startsWith('kube-')"
                f" && !{_NAME}.startsWith('tenantplane-')",
                "message": "is not of an operator's ServiceAccount",
            },
        ],
        "claimMappings": {
            "username": {"expression": f"'system:serviceaccount:' + {_NAME}.replace('.', ':', 1)"},
            "groups": {
                "expression": "['system:serviceaccounts',"
                f" 'system:serviceaccounts:' + {_NAME}.split('.')[0]]"
            },
        },
    }
