"""The pods of one tenant: its API server and controllers, and the files that they read.

Owns: ConfigMap and Deployment.
Not here: the keys that they mount (_tenant_keys.py), what they are made of and their flags (core/).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import pulumi
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import ConfigMap

from components._tenant_keys import TenantKeys
from components._tenant_store import StoreKind, TenantStore
from core import flags, generations, names
from core.generations import Generations
from core.manifests import apiserver_config, tenant, tenant_fence
from core.manifests.host_accounts import HostAccounts
from core.manifests.pods import issuer_egress, scheduling
from core.oidc import Issuer
from core.operators.budget import Budget
from core.profiles import Profile
from core.stores import StoreAccess


class HostIssuer(TypedDict):
    """Who issues the tokens of the host's ServiceAccounts, which operators have."""

    url: str
    """Its URL, as it stands in the tokens."""

    ca_pem: pulumi.Input[str]
    """Authority of the host agent, which has its keys, PEM."""


class OperatorAllowance(TypedDict):
    """What one operator may have of the host."""

    memory_mib: int
    """MiB of memory that its containers may use together."""

    pods: int
    """Pods that it may have."""

    cpu_millicores: int
    """Millicores of CPU that its containers may ask for together."""

    storage_gib: int
    """Size in GiB of all its volumes together."""

    registries: Sequence[str]
    """Registries that its images may come from."""


@dataclass(frozen=True, kw_only=True)
class Pods:
    """What the pods of one tenant are."""

    tenant: str
    domain: str
    version: str
    """Kubernetes version in full."""
    profile: Profile
    running_profiles: tuple[Profile, ...]
    """What those that run have."""
    replicas: int
    apiserver_image: str
    controller_manager_image: str
    datastore: str
    store: StoreKind
    keys: Generations
    """Of the tenant's own keys."""
    encryption: str
    """What is encrypted, one of encryption.SCOPES."""
    priority_class: pulumi.Input[str] | None
    runtime_class: str | None
    audit: str
    issuers: tuple[Issuer, ...]
    host_issuer: HostIssuer | None
    operators: tuple[Budget, ...]
    """What each of its operators may use."""
    registries: tuple[str, ...]
    """Where the images of its operators may come from."""

    @property
    def files(self) -> pulumi.Output[dict[str, str]]:
        """What its API server reads of its ConfigMap."""
        trusted = self.host_issuer["ca_pem"] if self.host_issuer else ""
        return pulumi.Output.from_input(trusted).apply(self._files)

    def _files(self, agent_ca_pem: str) -> dict[str, str]:
        accounts = self.host_issuer and HostAccounts(
            tenant=self.tenant,
            issuer=self.host_issuer["url"],
            audience=names.issuer(self.tenant, self.domain),
            ca_pem=agent_ca_pem,
        )
        config = apiserver_config.Config(
            version=self.version,
            profile=self.profile,
            audit=self.audit,
            issuers=self.issuers,
            host_accounts=accounts,
        )
        return apiserver_config.files(config)

    @property
    def egress(self) -> list[dict[str, Any]]:
        """What its pods reach besides DNS: its store, and whose tokens it has to check."""
        issuers = [issuer_egress(one.network, one.port) for one in self.issuers]
        agent = [tenant_fence.agent_egress()] if self.host_issuer else []
        return [*self.store.egress, *issuers, *agent]


def declare(
    name: str,
    pods: Pods,
    *,
    namespace: pulumi.Input[str],
    store: TenantStore,
    keys: TenantKeys,
    annotations: dict[str, str],
    after: Sequence[pulumi.Resource],
    opts: pulumi.ResourceOptions,
) -> Deployment:
    """Declare them, to start once `after` is there: what they mount, and what knows them."""
    files = pods.files
    labels = names.tenant_labels(pods.tenant)
    meta: dict[str, Any] = {"namespace": namespace, "labels": labels}
    config = ConfigMap(
        f"{name}-config",
        metadata={"name": apiserver_config.CONFIG_MAP, **meta},
        data=files,
        opts=opts,
    )
    meta["labels"] = labels | {
        names.LABEL_DATASTORE: pods.datastore,
        names.LABEL_STORE_KIND: pods.store.kind,
        names.LABEL_VERSION: pods.version,
    }
    annotations = annotations | {
        names.ANNOTATION_KEYS: generations.text(pods.keys),
        names.ANNOTATION_STORE_KEYS: generations.text(store.keys),
    }
    wanted = _control_plane(pods, store, keys, files)
    return Deployment(
        f"{name}-control-plane",
        metadata={"name": tenant.NAME, **meta, "annotations": annotations},
        spec=tenant.deployment(wanted),
        opts=pulumi.ResourceOptions(parent=opts.parent, depends_on=[*after, config]),
    )


def _control_plane(
    pods: Pods, store: TenantStore, keys: TenantKeys, files: pulumi.Output[dict[str, str]]
) -> tenant.ControlPlane:
    """Return what they are; another key or file rolls them."""
    return tenant.ControlPlane(
        tenant=pods.tenant,
        version=pods.version,
        replicas=pods.replicas,
        profile=pods.profile,
        apiserver_args=_apiserver_args(pods, store.servers),
        apiserver_image=pods.apiserver_image,
        controller_manager_image=pods.controller_manager_image,
        kine_image=pods.store.kine_image,
        scheduling=scheduling(pods.priority_class, pods.runtime_class),
        keys_hash=keys.fingerprint(
            *store.marks, *(files[name] for name in apiserver_config.names(pods.version))
        ),
        encryption_hash=keys.encryption_hash,
    )


def _apiserver_args(pods: Pods, servers: pulumi.Input[str]) -> pulumi.Output[list[str]]:
    def render(known: str) -> list[str]:
        store = StoreAccess(servers=known, tls=pods.store.tls, compacted=pods.store.compacted)
        return flags.apiserver(
            tenant=pods.tenant,
            domain=pods.domain,
            version=pods.version,
            store=store,
            profile=pods.profile,
            replicas=pods.replicas,
        )

    return pulumi.Output.from_input(servers).apply(render)
