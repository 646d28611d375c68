"""The pods of one tenant: its API server and controllers, and the files that they read.

Owns: ConfigMap and Deployment.
Not here: the keys that they mount (_tenant_keys.py), what they are made of and their flags (core/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap

from components._tenant_keys import TenantKeys
from core import flags, names
from core.manifests import tenant
from core.profiles import Profile


@dataclass(frozen=True, kw_only=True)
class Pods:
    """What the pods of one tenant are."""

    tenant: str
    domain: str
    version: str
    """Kubernetes version in full."""
    profile: Profile
    replicas: int
    apiserver_image: str
    controller_manager_image: str


def declare(
    name: str,
    pods: Pods,
    *,
    namespace: pulumi.Input[str],
    etcd_servers: pulumi.Input[str],
    keys: TenantKeys,
    annotations: dict[str, str],
    after: Sequence[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> Deployment:
    """Declare them, to start once `after` is there: what they mount, and what knows them."""
    files = tenant.config_files(pods.version)
    labels = names.tenant_labels(pods.tenant)
    meta: dict[str, Any] = {"namespace": namespace, "labels": labels}
    config = ConfigMap(
        f"{name}-config", metadata={"name": tenant.CONFIG_MAP, **meta}, data=files, opts=opts
    )
    meta["labels"] = labels | {names.LABEL_VERSION: pods.version}
    return Deployment(
        f"{name}-control-plane",
        metadata={"name": tenant.NAME, **meta, "annotations": annotations},
        spec=tenant.deployment(
            tenant=pods.tenant,
            version=pods.version,
            replicas=pods.replicas,
            profile=pods.profile,
            apiserver_args=_apiserver_args(pods, etcd_servers),
            apiserver_image=pods.apiserver_image,
            controller_manager_image=pods.controller_manager_image,
            keys_hash=keys.fingerprint(*(text for _, text in sorted(files.items()))),
        ),
        opts=pulumi.ResourceOptions(parent=opts.parent, depends_on=[*after, config]),
    )


def _apiserver_args(pods: Pods, etcd_servers: pulumi.Input[str]) -> pulumi.Output[list[str]]:
    def render(servers: str) -> list[str]:
        return flags.apiserver(
            tenant=pods.tenant,
            domain=pods.domain,
            etcd_servers=servers,
            profile=pods.profile,
            replicas=pods.replicas,
        )

    return pulumi.Output.from_input(etcd_servers).apply(render)
