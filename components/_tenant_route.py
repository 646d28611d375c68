"""The way from a host's gateway to one tenant, by the tenant's public name.

Owns: the tenant's Service, and in the gateway's namespace Service, EndpointSlice and TLSRoute.
Not here: the Gateway and its proxy (ingress_passthrough.py); why it is built so (docs/adr/0003).
"""

from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Service
from pulumi_kubernetes.discovery.v1 import EndpointSlice

from components._tenant_store import Place
from core import names
from core.manifests import gateway, tenant

_SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}
"""A Service is there at once; the provider would wait until it has endpoints."""


def declare(
    place: Place,
    domain: str,
    *,
    gateway_name: pulumi.Input[str],
    gateway_namespace: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Declare the way; returns what has to exist before the tenant can be reached."""
    name, tenant_id = place.name, place.tenant
    service = Service(
        f"{name}-service",
        metadata=place.meta(names.APISERVER, _SKIP_AWAIT),
        spec=tenant.service(tenant_id),
        opts=opts,
    )
    meta: dict[str, Any] = {
        "name": gateway.route_name(tenant_id),
        "namespace": gateway_namespace,
        "labels": names.tenant_labels(tenant_id),
    }
    front = Service(
        f"{name}-front",
        metadata=meta | {"annotations": _SKIP_AWAIT},
        spec=gateway.route_service(),
        opts=opts,
    )
    endpoints = _endpoints(name, tenant_id, meta, service, opts)
    route = CustomResource(
        f"{name}-route",
        api_version=gateway.API_VERSION,
        kind="TLSRoute",
        metadata=meta,
        spec=gateway.tls_route(tenant_id, domain, gateway=gateway_name),
        opts=opts,
    )
    return [front, endpoints, route]


def _endpoints(
    name: str,
    tenant_id: str,
    meta: dict[str, Any],
    service: Service,
    opts: pulumi.ResourceOptions,
) -> EndpointSlice:
    """Where the front Service leads: to the tenant's own Service."""
    # A preview of a Service in a namespace that is not there yet has no address, and not an unknown
    # one either: the id is what is unknown until the Service exists (2026-11-23: the preview of a
    # third tenant failed with "endpoints[0].addresses[0]: Invalid value").
    address: pulumi.Output[str] = pulumi.Output.all(service.spec.cluster_ip, service.id).apply(
        lambda known: str(known[0])
    )
    return EndpointSlice(
        f"{name}-route-endpoints",
        metadata=meta | {"labels": gateway.endpoint_slice_labels(tenant_id)},
        address_type="IPv4",
        endpoints=gateway.endpoints(address),
        ports=gateway.endpoint_ports(),
        opts=opts,
    )
