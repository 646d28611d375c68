"""wiring: what the pods of one operator have to be told, and how much they may be.

Owns: names that an operator's objects have on the host.
Not here: how a pod is rewritten by it (pods.py), what a config says (core/operator_settings.py).
"""

from dataclasses import dataclass

from core import names
from core.manifests import etcd

HOST_TOKEN, TENANT_TOKEN = "host", "tenant"
IDENTITIES = (HOST_TOKEN, TENANT_TOKEN)

TOKEN_SECONDS = 3600
"""Life of the token of an operator's pod; the kubelet renews it at 80 % of that."""

RESERVED = frozenset(
    {
        ("Deployment", names.CONTROL_PLANE),
        ("PodDisruptionBudget", names.CONTROL_PLANE),
        ("PodDisruptionBudget", etcd.NAME),
        ("Service", names.APISERVER),
        ("Service", etcd.NAME),
        ("Service", f"{etcd.NAME}-peers"),
        ("StatefulSet", etcd.NAME),
    }
)
"""Kinds and names of what a tenant's namespace on the host has already."""

PLATFORM_NAMESPACES = ("kube-", "tenantplane-")
"""How namespaces of a tenant begin that no operator is in: no token of the host stands for their
ServiceAccounts (core/manifests/host_accounts.py)."""

_TOKENS = "tenantplane-tokens"

ROOT_CA = "kube-root-ca.crt"
"""The ConfigMap with its API server's authority that every namespace of a tenant has."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """How the pods of one operator belong to their tenant, and what they may be."""

    tenant: str
    operator: str
    """Its name, unique in the tenant."""
    audience: str
    """Whom its tokens are for: the issuer of the tenant."""
    registries: tuple[str, ...]
    """Registries, with or without a path below them, that its images may come from."""
    registry: str | None = None
    """Takes the place of every image's registry."""
    priority_class: str | None = None
    runtime_class: str | None = None
    token_seconds: int = TOKEN_SECONDS
    identity: str = HOST_TOKEN
    """One of IDENTITIES: who issues the tokens of its pods."""


def on_host(namespace: str, name: str) -> str:
    """Return the host's name of a ServiceAccount, ConfigMap or Secret of the tenant.

    No namespace has a dot in its name, so what comes of two different ones is different; and none
    of the platform's own objects in the same namespace has a dot in its name.
    """
    return f"{namespace}.{name}"


def token_secret(namespace: str, account: str) -> str:
    """Return the Secret on the host with a token that the tenant issued for a ServiceAccount.

    No copy of one of the tenant's Secrets has that name, nor has a chart's own: nothing of an
    operator's on the host is of a namespace of the platform's (refusals.py).
    """
    return on_host(_TOKENS, on_host(namespace, account))


def pod_label(operator: str) -> dict[str, str]:
    """Return the label that all pods of an operator have, and no other pod."""
    return {names.LABEL_OPERATOR: operator}


def host_labels(tenant: str, operator: str) -> dict[str, str]:
    """Return the labels of an operator's objects on the host; not of its pods."""
    return {names.LABEL_TENANT: tenant, names.LABEL_OPERATOR: operator}
