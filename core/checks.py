"""checks: what a single value in the settings must look like.

Each takes the value and its path, and returns the value to keep or raises InvalidInputError.
Not here: names (names.py), versions (versions.py), values taken together (settings_rules.py).
"""

import ipaddress
import re

from core import names, versions
from core.errors import InvalidInputError

_LINK_LOCAL = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL = re.compile(r"[a-z]([-a-z0-9]{0,18}[a-z0-9])?")


def network(value: str, path: str) -> str:
    """Check a network in CIDR notation."""
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        remedy = "write it like 10.0.0.0/20"
        raise InvalidInputError(path, "is not a network", value, remedy) from None


def way_out(value: str, path: str) -> str:
    """Check a network that pods shall reach: not where clouds hand out a node's credentials."""
    found = network(value, path)
    if any(one.overlaps(ipaddress.ip_network(found)) for one in _LINK_LOCAL):
        problem = "has link-local addresses, where clouds hand out a node's credentials"
        remedy = "name the network of the server alone, like 203.0.113.7/32"
        raise InvalidInputError(path, problem, value, remedy)
    return found


def label(value: str, path: str) -> str:
    """Check a name that becomes part of other names."""
    if _LABEL.fullmatch(value):
        return value
    remedy = "use 1 to 20 lower-case letters, digits and dashes, a letter first and no dash last"
    raise InvalidInputError(path, "is not a name", value, remedy)


def namespace(value: str, path: str) -> str:
    """Check the name of a namespace in a tenant that isn't Kubernetes' own."""
    if _NAMESPACE.fullmatch(value) and not value.startswith(("kube-", "tenantplane-")):
        return value
    remedy = "use 1 to 63 lower-case letters, digits and dashes, no kube- or tenantplane- in front"
    raise InvalidInputError(path, "is not the name of a namespace", value, remedy)


def runtime_class(value: str, path: str) -> str:
    """Check the name of a RuntimeClass."""
    if names.DOMAIN.fullmatch(value):
        return value
    remedy = "use lower-case letters, digits, dashes and dots, like gvisor"
    raise InvalidInputError(path, "is not the name of a RuntimeClass", value, remedy)


def image_key(value: str, path: str) -> str:
    """Check the name of an image, or `name:version` where tenants or pools choose the version."""
    name, colon, version = value.partition(":")
    if name not in versions.IMAGE_NAMES:
        remedy = f"use one of {', '.join(versions.IMAGE_NAMES)}"
        raise InvalidInputError(path, "is not an image of tenantplane", value, remedy)
    if not colon:
        return value
    if name == "etcd":
        versions.check_etcd(version, path)
    elif name not in versions.KUBERNETES_IMAGES:
        raise InvalidInputError(path, "is not an image of many versions", value, f"use {name}")
    elif (full := versions.check_kubernetes(version, path)) != version:
        raise InvalidInputError(path, "is not a full version", version, f"use {name}:{full}")
    return value


def reference(value: str, path: str) -> str:
    """Check a registry, with or without a path below it, or an image in one."""
    if not re.search(r"\s|://", value):
        return value
    remedy = "write it like mirror.example.com/k8s, with no https:// in front"
    raise InvalidInputError(path, "is not a registry or an image", value, remedy)


def address(value: str, path: str) -> str:
    """Check an IP address or a DNS name."""
    ip = _ip(value)
    if ip or names.DOMAIN.fullmatch(value):
        return ip or value
    remedy = "write it like 203.0.113.10, without https:// and port"
    raise InvalidInputError(path, "is not an address", value, remedy)


def server(value: str, path: str) -> str:
    """Check the address of a server that pods shall reach; where a name leads can't be known."""
    found = address(value, path)
    if _ip(found):
        way_out(found, path)
    return found


def _ip(value: str) -> str | None:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        return None
