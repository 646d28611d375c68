"""outputs: what the stacks export. The docstring under each is its entry in docs/reference.

Not here: the values themselves (components/), the text of `readme` (readme.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi

from components.tenant_control_plane import TenantControlPlane
from components.tenant_operator import TenantOperator
from core import schema
from stacks import readme
from stacks.failures import each_or_none, or_none
from stacks.handles import Handles

Operators = Mapping[str, Mapping[str, TenantOperator]]
"""By tenant and name."""


class StackOutputs(TypedDict, total=False):
    """Outputs by their name in Python; outside they are camelCase."""

    kubeconfigs: dict[str, pulumi.Output[str]]
    """Kubeconfig of each tenant's users, by tenant; secret. Kinds dev and tenants.

    Its user is an administrator inside the tenant, by RBAC. Hand it out. It is null for a tenant
    that did not come up, as in the outputs below.
    """

    user_kubeconfigs: dict[str, pulumi.Output[Mapping[str, str]]]
    """Kubeconfig of each user that has a name, by tenant and user; secret. Kinds dev and tenants.

    What it may do is its role's: docs/users.md. Hand it to that user alone.
    """

    user_expiry: dict[str, pulumi.Output[Mapping[str, str]]]
    """When each of these kubeconfigs ends (RFC 3339), by tenant and user. Kinds dev and tenants.

    Certificates are renewed by a `pulumi up` in the last third of their life. Tokens are renewed by
    the host agent: each `pulumi up` has the one of then.
    """

    admin_kubeconfigs: dict[str, pulumi.Output[str]]
    """Break-glass kubeconfig of each tenant, by tenant; secret. Kinds dev and tenants.

    Its user is in system:masters, which no RBAC limits and nothing revokes. Keep it.
    """

    endpoints: dict[str, pulumi.Output[str]]
    """https URL of each tenant's API server, by tenant. Kinds dev and tenants."""

    versions: dict[str, pulumi.Output[str]]
    """Kubernetes version of each tenant, by tenant. Kinds dev and tenants."""

    certificate_expiry: dict[str, pulumi.Output[str]]
    """When the first certificate ends (RFC 3339), by tenant and, as `etcd/<pool>`, by etcd pool.

    A `pulumi up` within 30 days of it renews the certificate; nothing but another `keys` replaces
    an authority. Previews warn of both.
    """

    certificates: dict[str, pulumi.Output[Mapping[str, str]]]
    """When each certificate and authority ends, by its name, by the keys of certificateExpiry."""

    operators: dict[str, dict[str, Any]]
    """What each operator is made of, by tenant and name: `host`, `tenant`, `hooks`, `leftOut`.

    Known in a preview. Kinds dev and tenants.
    """

    store_warnings: dict[str, str]
    """What is wrong with the etcd pool of a tenant, by tenant: its share is nearly full or full.

    Or the pool has an alarm, which each of its tenants then has here. Empty when all is well. As
    the host agent saw it before this run. Kinds dev and tenants.
    """

    hosts: dict[str, dict[str, Any]]
    """The host by its name: server, kubernetesVersion, address, port, domain and etcd pools."""

    host_contract: pulumi.Output[dict[str, Any]]
    """What a stack of kind tenants needs of this host; secret as a whole. Kinds host and dev."""

    readme: str
    """How to use what this stack made, in Markdown; Pulumi Cloud shows it as the stack's page."""


@dataclass(frozen=True, kw_only=True)
class DeclaredHost:
    """A host that this stack declares."""

    handles: Handles
    certificates: Mapping[str, Mapping[str, pulumi.Output[str]]]
    """When each certificate of a pool ends, by its name, by `etcd/<pool>`."""


def of_host(host: DeclaredHost) -> dict[str, Any]:
    """Return the outputs of a stack of kind host."""
    return _exported(
        {
            "hosts": _hosts(host.handles),
            **_certificates(host.certificates),
            "host_contract": _contract(host),
            "readme": readme.of_host(host.handles.name, host.handles.domain),
        }
    )


def of_tenants(
    host: Handles,
    tenants: Mapping[str, TenantControlPlane],
    serving: Operators,
    store_warnings: Mapping[str, str],
) -> dict[str, Any]:
    """Return the outputs of a stack of kind tenants."""
    return _exported(_tenants(host, tenants, serving, store_warnings))


def of_both(
    host: DeclaredHost,
    tenants: Mapping[str, TenantControlPlane],
    serving: Operators,
    store_warnings: Mapping[str, str],
) -> dict[str, Any]:
    """Return the outputs of a stack of kind dev."""
    found = _tenants(host.handles, tenants, serving, store_warnings)
    of_pools = _certificates(host.certificates)
    found["certificates"] = of_pools["certificates"] | found["certificates"]
    found["certificate_expiry"] = of_pools["certificate_expiry"] | found["certificate_expiry"]
    found["host_contract"] = _contract(host)
    return _exported(found)


def _tenants(
    host: Handles,
    tenants: Mapping[str, TenantControlPlane],
    serving: Operators,
    store_warnings: Mapping[str, str],
) -> StackOutputs:
    def of_each(name: str) -> dict[str, pulumi.Output[Any]]:
        return each_or_none({tenant: getattr(tenants[tenant], name) for tenant in sorted(tenants)})

    def secret(values: dict[str, pulumi.Output[Any]]) -> dict[str, pulumi.Output[Any]]:
        return {tenant: pulumi.Output.secret(value) for tenant, value in values.items()}

    return {
        "kubeconfigs": secret(of_each("kubeconfig")),
        "user_kubeconfigs": secret(of_each("user_kubeconfigs")),
        "user_expiry": of_each("user_expiry"),
        "admin_kubeconfigs": secret(of_each("admin_kubeconfig")),
        "endpoints": of_each("endpoint"),
        "versions": of_each("version"),
        **_certificates({name: tenants[name].certificates for name in sorted(tenants)}),
        "operators": {
            tenant: {name: one.objects for name, one in theirs.items()}
            for tenant, theirs in serving.items()
        },
        "hosts": _hosts(host),
        "store_warnings": dict(store_warnings),
        "readme": readme.of_tenants(host.name, sorted(tenants)),
    }


def _hosts(host: Handles) -> dict[str, dict[str, Any]]:
    known = {"domain": host.domain, "etcdPools": sorted(host.stores)}
    made = each_or_none(
        {
            "server": host.cluster.server,
            "kubernetesVersion": host.cluster.kubernetes_version,
            "address": host.gateway.address,
            "port": host.gateway.port,
        }
    )
    return {host.name: known | made}


def _contract(host: DeclaredHost) -> pulumi.Output[dict[str, Any]]:
    contract: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(host.handles.contract())
    return pulumi.Output.secret(or_none(contract))


def _certificates(ends: Mapping[str, pulumi.Input[Mapping[str, Any]]]) -> StackOutputs:
    """When each certificate ends, and the first, by whose they are."""
    known = {owner: pulumi.Output.from_input(of_one) for owner, of_one in ends.items()}
    return {
        "certificates": each_or_none(known),
        "certificate_expiry": each_or_none(
            {
                owner: of_one.apply(lambda each: min(each.values()))
                for owner, of_one in known.items()
            }
        ),
    }


def _exported(outputs: StackOutputs) -> dict[str, Any]:
    return {schema.camel(name): value for name, value in outputs.items()}
