"""names: what everything is called, derived from a tenant's id and nothing else.

A tenant outlives its host, so no name that its users or its data depend on may come from the host.
Not here: versions and image references (versions.py), names of Pulumi resources (each component).
"""

import re

from core.errors import InvalidInputError

API_GROUP = "tenantplane.dev"
API_VERSION = f"{API_GROUP}/v1alpha1"

LABEL_NAME = "app.kubernetes.io/name"
LABEL_PART_OF = "app.kubernetes.io/part-of"
LABEL_VERSION = "app.kubernetes.io/version"
LABEL_TENANT = f"{API_GROUP}/tenant"
LABEL_DATASTORE = f"{API_GROUP}/datastore"
"""On a tenant's Deployment: where its objects are, which can't be changed."""
LABEL_STORE_KIND = f"{API_GROUP}/store-kind"
"""On a tenant's Deployment: etcd, dedicated, or an SQL server's engine; it can't be changed."""
LABEL_PLATFORM = f"{API_GROUP}/platform"
"""On objects inside a tenant that belong to the platform: the tenant's users can't change them."""
LABEL_OPERATOR = f"{API_GROUP}/operator"
"""On pods in a tenant's namespace: they serve that tenant, and reach its API server."""
LABEL_MIRROR = f"{API_GROUP}/mirror"
"""On what the host agent copied to the host, or runs there: the operator that it is for."""
LABEL_SCRAPER = f"{API_GROUP}/scraper"
"""On a namespace of the host: its pods may read the host agent's metrics, which name tenants."""
PART_OF = "tenantplane"
ANNOTATION_KEYS = f"{API_GROUP}/keys"
"""Which generations of keys something has (core/generations.py)."""
ANNOTATION_STORE_KEYS = f"{API_GROUP}/store-keys"
"""On a tenant's Deployment: the generations of its pool when it was last brought up to them."""
ANNOTATION_CERTIFICATES = f"{API_GROUP}/certificates"
"""When each certificate ends, as JSON."""
ANNOTATION_PROFILE = f"{API_GROUP}/profile"
"""On a tenant's pods: the profile that they have."""
ANNOTATION_REGISTRIES = f"{API_GROUP}/registries"
"""On a tenant's namespace: where the images of its operators may come from, with commas."""
ANNOTATION_AUDIENCE = f"{API_GROUP}/audience"
"""On a tenant's namespace: whom the tokens of its operators are for."""
ANNOTATION_ALLOWANCE = f"{API_GROUP}/allowance"
"""On an operator's RuntimeMirror: what it may have of its host (core/operators/allowance.py)."""
ANNOTATION_AGENT = f"{API_GROUP}/agent-namespace"
"""On what the host agent looks after: where the agent is."""
ANNOTATION_ENCRYPTION = f"{API_GROUP}/encryption-hash"
"""On a tenant's pods: which EncryptionConfiguration they have."""

AGENT_NAMESPACE = "tenantplane-system"
AGENT = "host-agent"
"""The host agent's Deployment, Service and ServiceAccount, and the name label of its pods."""
GATEWAY_NAMESPACE = "tenantplane-gateway"
USERS_NAMESPACE = "tenantplane-users"
"""Inside a tenant: the ServiceAccounts of its users with tokens."""

APISERVER = "kube-apiserver"
"""The Service of a tenant's API server."""
CONTROL_PLANE = "control-plane"
"""The Deployment of a tenant, and the name label of its pods."""

TENANT_ID = re.compile(r"[a-z]([-a-z0-9]{0,28}[a-z0-9])?")
POOL_NAME = re.compile(r"[a-z]([-a-z0-9]{0,18}[a-z0-9])?")
_DOMAIN_LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"{_DOMAIN_LABEL}(\.{_DOMAIN_LABEL})*")

_RESERVED_IDS = frozenset({"root"})
"""etcd's own administrator is the user `root`; a tenant's id is its etcd user and its role."""

# A DNS name has at most 253 characters; the longest tenant id and its dot come in front.
_LONGEST_DOMAIN = 253 - 31


def check_tenant_id(tenant: str, thing: str | None = None) -> str:
    """Return the id unchanged.

    Args:
        tenant: The id.
        thing: How an error names what was checked; default `tenant <id>`.

    Raises:
        InvalidInputError: it can't be a tenant's id.
    """
    label = thing or f"tenant {tenant}"
    if not TENANT_ID.fullmatch(tenant):
        raise InvalidInputError(
            label,
            "is not a tenant id",
            tenant,
            "use 1 to 30 lower-case letters, digits and dashes, a letter first and no dash last",
        )
    if tenant in _RESERVED_IDS:
        raise InvalidInputError(
            label, "is reserved for the administrator of etcd", tenant, "choose another name"
        )
    return tenant


def check_pool_name(pool: str, thing: str | None = None) -> str:
    """Return the name of an etcd pool unchanged, or raise InvalidInputError."""
    if POOL_NAME.fullmatch(pool):
        return pool
    raise InvalidInputError(
        thing or f"etcd pool {pool}",
        "can't be part of a namespace",
        pool,
        "use 1 to 20 lower-case letters, digits and dashes, a letter first and no dash last",
    )


def check_domain(domain: str, thing: str = "domain") -> str:
    """Return the installation's domain unchanged, or raise InvalidInputError."""
    if DOMAIN.fullmatch(domain) and len(domain) <= _LONGEST_DOMAIN:
        return domain
    raise InvalidInputError(
        thing,
        "is not a domain that tenants' names can be put in front of",
        domain,
        f"write it in lower case, like tenants.example.com, {_LONGEST_DOMAIN} characters at most",
    )


def namespace(tenant: str) -> str:
    """Return the tenant's namespace on its host."""
    return f"tenant-{tenant}"


def etcd_prefix(tenant: str) -> str:
    """Return the prefix of the tenant's keys, as kube-apiserver's --etcd-prefix wants it."""
    return f"/t/{tenant}"


def etcd_range(tenant: str) -> tuple[str, str]:
    """Return the first key of the tenant's range and the first key after it.

    The trailing slash matters: `/t/a` would also cover `/t/aa`. `0` is the character after `/`.
    """
    return f"/t/{tenant}/", f"/t/{tenant}0"


def sql_database(tenant: str) -> str:
    """Return the tenant's database on an SQL server, which is its user there too.

    At most 32 characters, MySQL's limit for users; unique, as no id has an underscore.
    """
    return f"t_{tenant.replace('-', '_')}"


def public_name(tenant: str, domain: str) -> str:
    """Return the DNS name and SNI of the tenant's API server."""
    return f"{tenant}.{domain}"


def issuer(tenant: str, domain: str) -> str:
    """Return the service account issuer of the tenant."""
    return f"https://{public_name(tenant, domain)}"


def etcd_namespace(pool: str) -> str:
    """Return the host namespace of an etcd pool."""
    return f"tenantplane-etcd-{pool}"


def tenant_labels(tenant: str) -> dict[str, str]:
    """Return the labels of everything that belongs to a tenant on its host."""
    return {LABEL_PART_OF: PART_OF, LABEL_TENANT: tenant}


def workload_labels(name: str, tenant: str | None = None) -> dict[str, str]:
    """Return the labels of one workload, of a tenant or (with none) of the host."""
    owner = tenant_labels(tenant) if tenant else {LABEL_PART_OF: PART_OF}
    return {LABEL_NAME: name, **owner}
