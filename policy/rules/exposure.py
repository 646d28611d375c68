"""exposure: how a tenant's pods may be reached from outside their host: by the gateway alone.

Not here: who may reach them inside it (fence.py).
"""

from collections.abc import Iterator

from core.errors import describe
from policy.declared import Declared, at, items, known
from policy.pods import containers, pod

_REMEDY = "leave it to the gateway, which passes TLS through to the tenant's Service"


def opened(resource: Declared) -> Iterator[str]:
    """A load balancer, a node's port or a node's network in a tenant's namespace."""
    if not resource.is_tenants:
        return
    if resource.kind == "Service":
        yield from _service(resource)
    found = pod(resource)
    if at(found, "spec", "hostNetwork") is True:
        yield describe(resource.thing, "its pods are in the node's network", remedy=_REMEDY)
    for container in containers(found):
        for port in items(container.get("ports")):
            if host_port := known(port, "hostPort"):
                thing = f"{resource.thing}, container {container.get('name')}"
                yield describe(thing, "it takes a port of its node", host_port, _REMEDY)


def _service(resource: Declared) -> Iterator[str]:
    kind = resource.at("spec", "type")
    if kind in {"LoadBalancer", "NodePort"}:
        yield describe(resource.thing, "it can be reached from outside the host", kind, _REMEDY)
    if addresses := items(resource.at("spec", "externalIPs")):
        yield describe(resource.thing, "it takes addresses outside the host", addresses, _REMEDY)
