"""The members of one etcd, with their Services, keys and network rules.

Owns: the StatefulSet, and the certificates that the members show to clients and to each other.
Not here: the authority of the clients and its uses (shared_etcd.py, _store_dedicated_etcd.py),
manifests (core/manifests/etcd.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import StatefulSet
from pulumi_kubernetes.core.v1 import Secret, Service
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

from components import _certificates
from core import generations, names, pki
from core.generations import Generations
from core.manifests import etcd


@dataclass(frozen=True)
class Members:
    """Members that were declared."""

    client_url: pulumi.Output[str]
    """https URL of all; known once they are ready."""

    expires: dict[str, pulumi.Output[str]]
    """When each of their certificates ends, RFC 3339, by its name."""


def declare(
    name: str,
    cluster: etcd.Cluster,
    *,
    namespace: pulumi.Input[str],
    ca: _certificates.Authority,
    keys: Generations,
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
        ca: Signs servers and clients. Members have another for each other, so that no client can
            join as one.
        keys: Generations of `ca`, and of that other one.
        opts: Of every resource.
        protect: Refuse to delete or replace the members.
        annotations: Of the StatefulSet.
        certificates: When those of others end that belong to this etcd, by their names.
    """
    child = pulumi.ResourceOptions(parent=opts.parent)
    meta = {"name": etcd.NAME, "namespace": namespace, "labels": cluster.labels}
    secret, keys_hash, own = _keys(name, cluster, namespace=namespace, ca=ca, keys=keys, opts=child)
    ends = own | dict(certificates or {})
    notes = {
        names.ANNOTATION_KEYS: generations.text(keys),
        names.ANNOTATION_CERTIFICATES: pulumi.Output.all(**ends).apply(json.dumps),
        **(annotations or {}),
    }
    policy = NetworkPolicy(
        f"{name}-policy", metadata=meta, spec=etcd.network_policy(cluster), opts=child
    )
    PodDisruptionBudget(
        f"{name}-budget", metadata=meta, spec=etcd.pod_disruption_budget(cluster), opts=child
    )
    stateful_set = StatefulSet(
        f"{name}-members",
        metadata=meta | {"annotations": notes},
        spec=etcd.stateful_set(cluster, keys_hash),
        opts=pulumi.ResourceOptions(
            parent=opts.parent,
            protect=protect,
            depends_on=[secret, policy, *_services(name, cluster, meta, child)],
            # Two more members are strangers to the first; two fewer take the quorum with them.
            replace_on_changes=["spec.replicas"],
        ),
    )
    url = etcd.client_url(cluster.namespace)
    return Members(stateful_set.metadata.name.apply(lambda _: url), ends)


def _services(
    name: str, cluster: etcd.Cluster, meta: dict[str, Any], opts: pulumi.ResourceOptions
) -> list[Service]:
    """Where clients reach the members, and the members each other."""
    there_at_once = {"annotations": {"pulumi.com/skipAwait": "true"}}
    return [
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


def _keys(
    name: str,
    cluster: etcd.Cluster,
    *,
    namespace: pulumi.Input[str],
    ca: _certificates.Authority,
    keys: Generations,
    opts: pulumi.ResourceOptions,
) -> tuple[Secret, pulumi.Output[str], dict[str, pulumi.Output[str]]]:
    """Certificates of the members, in one Secret that only they mount."""
    peer_ca = _certificates.authority(
        f"{name}-peerca", f"{cluster.namespace} etcd peers", keys, opts
    )
    server, peer = (
        _certificates.leaf(
            name, plan, ca_pem=signer.trusted_pem, ca_key_pem=signer.key_pem, opts=opts
        )
        for plan, signer in (
            (pki.store_server(cluster.namespace), ca),
            (pki.store_peer(cluster.namespace), peer_ca),
        )
    )
    secret = Secret(
        f"{name}-keys",
        metadata={"name": etcd.KEYS_SECRET, "namespace": namespace},
        string_data={
            "ca.crt": ca.trusted_pem,
            "peer-ca.crt": peer_ca.trusted_pem,
            "peer.crt": peer.certificate_pem,
            "peer.key": peer.key_pem,
            "server.crt": server.certificate_pem,
            "server.key": server.key_pem,
        },
        opts=opts,
    )
    keys_hash = _certificates.fingerprint(
        server.certificate_pem, peer.certificate_pem, ca.trusted_pem, peer_ca.trusted_pem
    )
    ends = {"etcd-server": server.expires, "etcd-peer": peer.expires}
    for whose, signer in (("etcd", ca), ("etcd-peer", peer_ca)):
        ends |= {f"{whose}-{each}": end for each, end in signer.expires.items()}
    return secret, keys_hash, ends
