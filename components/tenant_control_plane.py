"""TenantControlPlane: everything of one tenant on the host that it lives on.

Owns: namespace, keys, store access, API server and controllers, route, kubeconfigs, the tenant's
base objects.
Not here: anything host-wide (shared_etcd.py, ingress_passthrough.py, host_agent.py), manifests and
flags (core/).
"""

from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.apps.v1 import Deployment
from pulumi_kubernetes.core.v1 import (
    ConfigMap,
    LimitRange,
    Namespace,
    ResourceQuota,
    Secret,
    Service,
)
from pulumi_kubernetes.discovery.v1 import EndpointSlice
from pulumi_kubernetes.networking.v1 import NetworkPolicy
from pulumi_kubernetes.policy.v1 import PodDisruptionBudget
from pulumi_kubernetes.rbac.v1 import RoleBinding

from components import _certificates
from core import flags, kubeconfig, names, pki, profiles, versions
from core.errors import InvalidInputError
from core.manifests import agent, base_rbac, gateway, pods, tenant

_READY = {"pulumi.com/waitFor": "condition=Ready"}
_SKIP_AWAIT = {"pulumi.com/skipAwait": "true"}


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

    store: str
    """Name of the etcd pool that keeps the tenant's data. Fixed at creation."""

    etcd_url: pulumi.Input[str]
    """https URL of that pool."""

    etcd_ca_pem: pulumi.Input[str]
    """Authority of the pool, PEM."""

    etcd_ca_key_pem: pulumi.Input[str]
    """Key of that authority, PEM; secret. It signs the tenant's client certificate."""

    apiserver_image: str
    """Image reference of kube-apiserver. Changing it rolls the pods."""

    controller_manager_image: str
    """Image reference of kube-controller-manager. Changing it rolls the pods."""

    version: NotRequired[str]
    """Kubernetes version of both images. Default core.versions.DEFAULT_KUBERNETES."""

    profile: NotRequired[str]
    """Size: small, medium or large. Default small. Changing it rolls the pods."""

    replicas: NotRequired[int]
    """Pods, 1 to 3. Default 1. Changing it adds or removes pods."""

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

    certificate_expiry: pulumi.Output[str]
    """When the first of its leaf certificates ends, RFC 3339."""

    def __init__(
        self, name: str, args: TenantControlPlaneArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the tenant.

        Raises:
            InvalidInputError: an id, version, profile or number of replicas that can't be.
        """
        tenant_id = names.check_tenant_id(args["tenant"])
        thing = f"tenant {tenant_id}"
        version = versions.check_kubernetes(
            args.get("version", versions.DEFAULT_KUBERNETES), thing
        )
        profile = profiles.profile(args.get("profile", profiles.DEFAULT_PROFILE), thing)
        replicas = int(args.get("replicas", 1))
        if not 1 <= replicas <= 3:  # noqa: PLR2004
            raise InvalidInputError(thing, "replicas is not 1 to 3", replicas, "use 1, 2 or 3")
        super().__init__("tenantplane:index:TenantControlPlane", name, {}, opts)
        self._name, self._args, self._tenant = name, args, tenant_id
        self._child = pulumi.ResourceOptions(parent=self)
        self._timeout = {"pulumi.com/timeoutSeconds": str(int(args.get("timeout_seconds", 300)))}

        namespace = Namespace(
            f"{name}-ns",
            metadata={
                "name": names.namespace(tenant_id),
                "labels": tenant.namespace_labels(tenant_id),
            },
            opts=self._child,
        )
        self._namespace = namespace.metadata.name.apply(str)
        fence = self._fence(profile, replicas)
        self._declare_keys()
        route = self._route()
        mounted, keys_hash = self._mounted(version)
        store = self._store()
        deployment = Deployment(
            f"{name}-control-plane",
            metadata=self._meta(tenant.NAME, self._timeout),
            spec=tenant.deployment(
                tenant=tenant_id,
                version=version,
                replicas=replicas,
                profile=profile,
                apiserver_args=self._apiserver_args(profile, replicas),
                apiserver_image=args["apiserver_image"],
                controller_manager_image=args["controller_manager_image"],
                keys_hash=keys_hash,
            ),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*fence, *mounted, store]),
        )
        base = self._base_objects(version)
        self._publish(version, [deployment, base, route])

    def _meta(self, name: str, annotations: dict[str, Any] | None = None) -> dict[str, Any]:
        meta: dict[str, Any] = {
            "name": name,
            "namespace": self._namespace,
            "labels": names.tenant_labels(self._tenant),
        }
        return meta | {"annotations": annotations} if annotations else meta

    def _fence(self, profile: profiles.Profile, replicas: int) -> list[pulumi.Resource]:
        """What keeps the tenant's pods apart from everybody else's, before any pod starts."""
        name = self._name
        fence: list[pulumi.Resource] = [
            NetworkPolicy(
                f"{name}-deny-all",
                metadata=self._meta("deny-all"),
                spec=pods.DENY_ALL,
                opts=self._child,
            ),
            NetworkPolicy(
                f"{name}-policy",
                metadata=self._meta(tenant.NAME),
                spec=tenant.network_policy(
                    self._tenant, names.etcd_namespace(self._args["store"])
                ),
                opts=self._child,
            ),
            LimitRange(
                f"{name}-limits",
                metadata=self._meta("limits"),
                spec=tenant.limit_range(),
                opts=self._child,
            ),
            ResourceQuota(
                f"{name}-quota",
                metadata=self._meta("quota"),
                spec=tenant.resource_quota(profile, replicas),
                opts=self._child,
            ),
        ]
        if replicas > 1:
            fence.append(
                PodDisruptionBudget(
                    f"{name}-budget",
                    metadata=self._meta(tenant.NAME),
                    spec=tenant.pod_disruption_budget(self._tenant),
                    opts=self._child,
                )
            )
        return fence

    def _declare_keys(self) -> None:
        """The tenant's authority, its service account key and every leaf."""
        self._ca = _certificates.authority(
            f"{self._name}-ca", f"tenantplane tenant {self._tenant}", self._child
        )
        self._service_account = _certificates.private_key(
            f"{self._name}-service-account-key", self._child
        )
        self._leaves = {
            plan.name: _certificates.leaf(
                self._name,
                plan,
                ca_certificate_pem=self._ca.certificate_pem,
                ca_key_pem=self._ca.key_pem,
                opts=self._child,
            )
            for plan in pki.tenant_leaves(self._tenant, self._args["domain"])
        }
        self._store_leaf = _certificates.leaf(
            self._name,
            pki.store_client(self._tenant),
            ca_certificate_pem=self._args["etcd_ca_pem"],
            ca_key_pem=self._args["etcd_ca_key_pem"],
            opts=self._child,
        )

    def _mounted(self, version: str) -> tuple[list[pulumi.Resource], pulumi.Output[str]]:
        """What the pods and the agent mount, each its own keys; and a hash that rolls the pods."""
        server, manager = self._leaves["apiserver"], self._leaves["controller-manager"]
        signing_key = pulumi.Output.secret(self._service_account.private_key_pem)
        ca_pem = self._ca.certificate_pem
        files = tenant.config_files(version)
        resources: list[pulumi.Resource] = [
            self._secret(
                tenant.APISERVER_SECRET,
                {
                    "ca.crt": ca_pem,
                    "etcd-ca.crt": self._args["etcd_ca_pem"],
                    "etcd.crt": self._store_leaf.certificate_pem,
                    "etcd.key": self._store_leaf.key_pem,
                    "service-account.key": signing_key,
                    "service-account.pub": self._service_account.public_key_pem,
                    "tls.crt": server.certificate_pem,
                    "tls.key": server.key_pem,
                },
            ),
            self._secret(
                tenant.CONTROLLER_MANAGER_SECRET,
                {
                    "ca.crt": ca_pem,
                    "kubeconfig": self._kubeconfig(manager, "https://127.0.0.1:6443", None),
                    "service-account.key": signing_key,
                },
            ),
            ConfigMap(
                f"{self._name}-config",
                metadata=self._meta(tenant.CONFIG_MAP),
                data=files,
                opts=self._child,
            ),
        ]
        keys_hash = _certificates.fingerprint(
            ca_pem,
            self._store_leaf.certificate_pem,
            self._service_account.public_key_pem,
            server.certificate_pem,
            manager.certificate_pem,
            *(text for _, text in sorted(files.items())),
        )
        return resources, keys_hash

    def _secret(self, name: str, data: dict[str, pulumi.Input[str]]) -> Secret:
        return Secret(
            f"{self._name}-secret-{name}",
            metadata=self._meta(name),
            string_data=data,
            opts=self._child,
        )

    def _apiserver_args(
        self, profile: profiles.Profile, replicas: int
    ) -> pulumi.Output[list[str]]:
        def render(etcd_servers: str) -> list[str]:
            return flags.apiserver(
                tenant=self._tenant,
                domain=self._args["domain"],
                etcd_servers=etcd_servers,
                profile=profile,
                replicas=replicas,
            )

        return pulumi.Output.from_input(self._args["etcd_url"]).apply(render)

    def _store(self) -> CustomResource:
        """User, role and prefix in etcd, made by the agent; removing it removes the keys."""
        annotations = {
            **_READY,
            **self._timeout,
            f"{names.API_GROUP}/agent-namespace": self._args["agent_namespace"],
        }
        return CustomResource(
            f"{self._name}-store",
            api_version=names.API_VERSION,
            kind="EtcdTenant",
            metadata=self._meta(self._tenant, annotations),
            spec={"store": self._args["store"], "tenant": self._tenant},
            opts=self._child,
        )

    def _route(self) -> list[pulumi.Resource]:
        """The tenant's Service, and in the gateway's namespace what leads there by its name."""
        service = Service(
            f"{self._name}-service",
            metadata=self._meta(names.APISERVER, _SKIP_AWAIT),
            spec=tenant.service(self._tenant),
            opts=self._child,
        )
        meta = {
            "name": gateway.route_name(self._tenant),
            "namespace": self._args["gateway_namespace"],
            "labels": names.tenant_labels(self._tenant),
        }
        front = Service(
            f"{self._name}-route-service",
            metadata=meta | {"annotations": _SKIP_AWAIT},
            spec=gateway.route_service(),
            opts=self._child,
        )
        endpoints = EndpointSlice(
            f"{self._name}-route-endpoints",
            metadata=meta | {"labels": gateway.endpoint_slice_labels(self._tenant)},
            address_type="IPv4",
            endpoints=gateway.endpoints(service.spec.cluster_ip),
            ports=gateway.endpoint_ports(),
            opts=self._child,
        )
        route = CustomResource(
            f"{self._name}-route",
            api_version=gateway.API_VERSION,
            kind="TLSRoute",
            metadata=meta,
            spec=gateway.tls_route(
                self._tenant, self._args["domain"], gateway=self._args["gateway_name"]
            ),
            opts=self._child,
        )
        return [front, endpoints, route]

    def _base_objects(self, version: str) -> CustomResource:
        """What every tenant has inside from its first second: its users' roles, platform rules."""
        certificate = self._leaves["host-agent"]
        secret = self._secret(
            tenant.AGENT_SECRET,
            {
                "ca.crt": self._ca.certificate_pem,
                "tls.crt": certificate.certificate_pem,
                "tls.key": certificate.key_pem,
            },
        )
        binding = RoleBinding(
            f"{self._name}-agent-binding",
            metadata=self._meta("host-agent"),
            role_ref={
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": agent.TENANT_ROLE,
            },
            subjects=[
                {
                    "kind": "ServiceAccount",
                    "name": agent.NAME,
                    "namespace": self._args["agent_namespace"],
                }
            ],
            opts=self._child,
        )
        return CustomResource(
            f"{self._name}-base",
            api_version=names.API_VERSION,
            kind="TenantManifests",
            metadata=self._meta("base", {**_READY, **self._timeout}),
            spec={
                "tenant": self._tenant,
                "server": tenant.server(self._tenant),
                "credentialsSecret": tenant.AGENT_SECRET,
                "deletionPolicy": "Orphan",  # the whole tenant goes with them
                "adminRole": base_rbac.ADMIN_ROLE,
                "objects": base_rbac.base_objects(version),
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[secret, binding]),
        )

    def _kubeconfig(
        self, leaf: _certificates.Certificate, server: pulumi.Input[str], sni: str | None
    ) -> pulumi.Output[str]:
        def text(values: list[str]) -> str:
            return kubeconfig.build(*values, name=self._tenant, tls_server_name=sni)

        return pulumi.Output.secret(
            pulumi.Output.all(
                server, self._ca.certificate_pem, leaf.certificate_pem, leaf.key_pem
            ).apply(text)
        )

    def _publish(self, version: str, ready: list[object]) -> None:
        """Outputs that are known once the tenant answers."""
        public = bool(self._args.get("public_dns", False))
        name = names.public_name(self._tenant, self._args["domain"])
        host = pulumi.Output.from_input(name if public else self._args["gateway_address"])
        flat = [r for item in ready for r in (item if isinstance(item, list) else [item])]
        self.endpoint = pulumi.Output.all(
            host, self._args["gateway_port"], *(resource.id for resource in flat)
        ).apply(lambda values: f"https://{values[0]}:{values[1]}")
        sni = None if public else name
        self.kubeconfig = self._kubeconfig(self._leaves["admin"], self.endpoint, sni)
        self.admin_kubeconfig = self._kubeconfig(self._leaves["break-glass"], self.endpoint, sni)
        self.version = pulumi.Output.from_input(version)
        expiries = [leaf.expires for leaf in [*self._leaves.values(), self._store_leaf]]
        self.certificate_expiry = pulumi.Output.all(*expiries).apply(min)
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "version": self.version,
                "certificateExpiry": self.certificate_expiry,
                "kubeconfig": self.kubeconfig,
                "adminKubeconfig": self.admin_kubeconfig,
            }
        )
