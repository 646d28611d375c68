"""What a tenant's API server reads of its ConfigMap: who gets in, admission, audit.

Not here: its flags (core/flags.py), the pod that mounts it (tenant.py), the admission rules
(platform_policy.py).
"""

import functools
import json
from dataclasses import dataclass
from typing import Any

import yaml

from core import flags
from core.manifests import host_accounts
from core.manifests.host_accounts import HostAccounts
from core.manifests.platform_policy import has_static_policies, static_policies
from core.oidc import Issuer
from core.profiles import Profile

CONFIG_MAP = "kube-apiserver"
FILES = ("admission.yaml", "audit.yaml", "authentication.yaml", "authorization.jsonl")
POLICIES = "policies.yaml"
"""Only where the API server reads policies from files."""

METADATA, NONE = "metadata", "none"
AUDITS = (METADATA, NONE)
"""Kubernetes' own words for how much of a request is written down."""

_GROUP = "apiserver.config.k8s.io/v1"
_CLIENTS = 4096
"""Of how many users and namespaces the last events are counted: the plugin's own default."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What decides over the files."""

    version: str
    """Kubernetes version in full."""
    profile: Profile
    audit: str = METADATA
    """One of AUDITS."""
    issuers: tuple[Issuer, ...] = ()
    """Whose tokens get in, beside the tenant's own."""
    host_accounts: HostAccounts | None = None
    """Whose tokens get in as the tenant's operators; None: nobody's."""


def files(config: Config) -> dict[str, str]:
    """Data of the ConfigMap."""
    own = {"authentication.yaml": _yaml(_authentication(config))}
    return _of_many(config.version, config.profile, config.audit) | own


@functools.cache  # most tenants of a stack have the same
def _of_many(version: str, profile: Profile, audit: str) -> dict[str, str]:
    static = has_static_policies(version)
    found = {
        "admission.yaml": _yaml(_admission(profile, static=static)),
        "audit.yaml": _yaml(_audit(audit)),
        "authorization.jsonl": _authorization(),
    }
    if static:
        found[POLICIES] = "---\n".join(_yaml(policy) for policy in static_policies())
    return found


def names(version: str) -> tuple[str, ...]:
    """Return the keys of the ConfigMap."""
    return (*FILES, POLICIES) if has_static_policies(version) else FILES


def _authentication(config: Config) -> dict[str, Any]:
    document: dict[str, Any] = {
        "apiVersion": _GROUP,
        "kind": "AuthenticationConfiguration",
        "anonymous": {
            "enabled": True,
            "conditions": [{"path": path} for path in flags.HEALTH_PATHS],
        },
    }
    tokens = [_jwt(issuer) for issuer in config.issuers]
    if config.host_accounts is not None:
        tokens.append(host_accounts.authenticator(config.host_accounts))
    if tokens:
        document["jwt"] = tokens
    return document


def _jwt(issuer: Issuer) -> dict[str, Any]:
    """Whom the tokens of one issuer name; never anybody of Kubernetes' own (core/oidc.py)."""
    source: dict[str, Any] = {
        "url": issuer.url,
        "audiences": list(issuer.audiences),
        "audienceMatchPolicy": "MatchAny",
    }
    if issuer.ca_pem is not None:
        source["certificateAuthority"] = issuer.ca_pem
    claims = {"username": {"claim": issuer.username_claim, "prefix": issuer.username_prefix}}
    if issuer.groups_claim is not None:
        claims["groups"] = {"claim": issuer.groups_claim, "prefix": issuer.groups_prefix}
    return {"issuer": source, "claimMappings": claims}


def _authorization() -> str:
    """The kubelet's probes, whatever the tenant does to its RBAC; all else is RBAC's.

    A tenant that takes system:public-info-viewer away would have its API server killed, and before
    the first start has made that role no probe can pass.
    """
    policy = {"apiVersion": "abac.authorization.kubernetes.io/v1beta1", "kind": "Policy"}
    specs = (
        {"group": "system:unauthenticated", "nonResourcePath": path, "readonly": True}
        for path in flags.HEALTH_PATHS
    )
    return "".join(json.dumps({**policy, "spec": spec}) + "\n" for spec in specs)


def _admission(profile: Profile, *, static: bool) -> dict[str, Any]:
    plugins = [_plugin("EventRateLimit", _event_limits(profile))]
    if static:
        policies = {
            "apiVersion": _GROUP,
            "kind": "ValidatingAdmissionPolicyConfiguration",
            "staticManifestsDir": flags.POLICIES_DIR,
        }
        plugins.append(_plugin("ValidatingAdmissionPolicy", policies))
    return {"apiVersion": _GROUP, "kind": "AdmissionConfiguration", "plugins": plugins}


def _plugin(name: str, configuration: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "configuration": configuration}


def _event_limits(profile: Profile) -> dict[str, Any]:
    """One client, or one namespace, leaves half of what the API server takes to the others."""
    rate, burst = profile.events_per_second, profile.events_burst
    shared = {"qps": rate // 2, "burst": burst // 2, "cacheSize": _CLIENTS}
    return {
        "apiVersion": "eventratelimit.admission.k8s.io/v1alpha1",
        "kind": "Configuration",
        "limits": [
            {"type": "Server", "qps": rate, "burst": burst},
            {"type": "Namespace", **shared},
            {"type": "User", **shared},
        ],
    }


def _audit(level: str) -> dict[str, Any]:
    """Who did what to which object and how it ended; never what was in it, so no secret.

    Left out is what the platform itself does all the time: probes, leases, its controllers' reads.
    """
    document: dict[str, Any] = {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
    }
    if level == NONE:
        return {**document, "rules": [{"level": "None"}]}
    platform = ["system:apiserver", "system:kube-controller-manager", "tenantplane:host-agent"]
    reads = {"level": "None", "verbs": ["get", "list", "watch"]}
    leases = [{"group": "coordination.k8s.io", "resources": ["leases"]}]
    rules = [
        {"level": "None", "nonResourceURLs": [f"{path}*" for path in flags.HEALTH_PATHS]},
        {"level": "None", "users": platform, "resources": leases},
        {**reads, "users": platform},
        {**reads, "userGroups": ["system:serviceaccounts:kube-system"]},
        {"level": "Metadata"},
    ]
    return {**document, "rules": rules}


def _yaml(document: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(document, sort_keys=True, width=10**6)
    return text
