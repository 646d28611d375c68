"""TenantControlPlane: everything of one tenant on the host that it lives on.

Owns: its namespace, the Secrets made of its keys, its outputs, and the order of all.
Not here: its pods, keys, route, fence, store and inside (_tenant_*.py, _store_*.py), anything
host-wide (shared_etcd.py, ingress_passthrough.py, host_agent.py), manifests (core/).
"""

from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components import (
    _tenant_base,
    _tenant_checks,
    _tenant_encryption,
    _tenant_fence,
    _tenant_place,
    _tenant_pods,
    _tenant_route,
)
from components._store_dedicated_etcd import DedicatedEtcdStore
from components._store_shared_etcd import SharedEtcdStore
from components._store_sql import SqlStore
from components._tenant_keys import TenantKeys, TenantUsers
from components._tenant_people import TenantPeople
from components._tenant_pods import HostIssuer, OperatorAllowance
from components._tenant_store import TenantStore
from components.oidc_issuer import OidcIssuer
from components.tenant_user import TenantUser
from core import flags, names
from core.manifests import tenant

DEFAULT_TIMEOUT_SECONDS = 300


class TenantControlPlaneArgs(TypedDict):
    """Inputs of TenantControlPlane."""

    tenant: str
    """The id, unique over the whole installation. Changing it makes another tenant."""

    domain: str
    """Wildcard domain of the installation; the tenant is `<id>.<domain>`."""

    gateway_address: pulumi.Input[str]
    """Address of the host's gateway, as it stands in kubeconfigs."""

    gateway_port: pulumi.Input[int]
    """Public port of the gateway."""

    gateway_name: pulumi.Input[str]
    """Name of the Gateway that the route attaches to."""

    gateway_namespace: pulumi.Input[str]
    """Namespace of the Gateway."""

    agent_namespace: pulumi.Input[str]
    """Namespace of the host agent, known once it runs: what needs the agent waits for it."""

    datastore: str
    """Name of the store that keeps the tenant's objects, or `dedicated`. Fixed at creation.

    Exactly one of the next three says what it is.
    """

    shared_etcd: NotRequired[SharedEtcdStore]
    """An etcd pool of the host."""

    store_limit_mib: NotRequired[int]
    """MiB in that pool from which on the tenant may only read and delete. Default 256."""

    dedicated_etcd: NotRequired[DedicatedEtcdStore]
    """An etcd of its own."""

    sql: NotRequired[SqlStore]
    """An SQL server of the host."""

    apiserver_image: str
    """Image reference of kube-apiserver. Changing it rolls the pods."""

    controller_manager_image: str
    """Image reference of kube-controller-manager. Changing it rolls the pods."""

    version: NotRequired[str]
    """Kubernetes version of both images. Default core.versions.DEFAULT_KUBERNETES."""

    profile: NotRequired[str]
    """Size: small, medium or large. Default small. Changing it rolls the pods."""

    running_profiles: NotRequired[Sequence[str]]
    """Profiles that its pods have now: the quota has room for them. Default none. In place."""

    encryption: NotRequired[str]
    """What is encrypted in the store: secrets, all or none. Default secrets. Rolls the pods."""

    keys: NotRequired[Sequence[int]]
    """Generations of the tenant's keys: the first signs and encrypts. Default [1]. Rolls the pods.

    Going from [1] to [1, 2], [2, 1] and [2] replaces them (core/generations.py).
    """

    replicas: NotRequired[int]
    """Pods, 1 to 3. Default 1. Changing it adds or removes pods; from or to 1 it rolls them."""

    priority_class: NotRequired[pulumi.Input[str]]
    """PriorityClass of its pods, there before them. Default the host's. Changing it rolls them."""

    runtime_class: NotRequired[str]
    """RuntimeClass of its control plane's pods. Default none: the host's own. Changing it rolls.

    A dedicated etcd is never in it: its latency is that of the disk.
    """

    audit: NotRequired[str]
    """What its audit log has of each request: metadata, or none. Default metadata. Rolling."""

    oidc: NotRequired[list[OidcIssuer]]
    """Issuers whose tokens it accepts. Default none. Changing the list rolls the pods."""

    operators: NotRequired[Sequence[OperatorAllowance]]
    """What each of its operators may have of the host. Default none. Changed in place."""

    host_issuer: NotRequired[HostIssuer]
    """Whose tokens its operators have. Default none: it lets no operator in. Changing it rolls."""

    users: NotRequired[list[TenantUser]]
    """Its people, and what each may do. Default none. Changed in place."""

    public_dns: NotRequired[bool]
    """True when `*.<domain>` resolves to the gateway: kubeconfigs then name the tenant itself."""

    timeout_seconds: NotRequired[int]
    """How long to wait for the tenant to become ready, in seconds. Default 300."""


