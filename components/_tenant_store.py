"""A tenant's place in its store, whichever kind that is.

Owns: what the rest of a tenant needs to know of its store.
Not here: each kind (_store_shared_etcd.py, _store_dedicated_etcd.py, _store_sql.py), the choice
among them (_store_kinds.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import pulumi

from components._certificates import Certificate
from core import generations, names
from core.generations import Generations
from core.manifests import etcd

READY = {"pulumi.com/waitFor": "condition=Ready"}
"""Annotation of an object that Pulumi waits for."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where everything of one tenant is declared."""

    name: str
    """In front of the names of all resources."""
    tenant: str
    version: str
    """Kubernetes version of its API servers."""
    namespace: pulumi.Output[str]
    """Known once it exists."""
    home: pulumi.Resource | None
    """The namespace itself."""
    agent_namespace: pulumi.Input[str]
    """Known once the host agent runs."""
    timeout: Mapping[str, str]
    """Annotations that bound the wait for a resource."""
    keys: Generations
    """Generations of the tenant's own keys."""
    opts: pulumi.ResourceOptions

    def meta(self, name: str, annotations: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the metadata of one of its objects."""
        meta: dict[str, Any] = {
            "name": name,
            "namespace": self.namespace,
            "labels": names.tenant_labels(self.tenant),
        }
        return meta | ({"annotations": dict(annotations)} if annotations else {})

    def by_agent(self) -> dict[str, Any]:
        """Return the annotations of an object that the host agent makes ready."""
        return {
            **READY,
            **self.timeout,
            names.ANNOTATION_AGENT: self.agent_namespace,
        }


@dataclass(frozen=True, kw_only=True)
class TenantStore:
    """A tenant's place in its store."""

    servers: pulumi.Input[str]
    """What the API server dials; known once somebody answers there, or is about to."""

    files: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """What the API server's container mounts for it, beside its other keys."""

    marks: Sequence[pulumi.Input[str]] = ()
    """Whose change rolls the pods."""

    expires: Mapping[str, pulumi.Output[str]] = field(default_factory=dict)
    """When each of its certificates ends, RFC 3339, by its name."""

    keys: Generations = generations.FIRST
    """Generations of the authorities of a store that others have too."""

    found: Sequence[pulumi.Resource] = ()
    """What looks first at an address that may change: until then pods are let to the old one."""

    ready: Sequence[pulumi.Resource] = ()
    """What has to be there before a pod mounts the tenant's keys."""


def etcd_store(
    client_url: pulumi.Input[str],
    ca_pem: pulumi.Input[str],
    leaf: Certificate,
    *,
    expires: Mapping[str, pulumi.Output[str]] | None = None,
    keys: Generations = generations.FIRST,
    ready: Sequence[pulumi.Resource] = (),
) -> TenantStore:
    """Return the place in an etcd that a certificate opens."""
    files = {
        "etcd-ca.crt": ca_pem,
        "etcd.crt": leaf.certificate_pem,
        "etcd.key": leaf.key_pem,
    }
    return TenantStore(
        servers=client_url,
        files=files,
        marks=[ca_pem, leaf.certificate_pem],
        expires={"etcd-client": leaf.expires, **(expires or {})},
        keys=keys,
        ready=ready,
    )


class StoreKind(Protocol):
    """One kind of store, with what a tenant chose of it."""

    tls: bool
    compacted: bool
    """As in core.stores.StoreAccess."""

    @property
    def kind(self) -> str:
        """What it is: etcd, dedicated, or an SQL server's engine."""

    @property
    def egress(self) -> list[dict[str, Any]]:
        """Rules that let the tenant's pods reach it."""

    @property
    def own_etcd(self) -> etcd.Cluster | None:
        """What runs for it in the tenant's namespace."""

    @property
    def kine_image(self) -> str | None:
        """The proxy that a pod needs before its API server."""

    def declare(self, place: Place) -> TenantStore:
        """Declare the tenant's place in it."""
