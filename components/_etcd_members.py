"""The members of one etcd, with their Services, keys and network rules.

Owns: the StatefulSet, and the certificates that the members show to clients and to each other.
Not here: the authority of the clients and its uses (shared_etcd.py, _store_dedicated_etcd.py),
manifests (core/manifests/etcd.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import Secret, Service
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components import _certificates
from core import generations, names, pki
from core.manifests import etcd


@dataclass(frozen=True)
class Members:
    """Members that were declared."""

    client_url: pulumi.Output[str]
    """https URL of all; known once they are ready."""

    service_url: pulumi.Output[str]
    """The same, known as soon as there is a Service and who may reach it."""

    expires: dict[str, pulumi.Output[str]]
    """When each of their certificates ends, RFC 3339, by its name."""


@dataclass(frozen=True)
class _Keys:
    """What the members mount."""

    secret: Secret
    fingerprint: pulumi.Output[str]
    """Another one rolls the members."""
    expires: dict[str, pulumi.Output[str]]


def declare(
    name: str,
    cluster: etcd.Cluster,
    *,
    namespace: pulumi.Input[str],
    ca: _certificates.Authority,
    opts: pulumi.ResourceOptions,
    protect: bool = False,
    annotations: Mapping[str, pulumi.Input[str]] | None = None,
    certificates: Mapping[str, pulumi.Output[str]] | None = None,
) -> Members:
    """Declare the members.

    Args:
        name: In front of the names of all resources.
        cluster: What they are.
        namespace: Known once it exists.
        ca: Signs servers and clients. Members have another for each other, of the same generations,
            so that no client can join as one.
        opts: Of every resource.
        protect: Refuse to delete or replace the members.
        annotations: Of the StatefulSet.
        certificates: When those of others end that belong to this etcd, by their names.
    """
    keys = _keys(name, cluster, namespace=namespace, ca=ca, opts=opts)
    ends = keys.expires | dict(certificates or {})
    notes = {
        names.ANNOTATION_KEYS: generations.text(ca.keys),
        names.ANNOTATION_CERTIFICATES: pulumi.Output.all(**ends).apply(json.dumps),
        **(annotations or {}),
    }
    meta = {"name": etcd.NAME, "namespace": namespace, "labels": cluster.labels}
    around = _around(name, cluster, meta, opts)
    made = _stateful_set(
        name,
        etcd.stateful_set(cluster, keys.fingerprint),
        meta | {"annotations": notes},
        after=[keys.secret, *around],
        opts=pulumi.ResourceOptions(parent=opts.parent, protect=protect),
    )
    url = etcd.client_url(cluster.namespace)
    return Members(
        client_url=made.urn.apply(lambda _: url),
        service_url=pulumi.Output.all(*(one.urn for one in around)).apply(lambda _: url),
        expires=ends,
    )


def _stateful_set(
    name: str,
    spec: dict[str, Any],
    metadata: dict[str, Any],
    *,
    after: Sequence[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> StatefulSet:
    # Two more members are strangers to the first; two fewer take the quorum with them.
    fixed = pulumi.ResourceOptions(depends_on=after, replace_on_changes=["spec.replicas"])
    opts = pulumi.ResourceOptions.merge(opts, fixed)
    return StatefulSet(f"{name}-members", metadata=metadata, spec=spec, opts=opts)


def _around(
    name: str, cluster: etcd.Cluster, meta: dict[str, Any], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """Who reaches the members and where, and how many a drain may take; before they start."""
    policy = NetworkPolicy(
        f"{name}-policy", metadata=meta, spec=etcd.network_policy(cluster), opts=opts
    )
    PodDisruptionBudget(
        f"{name}-budget", metadata=meta, spec=etcd.pod_disruption_budget(cluster), opts=opts
    )
    there_at_once = {"annotations": {"pulumi.com/skipAwait": "true"}}
    services = [
        Service(
            f"{name}-{suffix}",
            metadata=meta | {"name": called} | there_at_once,
            spec=spec,
            opts=opts,
        )
        for suffix, called, spec in (
            ("client", etcd.NAME, etcd.client_service(cluster)),
            ("peers", "etcd-peers", etcd.peer_service(cluster)),
        )
    ]
    return [policy, *services]


def _keys(
    name: str,
    cluster: etcd.Cluster,
    *,
    namespace: pulumi.Input[str],
    ca: _certificates.Authority,
    opts: pulumi.ResourceOptions,
) -> _Keys:
    """Certificates of the members, in one Secret that only they mount."""
    called = f"{cluster.namespace} etcd peers"
    peer_ca = _certificates.authority(f"{name}-peerca", called, ca.keys, opts)
    plans = (pki.store_server(cluster.namespace), ca), (pki.store_peer(cluster.namespace), peer_ca)
    server, peer = (
        _certificates.leaf(
            name, plan, ca_pem=signer.trusted_pem, ca_key_pem=signer.key_pem, opts=opts
        )
        for plan, signer in plans
    )
    files = {
        "ca.crt": ca.trusted_pem,
        "peer-ca.crt": peer_ca.trusted_pem,
        "peer.crt": peer.certificate_pem,
        "peer.key": peer.key_pem,
        "server.crt": server.certificate_pem,
        "server.key": server.key_pem,
    }
    meta = {"name": etcd.KEYS_SECRET, "namespace": namespace}
    secret = Secret(f"{name}-keys", metadata=meta, string_data=files, opts=opts)
    fingerprint = _certificates.fingerprint(
        server.certificate_pem, peer.certificate_pem, ca.trusted_pem, peer_ca.trusted_pem
    )
    ends = {"etcd-server": server.expires, "etcd-peer": peer.expires}
    for whose, signer in (("etcd", ca), ("etcd-peer", peer_ca)):
        ends |= {f"{whose}-{each}": end for each, end in signer.expires.items()}
    return _Keys(secret, fingerprint, ends)