class TenantControlPlane(pulumi.ComponentResource):
    """A Kubernetes control plane without nodes."""

    kubeconfig: pulumi.Output[str]
    """kubeconfig of the tenant's administrators (group tenant-admins); secret."""

    admin_kubeconfig: pulumi.Output[str]
    """Break-glass kubeconfig (group system:masters), for the platform team alone; secret."""

    endpoint: pulumi.Output[str]
    """https URL of the tenant's API server, as in its kubeconfigs."""

    version: pulumi.Output[str]
    """Kubernetes version."""

    ca_pem: pulumi.Output[str]
    """Authority of its API server, PEM; two while it is replaced."""

    inside: pulumi.Output[str]
    """Its namespace on the host, known once it serves and the host agent has been in it."""

    certificates: pulumi.Output[Mapping[str, str]]
    """When each of its certificates ends, authorities too, RFC 3339, by its name."""

    user_kubeconfigs: pulumi.Output[Mapping[str, str]]
    """kubeconfig of each user that has a name, by it; secret."""

    user_expiry: pulumi.Output[Mapping[str, str]]
    """When what is in each of these ends, RFC 3339, by the user's name."""

    def __init__(
        self, name: str, args: TenantControlPlaneArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the tenant.

        Raises:
            InvalidInputError: an input that can't be, or not exactly one store.
        """
        pods = _tenant_checks.checked(args)
        people = _tenant_checks.people(args, pods.issuers)
        super().__init__("tenantplane:index:TenantControlPlane", name, {}, opts)
        self._args = args
        self._place = place = _tenant_place.declare(
            name,
            pods,
            agent_namespace=args["agent_namespace"],
            timeout_seconds=int(args.get("timeout_seconds", DEFAULT_TIMEOUT_SECONDS)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        keys = TenantKeys(
            name,
            pods.tenant,
            args["domain"],
            keys=pods.keys,
            scope=pods.encryption,
            opts=place.opts,
        )
        fence = _tenant_fence.declare(place)
        store = pods.store.declare(place)
        ways = _tenant_fence.declare_ways(place, pods.egress, after=store.found)
        secrets = self._secrets(keys, store)
        deployment = _tenant_pods.declare(
            name,
            pods,
            namespace=place.namespace,
            store=store,
            keys=keys,
            annotations=dict(place.timeout),
            after=[*fence, ways, *secrets],
            opts=place.opts,
        )
        self._serving: pulumi.Output[str] = deployment.urn
        # What the pods don't need comes while they start.
        meanwhile = pulumi.ResourceOptions(parent=self, depends_on=secrets)
        route = _tenant_route.declare(
            place,
            args["domain"],
            gateway_name=args["gateway_name"],
            gateway_namespace=args["gateway_namespace"],
            opts=meanwhile,
        )
        users = TenantUsers(keys, meanwhile)
        self.certificates = pulumi.Output.all(**users.expires, **store.expires)
        base = _tenant_base.declare(
            place,
            pods.version,
            people,
            credentials=self._secret(tenant.AGENT_SECRET, users.agent_files()),
            certificates=self.certificates,
        )
        self.ca_pem = keys.authority.trusted_pem
        self.inside = pulumi.Output.all(place.namespace, base.urn, deployment.urn).apply(
            lambda found: str(found[0])
        )
        encrypted = _tenant_encryption.declare(
            place, pods.encryption, keys.encryption_hash, after=deployment
        )
        limits = _tenant_fence.declare_limits(place, pods, meanwhile)
        self._people = TenantPeople(place, keys, people, base=base, opts=meanwhile)
        self._publish(users, pods.version, after=[deployment, base, encrypted, *route, *limits])

    @property
    def home(self) -> pulumi.Resource | None:
        """Its namespace on the host: what is in it goes with it."""
        return self._place.home

    @property
    def serving(self) -> pulumi.Output[str]:
        """Known once its pods serve; what is inside the tenant may not be there yet."""
        return self._serving

    def _secrets(self, keys: TenantKeys, store: TenantStore) -> list[pulumi.Resource]:
        """What the pods mount, once the store knows the tenant."""
        server = f"https://127.0.0.1:{flags.APISERVER_PORT}"
        controller_manager = keys.controller_manager_files(server)
        apiserver = {**keys.apiserver_files(), **store.files}
        return [
            self._secret(tenant.APISERVER_SECRET, apiserver, after=store.ready),
            self._secret(tenant.CONTROLLER_MANAGER_SECRET, controller_manager),
        ]

    def _secret(
        self,
        name: str,
        data: Mapping[str, pulumi.Input[str]],
        *,
        after: Sequence[pulumi.Resource] = (),
    ) -> Secret:
        return Secret(
            f"{self._place.name}-secret-{name}",
            metadata=self._place.meta(name),
            string_data=data,
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _publish(self, users: TenantUsers, version: str, after: list[pulumi.Resource]) -> None:
        """Outputs that are known once the tenant answers."""
        public = bool(self._args.get("public_dns", False))
        name = names.public_name(self._place.tenant, self._args["domain"])
        host = name if public else self._args["gateway_address"]
        ready = [resource.urn for resource in after]
        self.endpoint = pulumi.Output.all(host, self._args["gateway_port"], *ready).apply(
            lambda values: f"https://{values[0]}:{int(values[1])}"
        )
        sni = None if public else name
        self.kubeconfig = users.kubeconfig("admin", self.endpoint, sni)
        self.admin_kubeconfig = users.kubeconfig("break-glass", self.endpoint, sni)
        self.user_kubeconfigs = self._people.kubeconfigs(self.endpoint, sni)
        self.user_expiry = self._people.expires
        self.version = pulumi.Output.from_input(version)
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "version": self.version,
                "caPem": self.ca_pem,
                "inside": self.inside,
                "certificates": self.certificates,
                "kubeconfig": self.kubeconfig,
                "adminKubeconfig": self.admin_kubeconfig,
                "userKubeconfigs": self.user_kubeconfigs,
                "userExpiry": self.user_expiry,
            }
        )
